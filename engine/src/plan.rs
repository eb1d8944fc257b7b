//! The plan: a read-only walk over the graph by *check*.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde::Serialize;
use serde_json::Value;

use crate::clock::Clock;
use crate::event::Verb;
use crate::executor::Stop;
use crate::fault::Fault;
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

/// Walks the graph by *check* alone. A step whose parents do not exist yet is
/// not looked at: its place can't exist either, or can't be known.
pub async fn plan<C: Send + Sync + 'static>(
    graph: &Graph<C>,
    run: RunId,
    context: Arc<C>,
    clock: Arc<dyn Clock>,
) -> Result<Vec<PlannedStep>, Fault> {
    let shape = graph.shape();
    let mut known = Known(vec![None; shape.len()]);
    let mut planned = Vec::with_capacity(shape.len());
    for id in shape.ids() {
        let record = shape.record(id);
        let missing = shape
            .parents(id)
            .filter(|parent| known.output(*parent).is_none())
            .min();
        let mut step = PlannedStep {
            name: record.name.clone(),
            kind: record.kind.clone(),
            change: Change::Unknown,
            until: missing.map(|parent| shape.name(parent).clone()),
            ids: Vec::new(),
        };
        if missing.is_some() {
            step.change = match record.effect {
                Effect::Create => Change::Create,
                Effect::Delete => Change::Delete,
                Effect::Read | Effect::Wait => Change::Unknown,
            };
            planned.push(step);
            continue;
        }
        let erased = &graph.steps[id.index()];
        let at = Attempt {
            context: context.clone(),
            clock: clock.clone(),
            run,
            step: record.name.clone(),
            number: 1,
            verb: Verb::Run,
            in_doubt: false,
            acting: AtomicBool::new(false),
            progress: Arc::new(|_, _| {}),
            stop: Stop::never(),
        };
        let found = retry(Policy::default(), clock.as_ref(), async || {
            match erased.check(&at, &known) {
                Ok(check) => check.await,
                Err(fault) => Err(fault),
            }
        })
        .await?;
        let (change, output) = match (found, record.effect) {
            (Found::Nothing, Effect::Create) => (Change::Create, None),
            (Found::Nothing, Effect::Delete) => (Change::Delete, None),
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
            step.ids = erased.ids(&output);
            known.0[id.index()] = Some(output);
        }
        planned.push(step);
    }
    Ok(planned)
}
