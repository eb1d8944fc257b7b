//! The way back: which steps are undone, and in what order.

use super::{Machine, Owner, Phase, StepId};
use crate::step::Effect;

impl Machine {
    /// Whether a step may have left something in the world that is this run's.
    /// A step that was merely started counts: whether it had its effect is for
    /// its *check* to say. So does one that a person did and that bears the
    /// run's mark.
    pub(super) fn needs_undo(&self, id: StepId) -> bool {
        let step = &self.steps[id.index()];
        (step.runs > 0 || step.owner == Owner::Ours)
            && step.owner != Owner::Theirs
            && self.shape.record(id).effect == Effect::Create
    }

    /// Whether a person may have the rollback pass over a step, or why not. What
    /// depends on the step has to be settled before, or it would be left without
    /// a word.
    pub(super) fn may_waive(&self, id: StepId) -> Result<(), String> {
        let name = self.shape.name(id);
        if !self.backward {
            return Err("the run is not on its way back".to_owned());
        }
        match self.steps[id.index()].phase {
            Phase::UndoReady | Phase::UndoRetrying | Phase::UndoFailed => Ok(()),
            Phase::Resolved => Err(format!("nothing of step {name:?} is left to undo")),
            Phase::Undoing => Err(format!("step {name:?} is being undone")),
            _ => {
                let left: Vec<&str> = (self.shape.children(id))
                    .filter(|&child| self.step(child).phase != Phase::Resolved)
                    .map(|child| &**self.shape.name(child))
                    .collect();
                Err(format!(
                    "what depends on step {name:?} is not undone yet: {}",
                    left.join(", ")
                ))
            }
        }
    }

    /// Turns the run round: every step waits for its children to be resolved.
    pub(super) fn turn_round(&mut self) {
        self.backward = true;
        self.ready.clear();
        self.retrying = 0;
        let shape = self.shape.clone();
        // Children come after parents, so in reverse each child's fate is known.
        for id in shape.ids().rev() {
            let waiting = shape
                .children(id)
                .filter(|child| self.steps[child.index()].phase != Phase::Resolved)
                .count() as u32;
            let step = &mut self.steps[id.index()];
            step.waiting = waiting;
            step.failures = 0;
            if step.phase == Phase::Running {
                continue;
            }
            step.phase = Phase::UndoWaiting;
            if waiting == 0 {
                self.settle(id);
            }
        }
    }

    /// A step whose children are resolved and that has no attempt under way is
    /// undone or, if there is nothing to undo, resolved, and so may its parents be.
    pub(super) fn settle(&mut self, id: StepId) {
        debug_assert_eq!(self.steps[id.index()].waiting, 0);
        if self.needs_undo(id) {
            self.make_ready(id, Phase::UndoReady);
        } else {
            self.resolve(id);
        }
    }

    /// Marks a step as resolved and settles the parents that waited only for it.
    pub(super) fn resolve(&mut self, id: StepId) {
        let shape = self.shape.clone();
        let mut resolved = vec![id];
        while let Some(id) = resolved.pop() {
            self.steps[id.index()].phase = Phase::Resolved;
            self.resolved += 1;
            for parent in shape.parents(id) {
                let step = &mut self.steps[parent.index()];
                // While the run is being turned round, parents have not
                // counted their children yet; they will see this one resolved.
                if !matches!(step.phase, Phase::UndoWaiting) {
                    continue;
                }
                step.waiting -= 1;
                if step.waiting == 0 {
                    if self.needs_undo(parent) {
                        self.make_ready(parent, Phase::UndoReady);
                    } else {
                        resolved.push(parent);
                    }
                }
            }
        }
    }
}
