//! Graphs: steps and edges, known before anything runs. Edges come from typed
//! handles, so that an edge can't contradict the data that flows along it.

mod needs;

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::StepName;
use crate::step::{BoundStep, Effect, ErasedStep, Step};

pub use needs::{InputError, Needs, Outputs, Precedes};

/// A step's place in its graph: the order in which it was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub(crate) u32);

impl StepId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A step's output, promised. Naming it among another step's needs is the edge.
pub struct Handle<T> {
    step: StepId,
    builder: u64,
    output: PhantomData<fn() -> T>,
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

/// A step as the journal records it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its name, unique in the graph.
    pub name: StepName,
    /// What kind of step it is, for example `create-vpc`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it does to the world.
    pub effect: Effect,
    /// The places of its parents in the list of steps, each smaller than its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<u32>,
    /// A short hash of its data, to tell which step differs when a graph does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// The pure structure of a graph: names and edges without behaviour.
#[derive(Debug, Clone)]
pub struct Shape {
    graph: DiGraph<StepRecord, ()>,
    by_name: HashMap<StepName, StepId>,
}

/// Why a graph is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two steps share a name.
    #[error("two steps are named {0:?}")]
    DuplicateName(StepName),
    /// A step has an empty name.
    #[error("a step has no name")]
    EmptyName,
    /// A handle was made by another graph.
    #[error("step {0:?} needs the output of a step in another graph")]
    ForeignHandle(StepName),
    /// The run's output is declared by a handle of another graph.
    #[error("the run's output is that of a step in another graph")]
    ForeignOutput,
    /// A step needs one that does not come before it.
    #[error("step {0:?} needs a step that does not come before it")]
    Order(StepName),
}

impl Shape {
    /// Builds the structure from records, parents first. Linear in steps + edges.
    pub fn new(steps: &[StepRecord]) -> Result<Self, GraphError> {
        let edges = steps.iter().map(|step| step.needs.len()).sum();
        let mut graph = DiGraph::with_capacity(steps.len(), edges);
        let mut by_name = HashMap::with_capacity(steps.len());
        for (place, step) in (0_u32..).zip(steps) {
            if step.name.is_empty() {
                return Err(GraphError::EmptyName);
            }
            let node = graph.add_node(step.clone());
            if by_name.insert(step.name.clone(), StepId(place)).is_some() {
                return Err(GraphError::DuplicateName(step.name.clone()));
            }
            for &parent in &step.needs {
                if parent >= place {
                    return Err(GraphError::Order(step.name.clone()));
                }
                graph.add_edge(NodeIndex::new(parent as usize), node, ());
            }
        }
        Ok(Self { graph, by_name })
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All places, parents before children.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = StepId> + use<> {
        (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).map(StepId)
    }

    /// The record of a step.
    pub fn record(&self, step: StepId) -> &StepRecord {
        &self.graph[NodeIndex::new(step.index())]
    }

    /// The name of a step.
    pub fn name(&self, step: StepId) -> &StepName {
        &self.record(step).name
    }

    /// The step of a name.
    pub fn find(&self, name: &str) -> Option<StepId> {
        self.by_name.get(name).copied()
    }

    /// The steps that a step needs.
    pub fn parents(&self, step: StepId) -> impl Iterator<Item = StepId> + '_ {
        self.neighbors(step, Direction::Incoming)
    }

    /// The steps that need a step.
    pub fn children(&self, step: StepId) -> impl Iterator<Item = StepId> + '_ {
        self.neighbors(step, Direction::Outgoing)
    }

    fn neighbors(&self, step: StepId, side: Direction) -> impl Iterator<Item = StepId> + '_ {
        self.graph
            .neighbors_directed(NodeIndex::new(step.index()), side)
            .map(|node| StepId(u32::try_from(node.index()).unwrap_or(u32::MAX)))
    }
}

/// Steps with their edges and behaviour, ready to be run over a context `C`.
pub struct Graph<C> {
    pub(crate) shape: Arc<Shape>,
    pub(crate) steps: Vec<Arc<dyn ErasedStep<C>>>,
    records: Vec<StepRecord>,
    output: Option<StepId>,
    fingerprint: String,
}

