//! The legal transitions.

use super::refusal::Wanted;
use super::{Direction, HistoryError, IllegalEvent, Machine, Owner, Phase, Status};
use crate::model::event::{End, Event, EventBody, Outcome, SuspendReason, Then, Verb};
use crate::model::{Effect, Fault, FaultClass, StepId, StepName, Timestamp};

impl Machine {
    /// Applies the next event of the history.
    ///
    /// # Errors
    /// When the event can't stand here; then nothing has changed.
    pub fn apply(&mut self, event: &Event) -> Result<(), HistoryError> {
        if event.seq != self.next_seq {
            return Err(HistoryError::Sequence {
                found: event.seq,
                expected: self.next_seq,
            });
        }
        let transition = if event.run == self.run {
            self.transition(&event.body, event.at)
        } else {
            Err(IllegalEvent::OtherRun)
        };
        transition.map_err(|why| HistoryError::Illegal {
            seq: event.seq,
            kind: event.body.kind(),
            why,
        })?;
        self.next_seq += 1;
        Ok(())
    }

    fn transition(&mut self, body: &EventBody, at: Timestamp) -> Result<(), IllegalEvent> {
        match body {
            EventBody::RunCreated(_) => Err(IllegalEvent::Exists),
            EventBody::RunResumed { .. } => self.resume(),
            EventBody::RollbackStarted(cause) => {
                self.may_turn(cause)?;
                self.start_rollback()
            }
            EventBody::RollbackOptionsGiven { options, .. } => self.give_options(options),
            EventBody::ParametersChanged(change) => self.change(change),
            EventBody::StepWaived { step, .. } => self.waive(step),
            EventBody::StepDone { step, outcome, .. } => self.done_by_hand(step, outcome),
            EventBody::StepRetried { step, .. } => self.retry(step),
            EventBody::AttemptStarted {
                step,
                attempt,
                verb,
            } => self.attempt_started(step, *attempt, *verb, at),
            EventBody::AttemptSucceeded {
                step,
                attempt,
                verb,
                outcome,
            } => self.attempt_succeeded(step, *attempt, *verb, outcome),
            EventBody::AttemptFailed {
                step,
                attempt,
                verb,
                fault,
                reached,
                in_doubt,
                then,
            } => {
                let id = self.under_way(step, *attempt, *verb)?;
                if *in_doubt {
                    self.may_doubt(id)?;
                }
                self.land(id);
                let state = &mut self.steps[id.index()];
                state.reached |= *reached;
                state.in_doubt = *in_doubt;
                state.fault = Some(Box::new(fault.clone()));
                // Whoever says "not yet" has answered: that is no failure.
                if fault.class != FaultClass::Pending {
                    state.failures += 1;
                }
                self.attempt_failed(id, *verb, fault, *then);
                Ok(())
            }
            EventBody::AttemptInterrupted {
                step,
                attempt,
                verb,
                reached,
            } => {
                let id = self.under_way(step, *attempt, *verb)?;
                self.land(id);
                // An effect that was cut short may have happened.
                let cut = *reached && !self.shape.record(id).effect.is_passive();
                let state = &mut self.steps[id.index()];
                state.reached |= cut;
                state.in_doubt |= cut;
                match verb {
                    Verb::Undo => self.make_ready(id, Phase::UndoReady),
                    Verb::Run if self.is_rolling_back() => self.landed_late(id),
                    Verb::Run => self.make_ready(id, Phase::Ready),
                }
                Ok(())
            }
            EventBody::RunSuspended(reason) => {
                self.must_run()?;
                self.may_suspend(reason)?;
                self.status = Status::Suspended(reason.clone());
                self.stop = None;
                Ok(())
            }
            EventBody::RunEnded(end) => self.ended(end),
        }
    }

    fn waive(&mut self, name: &StepName) -> Result<(), IllegalEvent> {
        self.must_run()?;
        let id = self.find(name)?;
        self.may_waive(id)?;
        if self.steps[id.index()].phase == Phase::UndoRetrying {
            self.retrying -= 1;
        }
        if let Direction::Rollback { waived, .. } = &mut self.direction {
            waived.insert(id);
        }
        self.ready.remove(id, self.shape.record(id));
        self.resolve(id);
        Ok(())
    }

    pub(super) fn must_run(&self) -> Result<(), IllegalEvent> {
        match &self.status {
            Status::Running => Ok(()),
            other => Err(IllegalEvent::Status(other.clone())),
        }
    }

    pub(super) fn find(&self, name: &StepName) -> Result<StepId, IllegalEvent> {
        let found = self.shape.find(name);
        found.ok_or_else(|| IllegalEvent::NoStep(name.clone()))
    }

    /// The step is in a phase in which this does not happen to it.
    pub(super) fn misplaced(&self, id: StepId, wanted: Wanted) -> IllegalEvent {
        IllegalEvent::Phase {
            step: self.shape.name(id).clone(),
            phase: self.step(id).phase,
            wanted,
        }
    }

