//! What a person does to the steps of a run.

use serde_json::json;

use super::super::world::actor;
use super::{NOW, Sim, view};
use crate::event::{EventBody, Outcome};
use crate::machine::{Machine, Status};
use crate::model::StepId;
use crate::step::Found;

impl Sim {
    /// A person does the first step of the suspended run that may be, and says
    /// so. What the run made of it unseen is found by its *check*.
    pub(super) fn do_one(&mut self) {
        let done = |outcome| {
            move |sim: &Self, id: StepId| EventBody::StepDone {
                step: sim.machine.shape().name(id).clone(),
                by: actor(),
                reason: "made in the console".to_owned(),
                checked: true,
                outcome,
            }
        };
        for id in self.machine.shape().clone().ids() {
            let output = json!(id.index());
            let found = self.world.check(id, true);
            let outcome = match found {
                Found::Ours(()) => Outcome::Ours { output },
                _ => Outcome::Theirs { output },
            };
            let made = found == Found::Nothing;
            if self.by_hand(id, done(outcome)) {
                if made {
                    self.world.make_by_hand(id);
                }
                return self.commit();
            }
        }
    }

    /// A person wants the first step that may be to be tried again.
    pub(super) fn retry_one(&mut self) {
        for id in self.machine.shape().clone().ids() {
            let retried = |sim: &Self, id| EventBody::StepRetried {
                step: sim.machine.shape().name(id).clone(),
                by: actor(),
                reason: "the quota is raised".to_owned(),
            };
            if self.by_hand(id, retried) {
                self.pauses.retain(|&paused| paused != id);
                if matches!(self.machine.status(), Status::Suspended(_)) {
                    self.commit();
                }
                return;
            }
        }
    }

    /// Records it, or sees it refused without a trace.
    fn by_hand(&mut self, id: StepId, body: impl FnOnce(&Self, StepId) -> EventBody) -> bool {
        let body = body(self, id);
        let before = view(&self.machine);
        let mut tried: Machine = self.machine.clone();
        if tried.record(NOW, body.clone()).is_err() {
            assert_eq!(view(&tried), before);
            return false;
        }
        self.record(body);
        true
    }
}
