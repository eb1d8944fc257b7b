//! The structure of a graph: names and edges.

use std::collections::HashMap;
use std::sync::Arc;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};

use super::id::StepName;
use super::record::{StepId, StepRecord};

/// A recorded graph with its edges and names looked up.
#[derive(Debug, Clone)]
pub struct Shape {
    steps: Arc<[StepRecord]>,
    graph: DiGraph<(), ()>,
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
    /// A step's data can't be written as JSON.
    #[error("the data of step {step:?} can't be recorded: {why}")]
    Data {
        /// The step.
        step: StepName,
        /// Why.
        why: String,
    },
}

impl Shape {
    /// Builds the structure of records, parents first. Linear in steps + edges.
    pub fn new(steps: Arc<[StepRecord]>) -> Result<Self, GraphError> {
        let parents: Vec<Vec<u32>> = steps.iter().map(StepRecord::parents).collect();
        let edges = parents.iter().map(Vec::len).sum();
        let mut graph = DiGraph::with_capacity(steps.len(), edges);
        let mut by_name = HashMap::with_capacity(steps.len());
        for (place, step) in (0_u32..).zip(steps.iter()) {
            if step.name.is_empty() {
                return Err(GraphError::EmptyName);
            }
            graph.add_node(());
            if by_name.insert(step.name.clone(), StepId(place)).is_some() {
                return Err(GraphError::DuplicateName(step.name.clone()));
            }
        }
        // The edge that was added last is met first: so in reverse, that parents
        // and children are met in the order in which they were added.
        for (place, step) in steps.iter().enumerate().rev() {
            for &parent in parents[place].iter().rev() {
                if parent as usize >= place {
                    return Err(GraphError::Order(step.name.clone()));
                }
                graph.add_edge(NodeIndex::new(parent as usize), NodeIndex::new(place), ());
            }
        }
        Ok(Self {
            steps,
            graph,
            by_name,
        })
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there is no step.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// All places, parents before children.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = StepId> + use<> {
        (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).map(StepId)
    }

    /// The records of all steps, in the order in which they were added.
    pub fn records(&self) -> &Arc<[StepRecord]> {
        &self.steps
    }

    /// The record of a step.
    pub fn record(&self, step: StepId) -> &StepRecord {
        &self.steps[step.index()]
    }

    /// The name of a step.
    pub fn name(&self, step: StepId) -> &StepName {
        &self.record(step).name
    }

    /// The step of a name.
    pub fn find(&self, name: &str) -> Option<StepId> {
        self.by_name.get(name).copied()
    }

    /// The steps that a step needs, in the order in which they were added.
    pub fn parents(&self, step: StepId) -> impl Iterator<Item = StepId> + '_ {
        self.neighbors(step, Direction::Incoming)
    }

    /// The steps that need a step, in the order in which they were added.
    pub fn children(&self, step: StepId) -> impl Iterator<Item = StepId> + '_ {
        self.neighbors(step, Direction::Outgoing)
    }

    fn neighbors(&self, step: StepId, side: Direction) -> impl Iterator<Item = StepId> + '_ {
        self.graph
            .neighbors_directed(NodeIndex::new(step.index()), side)
            .map(|node| StepId(u32::try_from(node.index()).unwrap_or(u32::MAX)))
    }
}
