//! Puts a graph together.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::de::DeserializeOwned;

use super::needs::{Needs, Precedes};
use crate::model::{GraphError, Outputs, Shape, StepId, StepName, StepRecord, Wiring};
use crate::step::Step;

/// A step's output, promised. Naming it among another step's needs is the edge.
pub struct Handle<T> {
    pub(super) step: StepId,
    pub(super) builder: u64,
    output: PhantomData<fn() -> T>,
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Handle<T> {}

impl<T: DeserializeOwned> Handle<T> {
    /// The step's output among those of a run that was started with this graph,
    /// for example of a [`Machine`](crate::Machine); none while it is not known.
    ///
    /// # Errors
    /// When the recorded output is no `T`.
    pub fn output(&self, outputs: &dyn Outputs) -> Option<Result<T, serde_json::Error>> {
        outputs.output(self.step).map(T::deserialize)
    }
}

/// What a run is to do, as plain data: what the history records of it is all
/// that is needed to carry it out, together with a [`Registry`](super::Registry)
/// of the kinds of its steps.
#[derive(Debug, Clone)]
pub struct Graph {
    shape: Arc<Shape>,
    output: Option<StepName>,
}

impl Graph {
    /// Starts an empty graph of steps that work on `C`.
    pub fn builder<C: Send + Sync + 'static>() -> GraphBuilder<C> {
        GraphBuilder::new()
    }

    /// The steps with their edges.
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// The steps as the journal records them.
    pub fn records(&self) -> &Arc<[StepRecord]> {
        self.shape.records()
    }

    /// The step whose output is the run's.
    pub fn output(&self) -> Option<&StepName> {
        self.output.as_ref()
    }
}

/// Puts a graph together. Because a handle exists only for a step that was
/// added before, a cycle can't be written down.
pub struct GraphBuilder<C> {
    id: u64,
    records: Vec<StepRecord>,
    output: Option<StepId>,
    error: Option<GraphError>,
    context: PhantomData<fn(&C)>,
}

impl<C: Send + Sync + 'static> Default for GraphBuilder<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Send + Sync + 'static> GraphBuilder<C> {
    /// An empty graph.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            records: Vec::new(),
            output: None,
            error: None,
            context: PhantomData,
        }
    }

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
        let id = StepId(u32::try_from(self.records.len()).unwrap_or(u32::MAX));
        let mut foreign = false;
        let mut place = |step: StepId, builder: u64| {
            foreign |= builder != self.id;
            step.0
        };
        let mut input = needs.wiring(&mut place);
        let mut after: Vec<u32> = after
            .iter()
            .map(|handle| {
                let (step, builder) = handle.place();
                place(step, builder)
            })
            .collect();
        after.sort_unstable();
        after.dedup();
        if foreign {
            let error = GraphError::ForeignHandle(name.clone());
            self.error.get_or_insert(error);
            (input, after) = (Wiring::Nothing, Vec::new());
        }
        let data = serde_json::to_value(&step).unwrap_or_else(|error| {
            let (step, why) = (name.clone(), error.to_string());
            self.error.get_or_insert(GraphError::Data { step, why });
            serde_json::Value::Null
        });
        self.records.push(StepRecord {
            name,
            kind: S::KIND.to_owned(),
            effect: S::EFFECT,
            limit: step.limit().map(str::to_owned),
            data,
            input,
            after,
        });
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
    ///
    /// # Errors
    /// When two steps share a name or one has none, a handle is another graph's,
    /// or a step's data can't be written as JSON.
    pub fn finish(self) -> Result<Graph, GraphError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let shape = Shape::new(self.records.into())?;
        let output = self.output.map(|step| shape.name(step).clone());
        Ok(Graph {
            shape: Arc::new(shape),
            output,
        })
    }
}
