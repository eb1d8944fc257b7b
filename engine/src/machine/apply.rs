//! The legal transitions.

use super::{Event, EventBody, HistoryError, Machine, Owner, Phase, Status, StepId};
use crate::event::{End, Outcome, SuspendReason, Then, Verb};
use crate::fault::{Fault, FaultClass};
use crate::id::StepName;

impl Machine {
    /// Applies the next event of the history, or says why it can't be.
    pub fn apply(&mut self, event: &Event) -> Result<(), HistoryError> {
        if event.seq != self.next_seq {
            return Err(HistoryError::Sequence {
                found: event.seq,
                expected: self.next_seq,
            });
        }
        let transition = if event.run == self.run {
            self.transition(&event.body)
        } else {
            Err("it belongs to another run".to_owned())
        };
        transition.map_err(|why| HistoryError::Illegal {
            seq: event.seq,
            kind: event.body.kind(),
            why,
        })?;
        self.next_seq += 1;
        Ok(())
    }

    fn transition(&mut self, body: &EventBody) -> Result<(), String> {
        match body {
            EventBody::RunCreated(_) => Err("the run exists already".to_owned()),
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
            } => self.attempt_started(step, *attempt, *verb),
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
                in_doubt,
                then,
            } => {
                let id = self.under_way(step, *attempt, *verb)?;
                if *in_doubt {
                    self.may_doubt(id)?;
                }
                let state = &mut self.steps[id.index()];
                state.in_doubt = *in_doubt;
                state.fault = Some(fault.clone());
                // Whoever says "not yet" has answered: that is no failure.
                if fault.class != FaultClass::Pending {
                    state.failures += 1;
                }
                self.running -= 1;
                self.attempt_failed(id, *verb, fault, *then);
                Ok(())
            }
            EventBody::AttemptInterrupted {
                step,
                attempt,
                verb,
            } => {
                let id = self.under_way(step, *attempt, *verb)?;
                self.running -= 1;
                // An effect that was cut short may have happened.
                let passive = self.shape.record(id).effect.is_passive();
                self.steps[id.index()].in_doubt |= !passive;
                match verb {
                    Verb::Undo => self.make_ready(id, Phase::UndoReady),
                    Verb::Run if self.backward => self.landed_late(id),
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

    fn waive(&mut self, name: &StepName) -> Result<(), String> {
        self.must_run()?;
        let id = self.find(name)?;
        self.may_waive(id)?;
        if self.steps[id.index()].phase == Phase::UndoRetrying {
            self.retrying -= 1;
        }
        self.resolve(id);
        Ok(())
    }

    pub(super) fn must_run(&self) -> Result<(), String> {
        match self.status {
            Status::Running => Ok(()),
            Status::Suspended(_) => Err("the run is suspended".to_owned()),
            Status::Ended(_) => Err("the run has ended".to_owned()),
        }
    }

    pub(super) fn find(&self, name: &StepName) -> Result<StepId, String> {
        self.shape
            .find(name)
            .ok_or_else(|| format!("the graph has no step {name:?}"))
    }

    /// The step, if just this attempt is under way.
    fn under_way(&self, name: &StepName, attempt: u32, verb: Verb) -> Result<StepId, String> {
        self.must_run()?;
        let id = self.find(name)?;
        let step = &self.steps[id.index()];
        let (phase, current) = match verb {
            Verb::Run => (Phase::Running, step.runs),
            Verb::Undo => (Phase::Undoing, step.undos),
        };
        if step.phase == phase && current == attempt {
            Ok(id)
        } else {
            Err(format!(
                "attempt {attempt} to {verb} step {name:?} is not under way"
            ))
        }
    }

    fn attempt_started(&mut self, name: &StepName, attempt: u32, verb: Verb) -> Result<(), String> {
        self.must_run()?;
        self.may_start(verb)?;
        let id = self.find(name)?;
        let step = &mut self.steps[id.index()];
        let (ready, retrying, to, counter) = match verb {
            Verb::Run => (
                Phase::Ready,
                Phase::Retrying,
                Phase::Running,
                &mut step.runs,
            ),
            Verb::Undo => (
                Phase::UndoReady,
                Phase::UndoRetrying,
                Phase::Undoing,
                &mut step.undos,
            ),
        };
        // That a pause is over is not in the history: the next start says so.
        let paused = step.phase == retrying;
        if !paused && step.phase != ready {
            return Err(format!("step {name:?} is not ready to {verb}"));
        }
        if attempt != *counter + 1 {
            return Err(format!("attempt {} is due, not {attempt}", *counter + 1));
        }
        *counter = attempt;
        step.phase = to;
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
    ) -> Result<(), String> {
        let id = self.under_way(name, attempt, verb)?;
        let owner = match (verb, outcome) {
            (Verb::Run, Outcome::Made { .. } | Outcome::Ours { .. }) => Owner::Ours,
            (Verb::Run, Outcome::Theirs { .. }) | (Verb::Undo, Outcome::Kept { .. }) => {
                Owner::Theirs
            }
            (Verb::Undo, Outcome::Undone | Outcome::NothingToUndo) => Owner::Unknown,
            _ => return Err(format!("this is no outcome of {verb}")),
        };
        self.running -= 1;
        let step = &mut self.steps[id.index()];
        step.owner = owner;
        step.in_doubt = false;
        step.failures = 0;
        if verb == Verb::Undo {
            self.resolve(id);
            return Ok(());
        }
        step.output = outcome.output().cloned();
        if self.backward {
            self.landed_late(id);
        } else {
            self.complete(id);
        }
        Ok(())
    }

    /// A step's output is known: what waited for it alone may start.
    pub(super) fn complete(&mut self, id: StepId) {
        self.steps[id.index()].phase = Phase::Done;
        self.done += 1;
        let shape = self.shape.clone();
        for child in shape.children(id) {
            let step = &mut self.steps[child.index()];
            step.waiting -= 1;
            if step.waiting == 0 && step.phase == Phase::Waiting {
                self.make_ready(child, Phase::Ready);
            }
        }
    }

    fn attempt_failed(&mut self, id: StepId, verb: Verb, fault: &Fault, then: Then) {
        if verb == Verb::Run && self.backward {
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
        let (retrying, failed) = match verb {
            Verb::Run => (Phase::Retrying, Phase::Failed),
            Verb::Undo => (Phase::UndoRetrying, Phase::UndoFailed),
        };
        if then == Then::GiveUp {
            self.steps[id.index()].phase = failed;
            if verb == Verb::Run {
                self.failed.get_or_insert(id);
            }
        } else {
            self.steps[id.index()].phase = retrying;
            self.retrying += 1;
        }
    }

    /// An attempt that was under way when the run turned round has ended.
    fn landed_late(&mut self, id: StepId) {
        self.steps[id.index()].phase = Phase::UndoWaiting;
        self.settle(id);
    }

    fn start_rollback(&mut self) -> Result<(), String> {
        if !self.created.reversible {
            return Err("the workflow only goes forward".to_owned());
        }
        if self.backward {
            return Err("the run is on its way back already".to_owned());
        }
        match self.status {
            Status::Running | Status::Ended(End::Succeeded) => {}
            Status::Suspended(_) => return Err("the run is suspended".to_owned()),
            Status::Ended(_) => return Err("the run has ended".to_owned()),
        }
        self.status = Status::Running;
        self.turn_round();
        Ok(())
    }

    /// Takes up an unfinished run: what was under way is now in doubt.
    fn resume(&mut self) -> Result<(), String> {
        match &self.status {
            Status::Ended(End::RolledBack | End::Abandoned { .. }) => {
                return Err("the run has ended".to_owned());
            }
            // A finished run is taken up only to be rolled back; nothing of it
            // is under way.
            Status::Ended(End::Succeeded) => return Ok(()),
            Status::Running | Status::Suspended(_) | Status::Ended(End::Stuck { .. }) => {}
        }
        self.status = Status::Running;
        self.stop = None;
        self.running = 0;
        self.retrying = 0;
        // A step failed for good, and the process ended before it could turn
        // the run round (or was suspended for another reason): it turns now.
        let turning = self.failed.is_some() && self.rolls_back() && !self.backward;
        if !turning {
            self.failed = None;
        }
        if !self.backward {
            self.blame = self
                .failed
                .and_then(|id| Some((id, self.steps[id.index()].fault.clone()?)));
        }
        self.ready.clear();
        let shape = self.shape.clone();
        for id in shape.ids() {
            let passive = shape.record(id).effect.is_passive();
            let step = &mut self.steps[id.index()];
            step.failures = 0;
            match step.phase {
                Phase::Running | Phase::Undoing => {
                    step.in_doubt = !passive;
                    if step.phase == Phase::Undoing {
                        self.make_ready(id, Phase::UndoReady);
                    } else if self.backward {
                        self.landed_late(id);
                    } else {
                        self.make_ready(id, Phase::Ready);
                    }
                }
                Phase::Ready | Phase::Retrying => self.make_ready(id, Phase::Ready),
                Phase::Failed if !turning => self.make_ready(id, Phase::Ready),
                Phase::UndoReady | Phase::UndoRetrying | Phase::UndoFailed => {
                    self.make_ready(id, Phase::UndoReady);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn ended(&mut self, end: &End) -> Result<(), String> {
        match end {
            // Another run takes over; possible in any unfinished state.
            End::Abandoned { .. } => {
                if let Status::Ended(End::Succeeded | End::RolledBack | End::Abandoned { .. }) =
                    self.status
                {
                    return Err("the run has ended".to_owned());
                }
            }
            End::Succeeded => {
                self.must_run()?;
                if self.backward || self.done != self.steps.len() {
                    return Err("not every step is done".to_owned());
                }
            }
            End::RolledBack => {
                self.must_run()?;
                if !self.backward || self.resolved != self.steps.len() {
                    return Err("not every step is resolved".to_owned());
                }
            }
            End::Stuck { leftovers } => {
                self.must_run()?;
                if !self.backward || !self.is_idle() || self.resolved == self.steps.len() {
                    return Err("the rollback is not over".to_owned());
                }
                self.may_leave(leftovers)?;
            }
        }
        self.status = Status::Ended(end.clone());
        Ok(())
    }
}
