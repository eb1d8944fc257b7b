//! The machine: what a run's history means and what comes next. Pure: no
//! async, no I/O, no clock. [`Machine::apply`] is the one function that says
//! which transitions are legal.

mod apply;
mod change;
mod hand;
mod possible;
mod rollback;
mod state;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use crate::clock::Timestamp;
use crate::event::{
    End, Event, EventBody, Leftover, OnFailure, RollbackCause, RunCreated, SuspendReason, Verb,
};
use crate::fault::Fault;
use crate::graph::{Outputs, Shape, StepId};
use crate::id::{RunId, StepName};

pub use state::{HistoryError, Owner, Phase, Status, StepState};

/// A run, rebuilt from its history.
#[derive(Debug, Clone)]
pub struct Machine {
    run: RunId,
    created: Arc<RunCreated>,
    shape: Arc<Shape>,
    steps: Vec<StepState>,
    ready: VecDeque<StepId>,
    running: usize,
    retrying: usize,
    done: usize,
    resolved: usize,
    backward: bool,
    failed: Option<StepId>,
    /// The fault that turned the run round or stopped it.
    blame: Option<(StepId, Fault)>,
    stop: Option<SuspendReason>,
    /// How a person wants what was made to be undone; null if nothing was said.
    rollback_options: Value,
    status: Status,
    next_seq: u32,
}

impl Machine {
    /// A run that begins: the machine and its first event.
    pub fn create(
        run: RunId,
        at: Timestamp,
        created: RunCreated,
    ) -> Result<(Self, Event), HistoryError> {
        let created = Arc::new(created);
        let shape = Arc::new(Shape::new(&created.steps)?);
        let event = Event {
            run,
            seq: 0,
            at,
            body: EventBody::RunCreated(Box::new(created.as_ref().clone())),
        };
        Ok((Self::begin(run, created, shape), event))
    }

    /// Rebuilds a run from its history.
    pub fn replay(events: &[Event]) -> Result<Self, HistoryError> {
        let first = events.first().ok_or(HistoryError::Empty)?;
        let EventBody::RunCreated(created) = &first.body else {
            return Err(HistoryError::NoBeginning);
        };
        if first.seq != 0 {
            return Err(HistoryError::NoBeginning);
        }
        let shape = Arc::new(Shape::new(&created.steps)?);
        let mut machine = Self::begin(first.run, Arc::new(created.as_ref().clone()), shape);
        for event in &events[1..] {
            machine.apply(event)?;
        }
        Ok(machine)
    }

    fn begin(run: RunId, created: Arc<RunCreated>, shape: Arc<Shape>) -> Self {
        let mut ready = VecDeque::new();
        let steps = shape
            .ids()
            .map(|id| {
                let waiting = shape.parents(id).count() as u32;
                if waiting == 0 {
                    ready.push_back(id);
                }
                StepState {
                    phase: if waiting == 0 {
                        Phase::Ready
                    } else {
                        Phase::Waiting
                    },
                    in_doubt: false,
                    owner: Owner::Unknown,
                    output: None,
                    runs: 0,
                    undos: 0,
                    failures: 0,
                    fault: None,
                    waiting,
                }
            })
            .collect();
        Self {
            run,
            created,
            shape,
            steps,
            ready,
            running: 0,
            retrying: 0,
            done: 0,
            resolved: 0,
            backward: false,
            failed: None,
            blame: None,
            stop: None,
            rollback_options: Value::Null,
            status: Status::Running,
            next_seq: 1,
        }
    }

    /// The run.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// What the run starts from: as it was created, or as it was changed since.
    pub fn created(&self) -> &RunCreated {
        &self.created
    }

    /// The graph's structure.
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// What is known of a step.
    pub fn step(&self, step: StepId) -> &StepState {
        &self.steps[step.index()]
    }

    /// Where the run stands.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Whether the run has turned round.
    pub fn is_backward(&self) -> bool {
        self.backward
    }

    /// Whether the run is being rolled back, or will be once it is taken up,
    /// because a step failed for good.
    pub fn goes_back(&self) -> bool {
        self.backward || self.turning().is_some()
    }

    /// Whether a rollback from here would look for what a step made, and undo it.
    pub fn has_to_undo(&self, step: StepId) -> bool {
        self.needs_undo(step) && self.step(step).phase != Phase::Resolved
    }

    /// How a person wants what the run made to be undone: the workflow's
    /// options, or null.
    pub fn rollback_options(&self) -> &Value {
        &self.rollback_options
    }

