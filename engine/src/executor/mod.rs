//! The executor: the small async loop around the machine. Ask the machine,
//! append, carry out, append, tell observers.

mod control;
mod drive;
mod hand;

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use crate::clock::Clock;
use crate::event::{Actor, End, Event, EventBody, ParametersChanged, RollbackCause, RunCreated};
use crate::fault::Fault;
use crate::graph::Graph;
use crate::id::{RunId, StepName};
use crate::journal::{Journal, JournalError};
use crate::machine::{HistoryError, Machine, Status};
use crate::observer::Observer;
pub use control::{Lease, NoLease, Requests, RetryRequest, Stop, Stopper, stop_channel};
use drive::Drive;
pub use hand::{DoneByHand, Word, WordError};

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
    /// The parameters may not be changed as things are; nothing was recorded.
    #[error("the run's parameters can't be changed")]
    Change(#[source] HistoryError),
    /// The graph built from the stored parameters is not the one that was run.
    #[error("the workflow's graph is not the one this run was started with")]
    Fingerprint {
        /// What differs, a line each.
        differences: Vec<String>,
    },
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
    /// What changed and why, in a few words.
    pub reason: String,
}

/// What the executor works with.
#[derive(Clone)]
pub struct Executor {
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

impl Executor {
    /// Starts a run and carries it through. The `steps`, `fingerprint` and
    /// `output` of `created` are set from the graph.
    pub async fn start<C: Send + Sync + 'static>(
        &self,
        run: RunId,
        mut created: RunCreated,
        graph: &Graph<C>,
        context: Arc<C>,
    ) -> Result<Report, RunError> {
        created.steps = graph.records().to_vec();
        created.fingerprint = graph.fingerprint().to_owned();
        created.output = graph.output().cloned();
        let (machine, event) = Machine::create(run, self.clock.now(), created)?;
        self.drive(machine, graph, context, vec![event]).await
    }

    /// Takes up a run where its history ends. One that has succeeded is left as
    /// it is, and nothing is recorded: it would count as unfinished again.
    pub async fn resume<C: Send + Sync + 'static>(
        &self,
        events: &[Event],
        by: Actor,
        graph: &Graph<C>,
        context: Arc<C>,
    ) -> Result<Report, RunError> {
        let mut machine = self.replay(events, graph)?;
        if *machine.status() == Status::Ended(End::Succeeded) {
            return self.drive(machine, graph, context, Vec::new()).await;
        }
        let event = machine.record(self.clock.now(), EventBody::RunResumed { by })?;
        self.drive(machine, graph, context, vec![event]).await
    }

    /// Takes up a run with other parameters; `graph` is the one that follows
    /// from them. Only steps that have made nothing may differ.
    pub async fn resume_changed<C: Send + Sync + 'static>(
        &self,
        events: &[Event],
        by: Actor,
        change: ParameterChange,
        graph: &Graph<C>,
        context: Arc<C>,
    ) -> Result<Report, RunError> {
        let mut machine = Machine::replay(events)?;
        let now = self.clock.now();
        let resumed = machine.record(now, EventBody::RunResumed { by: by.clone() })?;
        let changed = EventBody::ParametersChanged(Box::new(ParametersChanged {
            by,
            reason: change.reason,
            parameters: change.parameters,
            fingerprint: graph.fingerprint().to_owned(),
            steps: graph.records().to_vec(),
        }));
        let changed = machine.record(now, changed).map_err(RunError::Change)?;
        self.drive(machine, graph, context, vec![resumed, changed])
            .await
    }

    /// Takes up a run to undo what it made, but for steps that a person waives.
    pub async fn rollback<C: Send + Sync + 'static>(
        &self,
        events: &[Event],
        by: Actor,
        request: RollbackRequest,
        graph: &Graph<C>,
        context: Arc<C>,
    ) -> Result<Report, RunError> {
        let mut machine = self.replay(events, graph)?;
        let now = self.clock.now();
        let mut begin = vec![machine.record(now, EventBody::RunResumed { by: by.clone() })?];
        if !machine.is_backward() {
            let cause = RollbackCause::Requested { by: by.clone() };
            begin.push(machine.record(now, EventBody::RollbackStarted(cause))?);
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
        self.drive(machine, graph, context, begin).await
    }

    fn replay<C: Send + Sync + 'static>(
        &self,
        events: &[Event],
        graph: &Graph<C>,
    ) -> Result<Machine, RunError> {
        let machine = Machine::replay(events)?;
        if machine.created().fingerprint != graph.fingerprint() {
            return Err(RunError::Fingerprint {
                differences: differences(machine.created(), graph),
            });
        }
        Ok(machine)
    }

    async fn drive<C: Send + Sync + 'static>(
        &self,
        machine: Machine,
        graph: &Graph<C>,
        context: Arc<C>,
        begin: Vec<Event>,
    ) -> Result<Report, RunError> {
        Drive::new(self, graph, context, machine, begin)
            .work()
            .await
    }
}

/// Says what differs between a recorded graph and a built one.
fn differences<C: Send + Sync + 'static>(created: &RunCreated, graph: &Graph<C>) -> Vec<String> {
    let mut lines = Vec::new();
    let shape = graph.shape();
    for then in &created.steps {
        let Some(now) = shape.find(&then.name).map(|id| shape.record(id)) else {
            lines.push(format!("step {:?} is no longer there", then.name));
            continue;
        };
        // By name: places shift where a step comes or goes.
        let needed = then
            .needs
            .iter()
            .map(|&at| &created.steps[at as usize].name);
        let needs = now
            .needs
            .iter()
            .map(|&at| &graph.records()[at as usize].name);
        if now.kind != then.kind || now.effect != then.effect {
            lines.push(format!("step {:?} is another", then.name));
        } else if needed.collect::<HashSet<_>>() != needs.collect::<HashSet<_>>() {
            lines.push(format!("step {:?} needs other steps", then.name));
        } else if now.digest != then.digest {
            lines.push(format!("step {:?} has other data", then.name));
        }
    }
    let known: HashSet<_> = created.steps.iter().map(|step| &step.name).collect();
    for now in graph.records() {
        if !known.contains(&now.name) {
            lines.push(format!("step {:?} is new", now.name));
        }
    }
    if lines.is_empty() {
        lines.push("the same steps take their inputs in another order".to_owned());
    }
    lines
}
