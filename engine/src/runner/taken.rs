//! A run of the store: as it is looked at, and as it is taken up.

use super::{Runner, RunnerError};
use crate::executor::{ParameterChange, Report, RollbackRequest};
use crate::machine::Machine;
use crate::model::event::{End, EventBody};
use crate::model::{Event, StepName};
use crate::plan::{PlannedStep, PlannedUndo};
use crate::store::Guard;

/// A run whose history is whole and understood.
pub struct RecordedRun<'a, C> {
    pub(super) runner: &'a Runner<C>,
    /// What has happened so far.
    pub events: Vec<Event>,
    /// The run as its history has it.
    pub machine: Machine,
}

impl<C: Send + Sync + 'static> RecordedRun<'_, C> {
    /// What the run would do, if it were carried on now.
    ///
    /// # Errors
    /// When a step is not understood.
    pub async fn plan(&self) -> Result<Vec<PlannedStep>, RunnerError> {
        Ok(self.runner.planner().of_resume(&self.machine).await?)
    }

    /// What a rollback would undo, in that order, and what it would leave.
    /// `waived` are the steps to be passed over.
    ///
    /// # Errors
    /// When a step is not understood.
    pub async fn plan_rollback(
        &self,
        waived: &[StepName],
    ) -> Result<Vec<PlannedUndo>, RunnerError> {
        let planner = self.runner.planner();
        Ok(planner.of_rollback(&self.machine, waived).await?)
    }
}

/// A run whose locks are held, so that it can be carried on.
pub struct TakenUp<'a, C> {
    /// The run as its history has it.
    pub recorded: RecordedRun<'a, C>,
    pub(super) _locks: [Guard; 2],
}

impl<C: Send + Sync + 'static> TakenUp<'_, C> {
    /// Carries the run on from where its history ends. One that has succeeded is
    /// left as it is.
    ///
    /// # Errors
    /// When it can't be carried.
    pub async fn resume(self) -> Result<Report, RunnerError> {
        let RecordedRun { runner, events, .. } = &self.recorded;
        let by = runner.actor.clone();
        Ok(runner.executor.resume(events, by).await?)
    }

    /// The same with other parameters.
    ///
    /// # Errors
    /// When the change is not possible, or the run can't be carried.
    pub async fn resume_changed(self, change: ParameterChange) -> Result<Report, RunnerError> {
        let RecordedRun { runner, events, .. } = &self.recorded;
        let by = runner.actor.clone();
        let changed = runner.executor.resume_changed(events, by, change);
        Ok(changed.await?)
    }

    /// Undoes what the run made.
    ///
    /// # Errors
    /// When it can't be undone, or carried.
    pub async fn rollback(self, request: RollbackRequest) -> Result<Report, RunnerError> {
        let RecordedRun { runner, events, .. } = &self.recorded;
        let by = runner.actor.clone();
        Ok(runner.executor.rollback(events, by, request).await?)
    }

    /// Gives up the run: what it made stays, and is another's business.
    ///
    /// # Errors
    /// When the run has ended, or the store fails.
    pub async fn abandon(mut self, reason: &str) -> Result<(), RunnerError> {
        let runner = self.recorded.runner;
        let end = End::Abandoned {
            by: runner.actor.clone(),
            reason: reason.to_owned(),
        };
        let now = runner.executor.clock.now();
        let event = self
            .recorded
            .machine
            .record(now, EventBody::RunEnded(end))?;
        Ok(runner.store.append(vec![event]).await?)
    }
}