    /// Whether nothing new is to be started and waits are to be dropped.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_some()
    }

    /// How many attempts are under way.
    pub fn running(&self) -> usize {
        self.running
    }

    /// The step and the fault that turned the run round or stopped it.
    pub fn blame(&self) -> Option<(&StepName, &Fault)> {
        let (step, fault) = self.blame.as_ref()?;
        Some((self.shape.name(*step), fault))
    }

    /// The output of the run, once its step is done; none of a run that turned
    /// round, because what it stands for is being taken away.
    pub fn output(&self) -> Option<&Value> {
        if self.backward {
            return None;
        }
        let name = self.created.output.as_ref()?;
        self.steps[self.shape.find(name)?.index()].output.as_ref()
    }

    /// Makes an event of `body`, applies it and returns it for the journal.
    pub fn record(&mut self, at: Timestamp, body: EventBody) -> Result<Event, HistoryError> {
        let event = Event {
            run: self.run,
            seq: self.next_seq,
            at,
            body,
        };
        self.apply(&event)?;
        Ok(event)
    }

    /// Asks for a stop: nothing new starts; once nothing is under way, the run
    /// is suspended.
    pub fn request_stop(&mut self, reason: SuspendReason) {
        self.stop.get_or_insert(reason);
    }

    /// Says that a step's pause before its next attempt is over.
    pub fn retry_due(&mut self, step: StepId) {
        let phase = match self.steps[step.index()].phase {
            Phase::Retrying => Phase::Ready,
            Phase::UndoRetrying => Phase::UndoReady,
            _ => return,
        };
        self.retrying -= 1;
        self.make_ready(step, phase);
    }

    /// What is to be recorded next, and then carried out. Empty when the run
    /// waits for attempts or pauses to end, or is not running.
    ///
    /// Everything returned must be recorded before the next call. A machine
    /// that was replayed knows of no attempt or pause that is really under
    /// way, so [`EventBody::RunResumed`] has to be recorded before the first.
    ///
    /// Each call is linear in what it returns, so a whole run is linear in
    /// steps and edges.
    pub fn next_events(&mut self) -> Vec<EventBody> {
        if self.status != Status::Running {
            return Vec::new();
        }
        let turning = self.turning();
        let idle = self.is_idle();
        match (turning, self.stop.clone()) {
            // A stop that comes when nothing is left to be done stops nothing.
            (None, _) if idle => vec![self.end()],
            (_, Some(_)) if self.running > 0 => Vec::new(),
            (_, Some(reason)) => vec![EventBody::RunSuspended(reason)],
            (Some(step), None) => {
                let step = self.shape.name(step).clone();
                vec![EventBody::RollbackStarted(RollbackCause::Failed { step })]
            }
            (None, None) => self.starts(),
        }
    }

    fn rolls_back(&self) -> bool {
        self.created.reversible && self.created.on_failure == OnFailure::Rollback
    }

    fn has_ready(&mut self) -> bool {
        while let Some(&front) = self.ready.front() {
            match self.steps[front.index()].phase {
                Phase::Ready | Phase::UndoReady => return true,
                _ => self.ready.pop_front(),
            };
        }
        false
    }

    fn starts(&mut self) -> Vec<EventBody> {
        let room = self.room().saturating_sub(self.running);
        let mut starts = Vec::with_capacity(room.min(self.ready.len()));
        while starts.len() < room {
            let Some(id) = self.ready.pop_front() else {
                break;
            };
            let step = &self.steps[id.index()];
            let (attempt, verb) = match step.phase {
                Phase::Ready => (step.runs + 1, Verb::Run),
                Phase::UndoReady => (step.undos + 1, Verb::Undo),
                _ => continue,
            };
            starts.push(EventBody::AttemptStarted {
                step: self.shape.name(id).clone(),
                attempt,
                verb,
            });
        }
        starts
    }

    fn end(&self) -> EventBody {
        if !self.backward {
            return match self.failed {
                None => EventBody::RunEnded(End::Succeeded),
                Some(step) => EventBody::RunSuspended(SuspendReason::Failed {
                    step: self.shape.name(step).clone(),
                }),
            };
        }
        if self.resolved == self.steps.len() {
            return EventBody::RunEnded(End::RolledBack);
        }
        let leftovers = self
            .left()
            .map(|id| Leftover {
                step: self.shape.name(id).clone(),
                ids: Vec::new(),
                why: match &self.step(id).fault {
                    Some(fault) if self.step(id).phase == Phase::UndoFailed => fault.to_string(),
                    _ => "something that depends on it is left".to_owned(),
                },
            })
            .collect();
        EventBody::RunEnded(End::Stuck { leftovers })
    }

    fn make_ready(&mut self, step: StepId, phase: Phase) {
        self.steps[step.index()].phase = phase;
        self.ready.push_back(step);
    }
}

impl Outputs for Machine {
    fn output(&self, step: StepId) -> Option<&Value> {
        self.steps.get(step.index())?.output.as_ref()
    }
}
