//! What a person does to a step by hand: what it was to make, or another try.

use super::refusal::Wanted;
use super::{Direction, IllegalEvent, Machine, Owner, Phase, Status, StepId};
use crate::model::StepName;
use crate::model::event::Outcome;

impl Machine {
    /// The step, if a person may say that it is done. Only while the run is
    /// suspended: what is under way would make the same.
    ///
    /// # Errors
    /// When the run or the step does not stand so.
    pub fn may_be_done(&self, name: &StepName) -> Result<StepId, IllegalEvent> {
        match &self.status {
            Status::Suspended(_) => {}
            Status::Running => return Err(IllegalEvent::NotSuspended),
            ended @ Status::Ended(_) => return Err(IllegalEvent::Status(ended.clone())),
        }
        if self.is_rolling_back() {
            return Err(IllegalEvent::Backward);
        }
        let id = self.find(name)?;
        match self.step(id).phase {
            Phase::Ready | Phase::Retrying | Phase::Failed => Ok(id),
            Phase::Waiting(_) => Err(IllegalEvent::Others {
                step: name.clone(),
                back: false,
                others: (self.shape.parents(id))
                    .filter(|&parent| self.step(parent).phase != Phase::Done)
                    .map(|parent| self.shape.name(parent).clone())
                    .collect(),
            }),
            _ => Err(self.misplaced(id, Wanted::Done)),
        }
    }

    /// Takes a step for done because a person says so.
    pub(super) fn done_by_hand(
        &mut self,
        name: &StepName,
        outcome: &Outcome,
    ) -> Result<(), IllegalEvent> {
        let id = self.may_be_done(name)?;
        let (owner, output) = match outcome {
            Outcome::Ours { output } => (Owner::Ours, output),
            Outcome::Theirs { output } => (Owner::Theirs, output),
            _ => return Err(IllegalEvent::OutcomeByHand),
        };
        self.excuse(id);
        self.ready.remove(id, self.shape.record(id));
        let step = &mut self.steps[id.index()];
        step.owner = owner;
        step.output = Some(output.clone());
        step.in_doubt = false;
        self.complete(id);
        Ok(())
    }

    /// Gives a step that waits for its next try, or that was given up, another
    /// one at once.
    pub(super) fn retry(&mut self, name: &StepName) -> Result<(), IllegalEvent> {
        if !matches!(self.status, Status::Suspended(_)) {
            self.must_run()?;
            if self.stop.is_some() {
                return Err(IllegalEvent::Suspending);
            }
            if self.turning().is_some() {
                return Err(IllegalEvent::Turning);
            }
        }
        let id = self.find(name)?;
        let ready = match self.step(id).phase {
            Phase::Retrying | Phase::Failed => Phase::Ready,
            Phase::UndoRetrying | Phase::UndoFailed => Phase::UndoReady,
            _ => return Err(self.misplaced(id, Wanted::Retry)),
        };
        self.excuse(id);
        self.make_ready(id, ready);
        Ok(())
    }

    /// Forgets how a step failed, and that it stopped the run or would have
    /// turned it round.
    fn excuse(&mut self, id: StepId) {
        let step = &mut self.steps[id.index()];
        step.failures = 0;
        step.since = None;
        if matches!(step.phase, Phase::Retrying | Phase::UndoRetrying) {
            self.retrying -= 1;
        }
        // In a rollback, what made the run roll back stays so.
        if self.is_rolling_back() {
            return;
        }
        let mut others = self.shape.ids().filter(|&other| other != id);
        let next = others.find(|&other| self.step(other).phase == Phase::Failed);
        if let Direction::Forward { failed, .. } = &mut self.direction
            && *failed == Some(id)
        {
            *failed = next;
        }
        if self.blame.as_ref().is_some_and(|(blamed, _)| *blamed == id) {
            self.blame = next.and_then(|id| Some((id, *self.step(id).fault.clone()?)));
        }
    }
}
