//! The executor: the small async loop around the machine. Ask the machine,
//! append, carry out, append, tell observers.

mod drive;
mod hand;
mod slot;

use std::sync::Arc;

use serde_json::Value;

use crate::clock::{Clock, TokioClock};
use crate::control::{Lease, NoLease, Requests, Stop};
use crate::graph::{Graph, NotUnderstood, Program, Registry, Unsupported};
use crate::journal::{Journal, JournalError};
use crate::machine::{HistoryError, Machine, Status};
use crate::model::event::{
    Actor, End, Event, EventBody, ParametersChanged, RollbackCause, RunCreated, StepChange,
};
use crate::model::{Fault, GRAPH_VERSION, RunId, StepName};
use crate::observer::{NoObserver, Observer};
use drive::Drive;
pub use hand::{DoneByHand, Word, WordError, retry_by_hand};

/// Why a run could not go on. What is in the journal stays resumable.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal failed; nothing was started after that.
    #[error("the history could not be recorded, so the run was stopped")]
    Journal(#[from] JournalError),
    /// The history contradicts itself.
    #[error("the run's history is not valid")]
    History(#[from] HistoryError),
    /// A step may not be waived as things are; nothing was recorded.
    #[error("step {step:?} can't be waived")]
    Waiver {
        /// The step.
        step: StepName,
        /// Why not.
        #[source]
        source: HistoryError,
    },
    /// The run may not be rolled back as things are; nothing was recorded.
    #[error("the run can't be rolled back")]
    Rollback(#[source] HistoryError),
    /// The parameters may not be changed as things are; nothing was recorded.
    #[error("the run's parameters can't be changed")]
    Change(#[source] HistoryError),
    /// The program does not understand the run; nothing was recorded.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
}

/// How a run stands when the executor lets go of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The run.
    pub run: RunId,
    /// Suspended or ended.
    pub status: Status,
    /// The run's output, once known.
    pub output: Option<Value>,
    /// The fault that stopped it or turned it round, with its step.
    pub fault: Option<(StepName, Fault)>,
}

/// A person's word that a rollback is to pass over a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The step.
    pub step: StepName,
    /// Why.
    pub reason: String,
}

/// What a person asks of a rollback.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RollbackRequest {
    /// The steps that it is to pass over.
    pub waivers: Vec<Waiver>,
    /// The workflow's options for what is undone, see
    /// [`Attempt::rollback_options`](crate::Attempt::rollback_options). None to
    /// leave those that were given before.
    pub options: Option<Value>,
}

/// Other parameters for a run that is resumed.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterChange {
    /// The workflow's parameters from now on.
    pub parameters: Value,
    /// What steps are to do from now on.
    pub changes: Vec<StepChange>,
    /// What changed and why, in a few words.
    pub reason: String,
}

/// What the executor works with: everything but the run.
pub struct Executor<C> {
    /// The kinds of steps.
    pub registry: Arc<Registry<C>>,
    /// What the steps work on.
    pub context: Arc<C>,
    /// The store of events.
    pub journal: Arc<dyn Journal>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Who hears of it.
    pub observer: Arc<dyn Observer>,
    /// How it may be stopped.
    pub stop: Stop,
    /// Whether it may begin anything.
    pub lease: Arc<dyn Lease>,
    /// What persons ask of it meanwhile.
    pub requests: Requests,
}

