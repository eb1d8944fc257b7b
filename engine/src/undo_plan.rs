//! The plan of a rollback: what would be undone and what stays, by looks alone.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::clock::Clock;
use crate::event::Verb;
use crate::fault::Fault;
use crate::graph::{Graph, StepId};
use crate::id::StepName;
use crate::machine::{Machine, Owner};
use crate::plan::Change;
use crate::retry::{Policy, retry};
use crate::step::{Attempt, Claim, Effect};

/// Why a rollback leaves something where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", content = "owner", rename_all = "snake_case")]
pub enum Stays {
    /// It was there before the run.
    Before,
    /// It is another's by now, with a few words on whose.
    Other(String),
    /// A person says that it is to be passed over.
    Waived,
}

/// One step of the plan of a rollback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedUndo {
    /// The step.
    pub name: StepName,
    /// What kind of step it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// [`Change::Delete`], [`Change::Gone`] or [`Change::Keep`].
    pub change: Change,
    /// Why it stays, if it does.
    #[serde(flatten)]
    pub stays: Option<Stays>,
    /// The ids of what it is about, where known.
    pub ids: Vec<String>,
}

/// Says what a rollback of the run would undo, in that order, and what it would
/// leave. `waived` are the steps to be passed over. Nothing is changed. What is not
/// found is looked for again after each of the pauses in `doubts`: a single look
/// may miss what is young.
pub async fn plan_rollback<C: Send + Sync + 'static>(
    graph: &Graph<C>,
    machine: &Machine,
    waived: &[StepName],
    context: Arc<C>,
    clock: Arc<dyn Clock>,
    doubts: &[Duration],
) -> Result<Vec<PlannedUndo>, Fault> {
    let shape = machine.shape();
    let mut planned = Vec::new();
    for id in shape.ids().rev() {
        let record = shape.record(id);
        if record.effect != Effect::Create {
            continue;
        }
        let mut step = PlannedUndo {
            name: record.name.clone(),
            kind: record.kind.clone(),
            change: Change::Keep,
            stays: None,
            ids: recorded_ids(graph, machine, id),
        };
        if machine.step(id).owner == Owner::Theirs {
            step.stays = Some(Stays::Before);
        } else if !machine.has_to_undo(id) {
            continue;
        } else if waived.contains(&record.name) {
            step.stays = Some(Stays::Waived);
        } else {
            let (context, clock) = (context.clone(), clock.clone());
            let run = machine.run();
            let at = Attempt::of_plan(context, clock.clone(), run, record.name.clone(), Verb::Undo);
            let erased = &graph.steps[id.index()];
            let output = machine.step(id).output.as_ref();
            let mut pauses = doubts.iter();
            let claim = loop {
                let claim = retry(Policy::default(), clock.as_ref(), async || {
                    erased.claim(&at, machine, output)?.await
                });
                let claim = claim.await?;
                match (&claim, pauses.next()) {
                    (Claim::Nothing, Some(pause)) => clock.sleep(*pause).await,
                    _ => break claim,
                }
            };
            match claim {
                Claim::Nothing => step.change = Change::Gone,
                Claim::Kept(owner) => {
                    step.stays = Some(owner.map_or(Stays::Before, Stays::Other));
                }
                Claim::Ours(ids) => {
                    step.change = Change::Delete;
                    step.ids = ids;
                }
            }
        }
        planned.push(step);
    }
    // What one step found, another, of another kind, may have taken over and
    // takes away.
    let going: Vec<(String, String)> = (planned.iter())
        .filter(|step| step.change == Change::Delete)
        .flat_map(|step| step.ids.iter().map(|id| (step.kind.clone(), id.clone())))
        .collect();
    let goes = |step: &PlannedUndo| {
        let own = step.ids.first();
        (going.iter()).any(|(kind, id)| *kind != step.kind && Some(id) == own)
    };
    planned.retain(|step| step.stays != Some(Stays::Before) || !goes(step));
    Ok(planned)
}

fn recorded_ids<C: Send + Sync + 'static>(
    graph: &Graph<C>,
    machine: &Machine,
    id: StepId,
) -> Vec<String> {
    let output = machine.step(id).output.as_ref();
    output.map_or_else(Vec::new, |output| graph.steps[id.index()].ids(output))
}
