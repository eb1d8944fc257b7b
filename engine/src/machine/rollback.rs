//! The rollback: which steps are undone, and in what order.

use std::collections::BTreeSet;

use serde_json::Value;

use super::refusal::Wanted;
use super::{Direction, IllegalEvent, Machine, Owner, Phase, StepId};
use crate::model::Effect;

impl Machine {
    /// Whether a step may have left something in the world that is this run's.
    /// One whose effect was merely begun counts: whether it had it is for its
    /// *check* to say. One that its own *check* refused does not. One that a
    /// person did, and that bears the run's mark, does.
    pub(super) fn needs_undo(&self, id: StepId) -> bool {
        let step = &self.steps[id.index()];
        // What a dead process was at is not known to be begun until the run is
        // taken up.
        let begun = step.reached || step.in_doubt || step.phase == Phase::Running;
        (begun || step.owner == Owner::Ours)
            && step.owner != Owner::Theirs
            && self.shape.record(id).effect == Effect::Create
    }

    /// Refuses to pass over a step in a rollback where a person may not. What
    /// depends on the step has to be settled before, or it would be left without
    /// a word.
    pub(super) fn may_waive(&self, id: StepId) -> Result<(), IllegalEvent> {
        if !self.is_rolling_back() {
            return Err(IllegalEvent::Forward);
        }
        match self.steps[id.index()].phase {
            Phase::UndoReady | Phase::UndoRetrying | Phase::UndoFailed => Ok(()),
            Phase::Resolved | Phase::Undoing => Err(self.misplaced(id, Wanted::Waive)),
            _ => Err(IllegalEvent::Others {
                step: self.shape.name(id).clone(),
                back: true,
                others: (self.shape.children(id))
                    .filter(|&child| self.step(child).phase != Phase::Resolved)
                    .map(|child| self.shape.name(child).clone())
                    .collect(),
            }),
        }
    }

    /// Turns the run round: every step waits for its children to be resolved.
    pub(super) fn turn_round(&mut self) {
        self.direction = Direction::Rollback {
            resolved: 0,
            options: Value::Null,
            waived: BTreeSet::new(),
        };
        self.ready.forget();
        self.retrying = 0;
        let shape = self.shape.clone();
        // Children come after parents, so in reverse each child's fate is known.
        for id in shape.ids().rev() {
            let waiting = shape
                .children(id)
                .filter(|child| self.steps[child.index()].phase != Phase::Resolved)
                .count() as u32;
            let step = &mut self.steps[id.index()];
            step.failures = 0;
            if step.phase == Phase::Running {
                continue;
            }
            step.since = None;
            step.phase = Phase::UndoWaiting(waiting);
            if waiting == 0 {
                self.settle(id);
            }
        }
    }

    /// A step whose children are resolved and that has no attempt under way is
    /// undone or, if there is nothing to undo, resolved, and so may its parents be.
    pub(super) fn settle(&mut self, id: StepId) {
        debug_assert_eq!(self.steps[id.index()].phase, Phase::UndoWaiting(0));
        if self.needs_undo(id) {
            self.make_ready(id, Phase::UndoReady);
        } else {
            self.resolve(id);
        }
    }

    /// Marks a step as resolved and settles the parents that waited only for it.
    pub(super) fn resolve(&mut self, id: StepId) {
        let shape = self.shape.clone();
        let mut settled = vec![id];
        while let Some(id) = settled.pop() {
            self.steps[id.index()].phase = Phase::Resolved;
            if let Direction::Rollback { resolved, .. } = &mut self.direction {
                *resolved += 1;
            }
            for parent in shape.parents(id) {
                // While the rollback begins, parents have not
                // counted their children yet; they will see this one resolved.
                let Phase::UndoWaiting(children) = &mut self.steps[parent.index()].phase else {
                    continue;
                };
                *children -= 1;
                if *children > 0 {
                    continue;
                }
                if self.needs_undo(parent) {
                    self.make_ready(parent, Phase::UndoReady);
                } else {
                    settled.push(parent);
                }
            }
        }
    }
}
