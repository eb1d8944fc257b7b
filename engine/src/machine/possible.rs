//! What only the machine itself decides: a history in which it decided
//! otherwise was not written by it.

use super::{Direction, IllegalEvent, Machine, StepId};
use crate::model::event::{Leftover, RollbackCause, SuspendReason, Verb};

impl Machine {
    /// Refuses an attempt at the step that may not begin now.
    pub(super) fn may_start(&mut self, id: StepId, verb: Verb) -> Result<(), IllegalEvent> {
        if !self.ready.has_room(self.shape.record(id)) {
            return Err(IllegalEvent::NoRoom);
        }
        if self.stop.is_some() {
            return Err(IllegalEvent::Suspending);
        }
        if verb == Verb::Run && self.turning().is_some() {
            return Err(IllegalEvent::Turning);
        }
        Ok(())
    }

    /// The step whose failure is to turn the run round.
    pub(super) fn turning(&self) -> Option<StepId> {
        match self.direction {
            Direction::Forward { failed, .. } => failed.filter(|_| self.rolls_back()),
            Direction::Rollback { .. } => None,
        }
    }

    /// Whether the history holds the data of steps, and what came with it: a
    /// deletion that can't be taken back, the waived steps in the end.
    pub(super) fn is_recorded_whole(&self) -> bool {
        self.created.graph_version > 0
    }

    /// Refuses to leave a step in doubt that has no effect.
    pub(super) fn may_doubt(&self, id: StepId) -> Result<(), IllegalEvent> {
        match self.shape.record(id).effect.is_passive() {
            true => Err(IllegalEvent::NoEffect(self.shape.name(id).clone())),
            false => Ok(()),
        }
    }

    /// Refuses a rollback that this did not cause.
    pub(super) fn may_turn(&self, cause: &RollbackCause) -> Result<(), IllegalEvent> {
        match cause {
            RollbackCause::Requested { .. } => Ok(()),
            RollbackCause::Failed { step } => {
                let failed = self.turning().map(|id| self.shape.name(id));
                // What is to be suspended is rolled back when it is taken up again.
                if failed == Some(step) && self.stop.is_none() {
                    Ok(())
                } else {
                    Err(IllegalEvent::NotTheCause(step.clone()))
                }
            }
        }
    }

    /// Refuses to suspend the run for a reason that it does not have.
    pub(super) fn may_suspend(&self, reason: &SuspendReason) -> Result<(), IllegalEvent> {
        if self.running > 0 {
            return Err(IllegalEvent::UnderWay);
        }
        // A stop that comes when nothing is left to be done stops nothing.
        let over = self.is_idle() && self.turning().is_none();
        let holds = match reason {
            SuspendReason::Failed { step } => {
                let Direction::Forward { failed, .. } = self.direction else {
                    return Err(IllegalEvent::NoSuchReason);
                };
                over && failed.map(|id| self.shape.name(id)) == Some(step)
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
            Err(IllegalEvent::NoSuchReason)
        }
    }

    /// Whether nothing is under way and nothing may start.
    pub(super) fn is_idle(&self) -> bool {
        self.running == 0 && self.retrying == 0 && self.ready.is_empty()
    }

    /// Refuses leftovers of steps of which nothing is left.
    pub(super) fn may_leave(&self, leftovers: &[Leftover]) -> Result<(), IllegalEvent> {
        for Leftover { step, .. } in leftovers {
            if !self.left().any(|id| self.shape.name(id) == step) {
                return Err(IllegalEvent::NothingLeft(step.clone()));
            }
        }
        Ok(())
    }

    /// The steps that may have left something that is not undone.
    pub(super) fn left(&self) -> impl Iterator<Item = StepId> + '_ {
        self.shape.ids().filter(|&id| self.has_to_undo(id))
    }
}
