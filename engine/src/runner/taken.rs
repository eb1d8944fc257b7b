//! Runs that are held: about to begin, looked at, taken up.

use std::sync::Arc;

use serde_json::Value;

use super::{Runner, RunnerError};
use crate::executor::{ParameterChange, Report, RollbackRequest};
use crate::graph::Graph;
use crate::machine::Machine;
use crate::model::event::{Actor, End, EventBody, RunCreated};
use crate::model::{Event, RunId, StepName};
use crate::plan::{PlannedStep, PlannedUndo};
use crate::store::Guard;

/// The lock of a target. A clone holds the same lock, which is free once the last
/// one is dropped.
#[derive(Clone)]
pub struct TargetLock {
    pub(super) account: Value,
    pub(super) target: String,
    pub(super) _guard: Arc<Guard>,
}

impl TargetLock {
    /// The account that the target belongs to.
    pub fn account(&self) -> &Value {
        &self.account
    }

    /// The target.
    pub fn target(&self) -> &str {
        &self.target
    }
}

/// The lock of a run: only who has it may write the run's history.
pub struct RunLock {
    pub(super) run: RunId,
    pub(super) _guard: Guard,
}

impl RunLock {
    /// The run.
    pub fn run(&self) -> RunId {
        self.run
    }
}

/// A run that is about to begin; its locks are held, and nothing is recorded yet.
pub struct Begun {
    pub(super) created: RunCreated,
    pub(super) run: RunLock,
    pub(super) _target: TargetLock,
}

impl Begun {
    /// The run.
    pub fn run(&self) -> RunId {
        self.run.run
    }

    /// What it starts from, but for its graph.
    pub fn created(&self) -> &RunCreated {
        &self.created
    }

    /// Records the run with its graph, and carries it through. The runner may be
    /// another than the one that began it: with an observer of this run, for
    /// example.
    ///
    /// # Errors
    /// When a kind of step is not known, or the run can't be carried.
    pub async fn carry<C: Send + Sync + 'static>(
        self,
        runner: &Runner<C>,
        graph: &Graph,
    ) -> Result<Report, RunnerError> {
        let started = (runner.executor).start(self.run.run, self.created.clone(), graph);
        Ok(started.await?)
    }
}

/// A run whose history is whole and understood.
pub struct RecordedRun {
    /// What has happened so far.
    pub events: Vec<Event>,
    /// The run as its history has it.
    pub machine: Machine,
}

impl RecordedRun {
    /// What the run would do, if it were carried on now.
    ///
    /// # Errors
    /// When a step is not understood.
    pub async fn plan<C: Send + Sync + 'static>(
        &self,
        runner: &Runner<C>,
    ) -> Result<Vec<PlannedStep>, RunnerError> {
        Ok(runner.planner().of_resume(&self.machine).await?)
    }

    /// What a rollback would undo, in that order, and what it would leave.
    /// `waived` are the steps to be passed over.
    ///
    /// # Errors
    /// When a step is not understood.
    pub async fn plan_rollback<C: Send + Sync + 'static>(
        &self,
        runner: &Runner<C>,
        waived: &[StepName],
    ) -> Result<Vec<PlannedUndo>, RunnerError> {
        let planner = runner.planner();
        Ok(planner.of_rollback(&self.machine, waived).await?)
    }
}

/// A run whose locks are held, so that it can be carried on. The runner that
/// carries it may be another than the one that took it up.
pub struct TakenUp {
    /// The run as its history has it.
    pub recorded: RecordedRun,
    /// Who took it up.
    pub by: Actor,
    pub(super) _run: RunLock,
    pub(super) _target: TargetLock,
}

impl TakenUp {
    /// Carries the run on from where its history ends. One that has succeeded is
    /// left as it is.
    ///
    /// # Errors
    /// When it can't be carried.
    pub async fn resume<C: Send + Sync + 'static>(
        self,
        runner: &Runner<C>,
    ) -> Result<Report, RunnerError> {
        let resumed = (runner.executor).resume_from(self.recorded.machine, self.by);
        Ok(resumed.await?)
    }

    /// The same with other parameters.
    ///
    /// # Errors
    /// When the change is not possible, or the run can't be carried.
    pub async fn resume_changed<C: Send + Sync + 'static>(
        self,
        runner: &Runner<C>,
        change: ParameterChange,
    ) -> Result<Report, RunnerError> {
        let Self { recorded, by, .. } = self;
        let changed = (runner.executor).resume_changed_from(recorded.machine, by, change);
        Ok(changed.await?)
    }

    /// Undoes what the run made.
    ///
    /// # Errors
    /// When it can't be undone, or carried.
    pub async fn rollback<C: Send + Sync + 'static>(
        self,
        runner: &Runner<C>,
        request: RollbackRequest,
    ) -> Result<Report, RunnerError> {
        let Self { recorded, by, .. } = self;
        let undone = (runner.executor).rollback_from(recorded.machine, by, request);
        Ok(undone.await?)
    }

    /// Gives up the run: what it made stays, and is another's business.
    ///
    /// # Errors
    /// When the run has ended, or the store fails.
    pub async fn abandon<C: Send + Sync + 'static>(
        mut self,
        runner: &Runner<C>,
        reason: &str,
    ) -> Result<(), RunnerError> {
        let end = End::Abandoned {
            by: self.by.clone(),
            reason: reason.to_owned(),
        };
        let now = runner.executor.clock.now();
        let event = (self.recorded.machine).record(now, EventBody::RunEnded(end))?;
        Ok(runner.store.append(vec![event]).await?)
    }
}
