//! What a person does to a step by hand: what it was to make, or another try.

use super::{Machine, Owner, Phase, Status, StepId};
use crate::event::Outcome;
use crate::id::StepName;

impl Machine {
    /// Whether a person may say that a step is done, or why not. Only while the
    /// run is suspended: what is under way would make the same.
    pub fn may_be_done(&self, name: &StepName) -> Result<StepId, String> {
        match self.status {
            Status::Suspended(_) => {}
            Status::Running => return Err("the run is not suspended".to_owned()),
            Status::Ended(_) => return Err("the run has ended".to_owned()),
        }
        if self.backward {
            return Err("the run is being rolled back".to_owned());
        }
        let id = self.find(name)?;
        match self.step(id).phase {
            Phase::Ready | Phase::Retrying | Phase::Failed => Ok(id),
            Phase::Waiting => {
                let missing: Vec<&str> = (self.shape.parents(id))
                    .filter(|&parent| self.step(parent).phase != Phase::Done)
                    .map(|parent| &**self.shape.name(parent))
                    .collect();
                Err(format!(
                    "what step {name:?} needs is not done yet: {}",
                    missing.join(", ")
                ))
            }
            _ => Err(format!("step {name:?} is done already")),
        }
    }

    /// Takes a step for done because a person says so.
    pub(super) fn done_by_hand(
        &mut self,
        name: &StepName,
        outcome: &Outcome,
    ) -> Result<(), String> {
        let id = self.may_be_done(name)?;
        let (owner, output) = match outcome {
            Outcome::Ours { output } => (Owner::Ours, output),
            Outcome::Theirs { output } => (Owner::Theirs, output),
            _ => return Err("this is no outcome of what a person did".to_owned()),
        };
        self.excuse(id);
        let step = &mut self.steps[id.index()];
        step.owner = owner;
        step.output = Some(output.clone());
        step.in_doubt = false;
        self.complete(id);
        Ok(())
    }

    /// Gives a step that waits for its next try, or that was given up, another
    /// one at once.
    pub(super) fn retry(&mut self, name: &StepName) -> Result<(), String> {
        let suspended = matches!(self.status, Status::Suspended(_));
        if !suspended {
            self.must_run()?;
            if self.stop.is_some() {
                return Err("the run is about to be suspended".to_owned());
            }
            if self.turning().is_some() {
                return Err("the run is about to be rolled back".to_owned());
            }
        }
        let id = self.find(name)?;
        let ready = match self.step(id).phase {
            Phase::Retrying | Phase::Failed => Phase::Ready,
            Phase::UndoRetrying | Phase::UndoFailed => Phase::UndoReady,
            Phase::Running | Phase::Undoing => {
                return Err(format!("an attempt at step {name:?} is under way"));
            }
            Phase::Done => return Err(format!("step {name:?} is done already")),
            Phase::Resolved => return Err(format!("nothing of step {name:?} is left to undo")),
            _ => return Err(format!("step {name:?} has not failed")),
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
        if matches!(step.phase, Phase::Retrying | Phase::UndoRetrying) {
            self.retrying -= 1;
        }
        // On the way back, what turned the run round stays so.
        if self.backward {
            return;
        }
        let mut others = self.shape.ids().filter(|&other| other != id);
        let failed = others.find(|&other| self.step(other).phase == Phase::Failed);
        if self.failed == Some(id) {
            self.failed = failed;
        }
        if self.blame.as_ref().is_some_and(|(blamed, _)| *blamed == id) {
            self.blame = failed.and_then(|id| Some((id, self.step(id).fault.clone()?)));
        }
    }
}