impl<C: Send + Sync + 'static> Executor<C> {
    /// One in real time that nobody hears of, and that nothing stops.
    pub fn new(registry: Arc<Registry<C>>, context: Arc<C>, journal: Arc<dyn Journal>) -> Self {
        Self {
            registry,
            context,
            journal,
            clock: Arc::new(TokioClock::at_speed(1.0)),
            observer: Arc::new(NoObserver),
            stop: Stop::never(),
            lease: Arc::new(NoLease),
            requests: Requests::none(),
        }
    }

    /// Starts a run and carries it through. The graph's part of `created` is set
    /// from the graph.
    ///
    /// # Errors
    /// When a kind of step is not in the registry, or the history can't be
    /// recorded.
    pub async fn start(
        &self,
        run: RunId,
        mut created: RunCreated,
        graph: &Graph,
    ) -> Result<Report, RunError> {
        created.graph_version = GRAPH_VERSION;
        created.steps = graph.records().clone();
        created.output = graph.output().cloned();
        let (machine, event) = Machine::create(run, self.clock.now(), created)?;
        let program = self.registry.program(&machine)?;
        self.carry(machine, program, vec![event]).await
    }

    /// Takes up a run where its history ends. One that has succeeded is left as
    /// it is, and nothing is recorded: it would count as unfinished again.
    ///
    /// # Errors
    /// When the history is not valid, holds what this program does not
    /// understand, or can't be recorded.
    pub async fn resume(&self, events: &[Event], by: Actor) -> Result<Report, RunError> {
        self.resume_from(Machine::replay(events)?, by).await
    }

    pub(crate) async fn resume_from(
        &self,
        mut machine: Machine,
        by: Actor,
    ) -> Result<Report, RunError> {
        if *machine.status() == Status::Ended(End::Succeeded) {
            return Ok(Report::of(&machine));
        }
        let program = self.registry.program(&machine)?;
        let event = machine.record(self.clock.now(), EventBody::RunResumed { by })?;
        self.carry(machine, program, vec![event]).await
    }

    /// Takes up a run with other parameters. Only steps that have made nothing
    /// may differ.
    ///
    /// # Errors
    /// As [`resume`](Self::resume), and when the change is not possible.
    pub async fn resume_changed(
        &self,
        events: &[Event],
        by: Actor,
        change: ParameterChange,
    ) -> Result<Report, RunError> {
        let machine = Machine::replay(events)?;
        self.resume_changed_from(machine, by, change).await
    }

    pub(crate) async fn resume_changed_from(
        &self,
        mut machine: Machine,
        by: Actor,
        change: ParameterChange,
    ) -> Result<Report, RunError> {
        let now = self.clock.now();
        let mut program = self.registry.program(&machine)?;
        let resumed = machine.record(now, EventBody::RunResumed { by: by.clone() })?;
        let changed = EventBody::ParametersChanged(Box::new(ParametersChanged {
            by,
            reason: change.reason,
            parameters: change.parameters,
            changes: change.changes.clone(),
        }));
        let changed = machine.record(now, changed).map_err(RunError::Change)?;
        let mut not_understood: Vec<NotUnderstood> = Vec::new();
        for StepChange { step, .. } in &change.changes {
            let Some(id) = machine.shape().find(step) else {
                continue;
            };
            match self.registry.read(machine.shape().record(id)) {
                Ok(step) => program.replace(id, step),
                Err(why) => not_understood.push(why),
            }
        }
        if !not_understood.is_empty() {
            return Err(Unsupported::Steps(not_understood).into());
        }
        self.carry(machine, program, vec![resumed, changed]).await
    }

    /// Takes up a run to undo what it made, but for steps that a person waives.
    /// One that is rolled back already is left as it is.
    ///
    /// # Errors
    /// As [`resume`](Self::resume), when the run can't be rolled back, and when a
    /// step can't be waived.
    pub async fn rollback(
        &self,
        events: &[Event],
        by: Actor,
        request: RollbackRequest,
    ) -> Result<Report, RunError> {
        let machine = Machine::replay(events)?;
        self.rollback_from(machine, by, request).await
    }

    pub(crate) async fn rollback_from(
        &self,
        mut machine: Machine,
        by: Actor,
        request: RollbackRequest,
    ) -> Result<Report, RunError> {
        if let Status::Ended(End::RolledBack { .. }) = machine.status() {
            return Ok(Report::of(&machine));
        }
        let program = self.registry.program(&machine)?;
        let now = self.clock.now();
        let resumed = machine.record(now, EventBody::RunResumed { by: by.clone() });
        let mut begin = vec![resumed.map_err(RunError::Rollback)?];
        if !machine.is_rolling_back() {
            let cause = RollbackCause::Requested { by: by.clone() };
            let turned = machine.record(now, EventBody::RollbackStarted(cause));
            begin.push(turned.map_err(RunError::Rollback)?);
        }
        if let Some(options) = request.options {
            let by = by.clone();
            let given = EventBody::RollbackOptionsGiven { by, options };
            begin.push(machine.record(now, given)?);
        }
        for Waiver { step, reason } in request.waivers {
            let by = by.clone();
            let name = step.clone();
            let waived = machine.record(now, EventBody::StepWaived { step, by, reason });
            begin.push(waived.map_err(|source| RunError::Waiver { step: name, source })?);
        }
        self.carry(machine, program, begin).await
    }

    async fn carry(
        &self,
        machine: Machine,
        program: Program<C>,
        begin: Vec<Event>,
    ) -> Result<Report, RunError> {
        Drive::new(self, program, machine, begin).work().await
    }
}

impl Report {
    pub(crate) fn of(machine: &Machine) -> Self {
        Self {
            run: machine.run(),
            status: machine.status().clone(),
            output: machine.output().cloned(),
            fault: (machine.blame()).map(|(step, fault)| (step.clone(), fault.clone())),
        }
    }
}
