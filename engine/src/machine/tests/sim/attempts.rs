//! How attempts end: well, badly, or with an effect that nobody heard of.

use serde_json::json;

use super::{Flying, NOW, Sim};
use crate::event::{EventBody, Outcome, Then, Verb};
use crate::model::Fault;
use crate::step::Found;

impl Sim {
    pub(super) fn drop_waits(&mut self) {
        let shape = self.machine.shape().clone();
        let (waits, others) = std::mem::take(&mut self.flying)
            .into_iter()
            .partition::<Vec<_>, _>(|flying| {
                flying.verb == Verb::Run && shape.record(flying.step).effect.is_passive()
            });
        self.flying = others;
        for flying in waits {
            self.interrupted(flying, true);
        }
    }

    fn interrupted(&mut self, flying: Flying, reached: bool) {
        self.record(EventBody::AttemptInterrupted {
            reached,
            step: self.machine.shape().name(flying.step).clone(),
            attempt: flying.attempt,
            verb: flying.verb,
        });
    }

    /// The effect of an attempt, if its *check* leaves it any.
    pub(super) fn effect(&mut self, flying: Flying) -> Outcome {
        let id = flying.step;
        let output = json!(id.index());
        match flying.verb {
            Verb::Run => match self.world.check(id, flying.in_doubt) {
                Found::Nothing | Found::Partial(()) => {
                    self.world.perform(id);
                    Outcome::Made { output }
                }
                Found::Ours(()) => Outcome::Ours { output },
                Found::Theirs(()) => Outcome::Theirs { output },
            },
            Verb::Undo if self.machine.step(id).output.is_some() => {
                self.world.take_back(id);
                Outcome::Undone
            }
            Verb::Undo => match self.world.check(id, flying.in_doubt) {
                Found::Nothing => Outcome::NothingToUndo,
                Found::Theirs(()) => Outcome::Kept { owner: None },
                Found::Partial(()) | Found::Ours(()) => {
                    self.world.take_back(id);
                    Outcome::Undone
                }
            },
        }
    }

    pub(super) fn land(&mut self, flying: Flying) {
        let mishap = self.script.next(20);
        let passive = self.spec.steps[flying.step.index()].effect.is_passive();
        let retry = Then::Retry { at: NOW };
        let lost = || Fault::transient("lost");
        let refused = Fault::without_effect;
        // (fault, what follows, the effect happened all the same)
        let (fault, then, happened) = match mishap {
            0..10 => {
                let outcome = self.effect(flying);
                return self.record(EventBody::AttemptSucceeded {
                    step: self.machine.shape().name(flying.step).clone(),
                    attempt: flying.attempt,
                    verb: flying.verb,
                    outcome,
                });
            }
            10 | 11 => (refused(Fault::transient("throttled")), retry, false),
            12 => (refused(Fault::pending("not yet")), retry, false),
            13 => (lost(), retry, false),
            14 => (lost(), retry, true),
            15 => (refused(Fault::permanent("refused")), Then::GiveUp, false),
            16 => (lost(), Then::GiveUp, true),
            17 => (refused(Fault::operator("expired")), Then::Suspend, false),
            18 => (Fault::operator("expired"), Then::Suspend, true),
            _ if self.machine.is_stopping() => {
                let cut = self.script.next(3);
                if cut == 1 {
                    self.effect(flying);
                }
                return self.interrupted(flying, cut > 0);
            }
            _ => return self.flying.push(flying),
        };
        if happened {
            self.effect(flying);
        }
        let undoing = flying.verb == Verb::Undo;
        let late = !undoing && self.machine.is_rolling_back();
        let then = if late { Then::GiveUp } else { then };
        // A refusal may have come from *check*, before the effect was begun.
        let reached = fault.effect.may_have_happened() || self.script.next(2) == 1;
        let in_doubt = match fault.effect.may_have_happened() {
            true => !passive,
            // A certain fault was one of *check*, or of an effect that settled
            // the doubt before; the first is the harder case.
            false => flying.in_doubt,
        };
        if matches!(then, Then::Retry { .. }) {
            self.pauses.push(flying.step);
        }
        self.record(EventBody::AttemptFailed {
            step: self.machine.shape().name(flying.step).clone(),
            attempt: flying.attempt,
            verb: flying.verb,
            fault,
            reached,
            in_doubt,
            then,
        });
    }
}
