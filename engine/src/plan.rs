//! The plan: a read-only walk over the graph by *check*.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::clock::Clock;
use crate::event::Verb;
use crate::fault::{Fault, FaultClass};
use crate::graph::{Graph, Outputs, StepId};
use crate::id::{RunId, StepName};
use crate::retry::{Policy, retry};
use crate::step::{Attempt, Effect, Found};

/// What carrying out a step would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It would be made.
    Create,
    /// It is there, by this run.
    Keep,
    /// It is there, by somebody else, and would be used as it is.
    Adopt,
    /// It would be taken away.
    Delete,
    /// It is gone already.
    Gone,
    /// It would be looked up or waited for.
    Read,
    /// Depends on something that does not exist yet.
    Unknown,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedStep {
    /// The step.
    pub name: StepName,
    /// What kind of step it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// What carrying it out would mean.
    pub change: Change,
    /// For [`Change::Unknown`] and steps that depend on what is to be made:
    /// the step that has to be done first.
    pub until: Option<StepName>,
    /// The ids of what is there.
    pub ids: Vec<String>,
}

struct Known(Vec<Option<Value>>);

impl Outputs for Known {
    fn output(&self, step: StepId) -> Option<&Value> {
        self.0.get(step.index())?.as_ref()
    }
}

/// Walks the graph by *check* alone. A step that needs the output of one that
/// does not exist yet is not looked at: its place can't exist either, or can't
/// be known. One that merely comes after such a step is looked at: it may be
/// there all the same.
///
/// A single look may miss what is young. As long as something is to be made, all
/// that was not found is looked for again, after each of the pauses in `doubts`.
pub async fn plan<C: Send + Sync + 'static>(
    graph: &Graph<C>,
    run: RunId,
    context: Arc<C>,
    clock: Arc<dyn Clock>,
    doubts: &[Duration],
) -> Result<Vec<PlannedStep>, Fault> {
    let mut walk = Walk {
        graph,
        run,
        context,
        clock,
        known: Known(vec![None; graph.shape().len()]),
        planned: Vec::new(),
    };
    walk.go().await?;
    for pause in doubts {
        if !(walk.planned.iter()).any(|step| step.change == Change::Create) {
            break;
        }
        walk.clock.sleep(*pause).await;
        walk.go().await?;
    }
    Ok(walk.planned)
}

struct Walk<'a, C> {
    graph: &'a Graph<C>,
    run: RunId,
    context: Arc<C>,
    clock: Arc<dyn Clock>,
    /// The outputs of the steps whose place was found.
    known: Known,
    /// What the last walk found.
    planned: Vec<PlannedStep>,
}

impl<C: Send + Sync + 'static> Walk<'_, C> {
    /// Goes over all steps; what an earlier walk found is not looked at again.
    async fn go(&mut self) -> Result<(), Fault> {
        let before = std::mem::take(&mut self.planned);
        let mut before = before.into_iter();
        for id in self.graph.shape().ids() {
            let step = match before.next() {
                Some(step) if self.known.output(id).is_some() => step,
                _ => self.look(id).await?,
            };
            self.planned.push(step);
        }
        Ok(())
    }

    async fn look(&mut self, id: StepId) -> Result<PlannedStep, Fault> {
        let shape = self.graph.shape();
        let record = shape.record(id);
        let missing = shape
            .parents(id)
            .filter(|parent| self.known.output(*parent).is_none())
            .min();
        let mut step = PlannedStep {
            name: record.name.clone(),
            kind: record.kind.clone(),
            change: Change::Unknown,
            until: missing.map(|parent| shape.name(parent).clone()),
            ids: Vec::new(),
        };
        let erased = &self.graph.steps[id.index()];
        let (context, clock) = (self.context.clone(), self.clock.clone());
        let at = Attempt::of_plan(context, clock, self.run, record.name.clone(), Verb::Run);
        let found = if erased.is_ready(&self.known) {
            retry(
                Policy::default(),
                self.clock.as_ref(),
                async || match erased.check(&at, &self.known) {
                    Ok(check) => settled(check.await),
                    Err(fault) => Err(fault),
                },
            )
            .await?
        } else {
            Found::Nothing
        };
        let (change, output) = match (found, record.effect) {
            (Found::Nothing, Effect::Create) => (Change::Create, None),
            (Found::Nothing, Effect::Delete) => (Change::Delete, None),
            (Found::Nothing, Effect::Read | Effect::Wait) if missing.is_some() => {
                (Change::Unknown, None)
            }
            (Found::Nothing, Effect::Read | Effect::Wait) => (Change::Read, None),
            // What changes nothing leaves nothing to keep or to adopt.
            (Found::Ours(output) | Found::Theirs(output), Effect::Read | Effect::Wait) => {
                (Change::Read, Some(output))
            }
            (Found::Ours(output) | Found::Theirs(output), Effect::Delete) => {
                (Change::Gone, Some(output))
            }
            (Found::Ours(output), _) => (Change::Keep, Some(output)),
            (Found::Theirs(output), _) => (Change::Adopt, Some(output)),
        };
        step.change = change;
        if let Some(output) = output {
            step.until = None;
            step.ids = erased.ids(&output);
            self.known.0[id.index()] = Some(output);
        }
        Ok(step)
    }
}

/// What is on its way out is not there to be used: the step waits for it to go,
/// and the plan does not.
fn settled<T>(found: Result<Found<T>, Fault>) -> Result<Found<T>, Fault> {
    match found {
        Err(fault) if fault.class == FaultClass::Pending => Ok(Found::Nothing),
        found => found,
    }
}
