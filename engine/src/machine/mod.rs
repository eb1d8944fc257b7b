//! The machine: what a run's history means and what comes next. Pure: no
//! async, no I/O, no clock. [`Machine::apply`] is the one function that says
//! which transitions are legal.

mod apply;
mod change;
mod decide;
mod hand;
mod possible;
mod ready;
mod refusal;
mod rollback;
mod state;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde_json::Value;

use crate::model::event::{Event, EventBody, OnFailure, RunCreated, SuspendReason};
use crate::model::{Effect, Fault, Outputs, RunId, Shape, StepId, StepName, Timestamp};

use ready::Ready;
pub use refusal::{HistoryError, IllegalEvent, Wanted};
use state::Direction;
pub use state::{Owner, Phase, Status, StepState};

/// A run, rebuilt from its history.
#[derive(Debug, Clone)]
pub struct Machine {
    run: RunId,
    created: Arc<RunCreated>,
    shape: Arc<Shape>,
    steps: Vec<StepState>,
    /// The steps that take something away for good.
    deletions: Vec<StepId>,
    ready: Ready,
    running: usize,
    retrying: usize,
    direction: Direction,
    /// The step and the fault that turned the run round or stopped it.
    blame: Option<(StepId, Fault)>,
    stop: Option<SuspendReason>,
    status: Status,
    next_seq: u32,
}

impl Machine {
    /// A run that begins: the machine and its first event.
    ///
    /// # Errors
    /// When the graph is not one.
    pub fn create(
        run: RunId,
        at: Timestamp,
        created: RunCreated,
    ) -> Result<(Self, Event), HistoryError> {
        let created = Arc::new(created);
        let machine = Self::begin(run, created.clone())?;
        let event = Event {
            run,
            seq: 0,
            at,
            body: EventBody::RunCreated(created),
        };
        Ok((machine, event))
    }

    /// Rebuilds a run from its history.
    ///
    /// # Errors
    /// When the history can't be right.
    pub fn replay(events: &[Event]) -> Result<Self, HistoryError> {
        let first = events.first().ok_or(HistoryError::Empty)?;
        let EventBody::RunCreated(created) = &first.body else {
            return Err(HistoryError::NoBeginning);
        };
        if first.seq != 0 {
            return Err(HistoryError::NoBeginning);
        }
        let mut machine = Self::begin(first.run, created.clone())?;
        for event in &events[1..] {
            machine.apply(event)?;
        }
        Ok(machine)
    }

    fn begin(run: RunId, created: Arc<RunCreated>) -> Result<Self, HistoryError> {
        let shape = Arc::new(Shape::new(created.steps.clone())?);
        let mut ready = Ready::new(&created);
        let mut deletions = Vec::new();
        let steps: Vec<StepState> = (shape.ids())
            .map(|id| StepState::new(shape.parents(id).count() as u32))
            .collect();
        for (id, step) in shape.ids().zip(&steps) {
            let record = shape.record(id);
            if step.phase == Phase::Ready {
                ready.insert(id, record);
            }
            if record.effect == Effect::Delete {
                deletions.push(id);
            }
        }
        Ok(Self {
            run,
            created,
            shape,
            steps,
            deletions,
            ready,
            running: 0,
            retrying: 0,
            direction: Direction::Forward {
                done: 0,
                failed: None,
            },
            blame: None,
            stop: None,
            status: Status::Running,
            next_seq: 1,
        })
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

    /// Whether the run is being rolled back.
    pub fn is_rolling_back(&self) -> bool {
        matches!(self.direction, Direction::Rollback { .. })
    }

    /// Whether the run is being rolled back, or will be once it is taken up,
    /// because a step failed for good.
    pub fn will_roll_back(&self) -> bool {
        self.is_rolling_back() || self.turning().is_some()
    }

    /// Whether a rollback from here would look for what a step made, and undo it.
    pub fn has_to_undo(&self, step: StepId) -> bool {
        self.needs_undo(step) && self.step(step).phase != Phase::Resolved
    }

    /// Whether an attempt at the step may still come: to run it or, where the run
    /// can be rolled back, to undo it.
    pub fn may_act(&self, step: StepId) -> bool {
        match self.step(step).phase {
            Phase::Resolved => false,
            Phase::Done => self.created.reversible && self.needs_undo(step),
            Phase::UndoWaiting(_) => self.needs_undo(step),
            _ => true,
        }
    }

    /// How a person wants what the run made to be undone: the workflow's
    /// options, or null.
    pub fn rollback_options(&self) -> &Value {
        match &self.direction {
            Direction::Rollback { options, .. } => options,
            Direction::Forward { .. } => &Value::Null,
        }
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
        if self.is_rolling_back() {
            return None;
        }
        let name = self.created.output.as_ref()?;
        self.steps[self.shape.find(name)?.index()].output.as_ref()
    }

    /// Makes an event of `body`, applies it and returns it for the journal.
    ///
    /// # Errors
    /// When it can't happen here; then nothing has changed.
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

    fn rolls_back(&self) -> bool {
        self.created.reversible
            && self.created.on_failure == OnFailure::Rollback
            && self.point_of_no_return().is_none()
    }

    fn make_ready(&mut self, step: StepId, phase: Phase) {
        self.steps[step.index()].phase = phase;
        self.ready.insert(step, self.shape.record(step));
    }

    /// Notes that an attempt at the step has ended.
    fn land(&mut self, step: StepId) {
        self.running -= 1;
        self.ready.end(self.shape.record(step));
    }
}

impl Outputs for Machine {
    fn output(&self, step: StepId) -> Option<&Value> {
        self.steps.get(step.index())?.output.as_ref()
    }
}