    /// The step, if just this attempt is under way.
    fn under_way(&self, name: &StepName, attempt: u32, verb: Verb) -> Result<StepId, IllegalEvent> {
        self.must_run()?;
        let id = self.find(name)?;
        let step = self.step(id);
        let (phase, current) = match verb {
            Verb::Run => (Phase::Running, step.runs),
            Verb::Undo => (Phase::Undoing, step.undos),
        };
        if step.phase != phase {
            return Err(self.misplaced(id, Wanted::Land(verb)));
        }
        must_be(name, verb, attempt, current)?;
        Ok(id)
    }

    fn attempt_started(
        &mut self,
        name: &StepName,
        attempt: u32,
        verb: Verb,
        at: Timestamp,
    ) -> Result<(), IllegalEvent> {
        self.must_run()?;
        let id = self.find(name)?;
        self.may_start(id, verb)?;
        let step = self.step(id);
        let (ready, retrying, to, count) = match verb {
            Verb::Run => (Phase::Ready, Phase::Retrying, Phase::Running, step.runs),
            Verb::Undo => (
                Phase::UndoReady,
                Phase::UndoRetrying,
                Phase::Undoing,
                step.undos,
            ),
        };
        // That a pause is over is not in the history: the next start says so.
        let paused = step.phase == retrying;
        if !paused && step.phase != ready {
            return Err(self.misplaced(id, Wanted::Start(verb)));
        }
        must_be(name, verb, attempt, count + 1)?;
        let step = &mut self.steps[id.index()];
        match verb {
            Verb::Run => step.runs = attempt,
            Verb::Undo => step.undos = attempt,
        }
        step.phase = to;
        step.since.get_or_insert(at);
        self.ready.begin(id, self.shape.record(id));
        self.running += 1;
        if paused {
            self.retrying -= 1;
        }
        Ok(())
    }

    fn attempt_succeeded(
        &mut self,
        name: &StepName,
        attempt: u32,
        verb: Verb,
        outcome: &Outcome,
    ) -> Result<(), IllegalEvent> {
        let id = self.under_way(name, attempt, verb)?;
        let owner = match (verb, outcome) {
            (Verb::Run, Outcome::Made { .. } | Outcome::Ours { .. }) => Owner::Ours,
            (Verb::Run, Outcome::Theirs { .. }) | (Verb::Undo, Outcome::Kept { .. }) => {
                Owner::Theirs
            }
            (Verb::Undo, Outcome::Undone | Outcome::NothingToUndo) => Owner::Unknown,
            _ => return Err(IllegalEvent::Outcome(verb)),
        };
        self.land(id);
        let step = &mut self.steps[id.index()];
        step.owner = owner;
        step.in_doubt = false;
        step.failures = 0;
        step.since = None;
        if verb == Verb::Undo {
            self.resolve(id);
            return Ok(());
        }
        step.reached |= matches!(outcome, Outcome::Made { .. });
        step.output = outcome.output().cloned();
        if self.is_rolling_back() {
            self.landed_late(id);
        } else {
            self.complete(id);
        }
        Ok(())
    }

    /// A step's output is known: what waited for it alone may start.
    pub(super) fn complete(&mut self, id: StepId) {
        self.steps[id.index()].phase = Phase::Done;
        if let Direction::Forward { done, .. } = &mut self.direction {
            *done += 1;
        }
        let shape = self.shape.clone();
        for child in shape.children(id) {
            match &mut self.steps[child.index()].phase {
                Phase::Waiting(1) => self.make_ready(child, Phase::Ready),
                Phase::Waiting(parents) => *parents -= 1,
                _ => {}
            }
        }
    }

    fn attempt_failed(&mut self, id: StepId, verb: Verb, fault: &Fault, then: Then) {
        if verb == Verb::Run && self.is_rolling_back() {
            // It is undone in any case, so why it failed decides nothing.
            self.landed_late(id);
            return;
        }
        match then {
            Then::Retry { .. } => {}
            Then::GiveUp => {
                self.blame.get_or_insert_with(|| (id, fault.clone()));
            }
            Then::Suspend => {
                self.blame = Some((id, fault.clone()));
                self.stop = Some(SuspendReason::Operator {
                    step: self.shape.name(id).clone(),
                });
            }
        }
        let (retrying, given_up) = match verb {
            Verb::Run => (Phase::Retrying, Phase::Failed),
            Verb::Undo => (Phase::UndoRetrying, Phase::UndoFailed),
        };
        if then == Then::GiveUp {
            self.steps[id.index()].phase = given_up;
            if let Direction::Forward { failed, .. } = &mut self.direction {
                failed.get_or_insert(id);
            }
        } else {
            self.steps[id.index()].phase = retrying;
            self.retrying += 1;
        }
    }

    /// An attempt that was under way when the rollback began has ended.
    fn landed_late(&mut self, id: StepId) {
        self.steps[id.index()].since = None;
        // Its children had no attempt, so they are resolved.
        self.steps[id.index()].phase = Phase::UndoWaiting(0);
        self.settle(id);
    }