impl<C: Send + Sync + 'static> Graph<C> {
    /// Starts an empty graph.
    pub fn builder() -> GraphBuilder<C> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        GraphBuilder {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            steps: Vec::new(),
            records: Vec::new(),
            hash: Sha256::new(),
            output: None,
            error: None,
        }
    }

    /// The structure.
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// The steps as the journal records them.
    pub fn records(&self) -> &[StepRecord] {
        &self.records
    }

    /// The step whose output is the run's.
    pub fn output(&self) -> Option<&StepName> {
        self.output.map(|step| self.shape.name(step))
    }

    /// A hash over names, edges and step data: equal for graphs that do the same.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// Puts a graph together. Because a handle exists only for a step that was
/// added before, a cycle can't be written down.
pub struct GraphBuilder<C> {
    id: u64,
    steps: Vec<Arc<dyn ErasedStep<C>>>,
    records: Vec<StepRecord>,
    hash: Sha256,
    output: Option<StepId>,
    error: Option<GraphError>,
}

impl<C: Send + Sync + 'static> GraphBuilder<C> {
    /// Adds a step that takes the given needs as its input.
    pub fn add<S, N>(&mut self, name: impl Into<StepName>, step: S, needs: N) -> Handle<S::Output>
    where
        S: Step<Context = C>,
        N: Needs<Value = S::Input>,
    {
        self.add_after(name, step, needs, &[])
    }

    /// Adds a step that also has to wait for steps whose output it does not use.
    pub fn add_after<S, N>(
        &mut self,
        name: impl Into<StepName>,
        step: S,
        needs: N,
        after: &[&dyn Precedes],
    ) -> Handle<S::Output>
    where
        S: Step<Context = C>,
        N: Needs<Value = S::Input>,
    {
        let name = name.into();
        let id = StepId(u32::try_from(self.steps.len()).unwrap_or(u32::MAX));
        let mut parents = Vec::new();
        let mut foreign = false;
        let mut visit = |step: StepId, builder: u64| {
            foreign |= builder != self.id;
            parents.push(step.0);
        };
        needs.visit(&mut visit);
        for handle in after {
            let (step, builder) = handle.place();
            visit(step, builder);
        }
        if foreign {
            self.error
                .get_or_insert(GraphError::ForeignHandle(name.clone()));
            parents.clear();
        }
        let step = BoundStep { step, needs };
        // Hashed as written down, before sorting: which input a parent's
        // output goes to matters too.
        let data = ErasedStep::data(&step);
        let effect = S::EFFECT.to_string();
        for part in [&*name, S::KIND, &effect, &data] {
            self.hash.update((part.len() as u64).to_le_bytes());
            self.hash.update(part);
        }
        self.hash.update((parents.len() as u64).to_le_bytes());
        for parent in &parents {
            self.hash.update(parent.to_le_bytes());
        }
        parents.sort_unstable();
        parents.dedup();
        self.records.push(StepRecord {
            name,
            kind: S::KIND.to_owned(),
            effect: S::EFFECT,
            needs: parents,
            digest: hex(&Sha256::digest(&data)[..8]),
        });
        self.steps.push(Arc::new(step));
        Handle {
            step: id,
            builder: self.id,
            output: PhantomData,
        }
    }

    /// Declares whose output is the run's.
    pub fn output<T>(&mut self, handle: Handle<T>) {
        if handle.builder != self.id {
            self.error.get_or_insert(GraphError::ForeignOutput);
        }
        self.output = Some(handle.step);
    }

    /// Checks names and handles and closes the graph.
    pub fn finish(self) -> Result<Graph<C>, GraphError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let shape = Shape::new(&self.records)?;
        let fingerprint = hex(&self.hash.finalize());
        Ok(Graph {
            shape: Arc::new(shape),
            steps: self.steps,
            records: self.records,
            output: self.output,
            fingerprint,
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
