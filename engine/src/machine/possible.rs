//! What only the machine itself decides: a history in which it decided
//! otherwise was not written by it.

use super::{Machine, StepId};
use crate::event::{Leftover, RollbackCause, SuspendReason, Verb};

impl Machine {
    /// Whether an attempt may begin now, or why not.
    pub(super) fn may_start(&self, verb: Verb) -> Result<(), String> {
        if self.running >= self.room() {
            return Err("no more attempts may be under way".to_owned());
        }
        if self.stop.is_some() {
            return Err("the run is about to be suspended".to_owned());
        }
        if verb == Verb::Run && self.turning().is_some() {
            return Err("the run is about to turn round".to_owned());
        }
        Ok(())
    }

    /// How many attempts may be under way at once.
    pub(super) fn room(&self) -> usize {
        self.created.parallel.max(1) as usize
    }

    /// The step whose failure is to turn the run round.
    pub(super) fn turning(&self) -> Option<StepId> {
        self.failed.filter(|_| self.rolls_back() && !self.backward)
    }

    /// Whether a failed attempt may leave a step in doubt.
    pub(super) fn may_doubt(&self, id: StepId) -> Result<(), String> {
        if self.shape.record(id).effect.is_passive() {
            let name = self.shape.name(id);
            return Err(format!("step {name:?} has no effect to be in doubt of"));
        }
        Ok(())
    }

    /// Whether a rollback may begin for this cause.
    pub(super) fn may_turn(&self, cause: &RollbackCause) -> Result<(), String> {
        match cause {
            RollbackCause::Requested { .. } => Ok(()),
            RollbackCause::Failed { step } => {
                let failed = self.turning().map(|id| self.shape.name(id));
                // What is to be suspended turns round when it is taken up again.
                if failed == Some(step) && self.stop.is_none() {
                    Ok(())
                } else {
                    Err(format!("step {step:?} did not turn it round"))
                }
            }
        }
    }

    /// Whether the run may be suspended for this reason.
    pub(super) fn may_suspend(&mut self, reason: &SuspendReason) -> Result<(), String> {
        if self.running > 0 {
            return Err("attempts are under way".to_owned());
        }
        // A stop that comes when nothing is left to be done stops nothing.
        let over = self.is_idle() && self.turning().is_none();
        let holds = match reason {
            SuspendReason::Failed { step } => {
                let failed = self.failed.map(|id| self.shape.name(id));
                over && !self.backward && failed == Some(step)
            }
            // That it was asked for is not in the history.
            SuspendReason::Interrupted
            | SuspendReason::LeaseLost { .. }
            | SuspendReason::Deadline { .. } => {
                !over && self.stop.as_ref().is_none_or(|stop| stop == reason)
            }
            SuspendReason::Operator { .. } => !over && self.stop.as_ref() == Some(reason),
        };
        if holds {
            Ok(())
        } else {
            Err("there is no such reason".to_owned())
        }
    }

    /// Whether nothing is under way and nothing may start.
    pub(super) fn is_idle(&mut self) -> bool {
        self.running == 0 && self.retrying == 0 && !self.has_ready()
    }

    /// Whether a rollback leaves something of these steps.
    pub(super) fn may_leave(&self, leftovers: &[Leftover]) -> Result<(), String> {
        for Leftover { step, .. } in leftovers {
            if !self.left().any(|id| self.shape.name(id) == step) {
                return Err(format!("nothing is left of step {step:?}"));
            }
        }
        Ok(())
    }

    /// The steps that may have left something that is not undone.
    pub(super) fn left(&self) -> impl Iterator<Item = StepId> + '_ {
        self.shape.ids().filter(|&id| self.has_to_undo(id))
    }
}