    fn start_rollback(&mut self) -> Result<(), IllegalEvent> {
        if !self.created.reversible {
            return Err(IllegalEvent::ForwardOnly);
        }
        if self.is_rolling_back() {
            return Err(IllegalEvent::Backward);
        }
        match &self.status {
            Status::Running | Status::Ended(End::Succeeded) => {}
            other => return Err(IllegalEvent::Status(other.clone())),
        }
        if let Some(step) = self.point_of_no_return() {
            let step = self.shape.name(step).clone();
            return Err(IllegalEvent::PointOfNoReturn(step));
        }
        self.status = Status::Running;
        self.turn_round();
        Ok(())
    }

    /// Takes up an unfinished run: what was under way is now in doubt.
    fn resume(&mut self) -> Result<(), IllegalEvent> {
        // A person has acted: patience begins anew. After a crash it goes on.
        let rested = match &self.status {
            Status::Ended(End::RolledBack { .. } | End::Abandoned { .. }) => {
                return Err(IllegalEvent::Status(self.status.clone()));
            }
            // A finished run is taken up only to be rolled back; nothing of it
            // is under way.
            Status::Ended(End::Succeeded) => return Ok(()),
            Status::Running => false,
            Status::Suspended(_) | Status::Ended(End::Stuck { .. }) => true,
        };
        self.status = Status::Running;
        self.stop = None;
        self.running = 0;
        self.retrying = 0;
        self.ready.clear();
        let back = self.is_rolling_back();
        let shape = self.shape.clone();
        // First, what was cut off: it may have been a deletion.
        for id in shape.ids() {
            let acts = !shape.record(id).effect.is_passive();
            let step = &mut self.steps[id.index()];
            step.failures = 0;
            if rested {
                step.since = None;
            }
            if matches!(step.phase, Phase::Running | Phase::Undoing) {
                step.in_doubt = acts;
                step.reached |= acts;
            }
            if step.phase == Phase::Running {
                step.phase = Phase::Ready;
                if back {
                    self.landed_late(id);
                }
            }
        }
        // A step failed for good, and the process ended before it could turn
        // the run round (or was suspended for another reason): it turns now.
        let turning = self.turning();
        if let Direction::Forward { failed, .. } = &mut self.direction {
            *failed = turning;
            self.blame = turning.and_then(|id| Some((id, *self.steps[id.index()].fault.clone()?)));
        }
        for id in shape.ids() {
            match self.steps[id.index()].phase {
                Phase::Ready | Phase::Retrying => self.make_ready(id, Phase::Ready),
                Phase::Failed if turning.is_none() => self.make_ready(id, Phase::Ready),
                Phase::UndoReady | Phase::Undoing | Phase::UndoRetrying | Phase::UndoFailed => {
                    self.make_ready(id, Phase::UndoReady);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn ended(&mut self, end: &End) -> Result<(), IllegalEvent> {
        match (end, &self.direction) {
            // Another run takes over; possible in any unfinished state.
            (End::Abandoned { .. }, _) => {
                if let Status::Ended(
                    End::Succeeded | End::RolledBack { .. } | End::Abandoned { .. },
                ) = self.status
                {
                    return Err(IllegalEvent::Status(self.status.clone()));
                }
            }
            (End::Succeeded, direction) => {
                self.must_run()?;
                match direction {
                    Direction::Forward { done, .. } if *done == self.steps.len() => {}
                    _ => return Err(IllegalEvent::NotDone),
                }
            }
            (End::RolledBack { waived: said }, direction) => {
                self.must_run()?;
                let Direction::Rollback {
                    resolved, waived, ..
                } = direction
                else {
                    return Err(IllegalEvent::NotResolved);
                };
                if *resolved != self.steps.len() {
                    return Err(IllegalEvent::NotResolved);
                }
                let names = waived.iter().map(|&id| self.shape.name(id));
                if self.is_recorded_whole() && !names.eq(said) {
                    return Err(IllegalEvent::OtherWaived);
                }
            }
            (End::Stuck { leftovers }, direction) => {
                self.must_run()?;
                match direction {
                    Direction::Rollback { resolved, .. }
                        if self.is_idle() && *resolved != self.steps.len() => {}
                    _ => return Err(IllegalEvent::NotStuck),
                }
                self.may_leave(leftovers)?;
            }
        }
        self.status = Status::Ended(end.clone());
        Ok(())
    }

    /// The step, if there is one, whose deletion was begun: what it took away no
    /// rollback brings back.
    pub fn point_of_no_return(&self) -> Option<StepId> {
        let begun = |&id: &StepId| {
            let step = self.step(id);
            debug_assert_eq!(self.shape.record(id).effect, Effect::Delete);
            step.phase == Phase::Running || step.in_doubt || step.owner == Owner::Ours
        };
        let mut deletions = self.deletions.iter().copied();
        deletions.find(begun).filter(|_| self.is_recorded_whole())
    }
}

/// Refuses another attempt than the one that is due.
fn must_be(step: &StepName, verb: Verb, found: u32, due: u32) -> Result<(), IllegalEvent> {
    if found == due {
        return Ok(());
    }
    Err(IllegalEvent::Attempt {
        step: step.clone(),
        verb,
        due,
        found,
    })
}
