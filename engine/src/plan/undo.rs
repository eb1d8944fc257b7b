//! The plan of a rollback: what would be undone and what stays.

use futures_util::StreamExt as _;
use serde::Serialize;

use super::{Change, Planner};
use crate::executor::RunError;
use crate::graph::{Claim, Program};
use crate::machine::{Machine, Owner};
use crate::model::event::Verb;
use crate::model::{Effect, Fault, StepId, StepName};
use crate::step::{Policy, retry};

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
    /// [`Change::Delete`], [`Change::Gone`], [`Change::Keep`] or, where it could
    /// not be looked at, [`Change::Unknown`].
    pub change: Change,
    /// Why it stays, if it does.
    #[serde(flatten)]
    pub stays: Option<Stays>,
    /// The ids of what it is about, where known.
    pub ids: Vec<String>,
    /// Why it could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

impl<C: Send + Sync + 'static> Planner<C> {
    /// Says what a rollback of the run would undo, in that order, and what it
    /// would leave. `waived` are the steps to be passed over.
    ///
    /// # Errors
    /// When a step is not understood. A look that fails is told with its step.
    pub async fn of_rollback(
        &self,
        machine: &Machine,
        waived: &[StepName],
    ) -> Result<Vec<PlannedUndo>, RunError> {
        let program = self.registry.program(machine)?;
        let shape = machine.shape();
        let concerned = shape.ids().rev().filter(|&id| {
            shape.record(id).effect == Effect::Create
                && (machine.step(id).owner == Owner::Theirs || machine.has_to_undo(id))
        });
        let looks = futures_util::stream::iter(concerned)
            .map(|id| self.undo_of(machine, &program, id, waived));
        let mut planned: Vec<_> = looks.buffered(self.at_once.max(1)).collect().await;
        // What one step found, another, of another kind, may have taken over and
        // takes away.
        let going: Vec<(String, String)> = (planned.iter())
            .filter(|step: &&PlannedUndo| step.change == Change::Delete)
            .flat_map(|step| step.ids.iter().map(|id| (step.kind.clone(), id.clone())))
            .collect();
        let goes = |step: &PlannedUndo| {
            let own = step.ids.first();
            (going.iter()).any(|(kind, id)| *kind != step.kind && Some(id) == own)
        };
        planned.retain(|step| step.stays != Some(Stays::Before) || !goes(step));
        Ok(planned)
    }

    async fn undo_of(
        &self,
        machine: &Machine,
        program: &Program<C>,
        id: StepId,
        waived: &[StepName],
    ) -> PlannedUndo {
        let record = machine.shape().record(id);
        let output = machine.step(id).output.as_ref();
        let known = output.zip(program.step(id));
        let mut step = PlannedUndo {
            name: record.name.clone(),
            kind: record.kind.clone(),
            change: Change::Keep,
            stays: None,
            ids: known.map_or_else(Vec::new, |(output, step)| step.ids(output)),
            fault: None,
        };
        if machine.step(id).owner == Owner::Theirs {
            step.stays = Some(Stays::Before);
        } else if waived.contains(&record.name) {
            step.stays = Some(Stays::Waived);
        } else {
            match self.claim(machine, program, id).await {
                Ok(Claim::Nothing) => step.change = Change::Gone,
                Ok(Claim::Kept(owner)) => {
                    step.stays = Some(owner.map_or(Stays::Before, Stays::Other));
                }
                Ok(Claim::Ours(ids)) => {
                    step.change = Change::Delete;
                    if !ids.is_empty() {
                        step.ids = ids;
                    }
                }
                Err(fault) => {
                    step.change = Change::Unknown;
                    step.fault = Some(fault);
                }
            }
        }
        step
    }

    async fn claim(
        &self,
        machine: &Machine,
        program: &Program<C>,
        id: StepId,
    ) -> Result<Claim<Vec<String>>, Fault> {
        let (erased, input) = program.attempted(machine, id)?;
        let output = machine.step(id).output.as_ref();
        let at = self.attempt(machine, id, Verb::Undo);
        let mut pauses = self.doubts.iter();
        loop {
            let claim = retry(Policy::default(), self.clock.as_ref(), async || {
                erased.claim(&at, input.clone(), output)?.await
            });
            let claim = claim.await?;
            match (&claim, pauses.next()) {
                (Claim::Nothing, Some(pause)) => self.clock.sleep(*pause).await,
                _ => return Ok(claim),
            }
        }
    }
}
