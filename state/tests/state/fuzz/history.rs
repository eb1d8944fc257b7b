//! Random histories, as the machine writes them.

use proptest::prelude::*;
use serde_json::{Value, json};
use stepwell_engine::event::{
    End, EventBody, OnFailure, Outcome, ParametersChanged, RollbackCause, RunCreated, StepChange,
    SuspendReason, Then, Verb,
};
use stepwell_engine::machine::Status;
use stepwell_engine::{
    Effect, Event, Fault, FaultClass, Machine, RunId, StepRecord, Timestamp, Wiring,
};

use crate::support::{actor, created};

/// A run and all that will happen to it.
#[derive(Debug, Clone)]
pub(super) struct Story {
    steps: Vec<(u8, u16)>,
    reversible: bool,
    rolls_back: bool,
    parallel: u32,
    script: Vec<u8>,
    words: Vec<String>,
    outputs: Vec<Value>,
}

/// Any JSON, of a few levels.
pub(super) fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // The reader of JSON may miss the last digit of a longer fraction.
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

pub(super) fn stories() -> impl Strategy<Value = Story> {
    (
        prop::collection::vec((0..6_u8, any::<u16>()), 1..7),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.7),
        1..4_u32,
        prop::collection::vec(any::<u8>(), 0..120),
        prop::collection::vec("\\PC{1,8}|[a-z]{1,8}", 8),
        prop::collection::vec(values(), 4),
    )
        .prop_map(
            |(steps, reversible, rolls_back, parallel, script, words, outputs)| Story {
                steps,
                reversible,
                rolls_back,
                parallel,
                script,
                words,
                outputs,
            },
        )
}

impl Story {
    fn created(&self) -> RunCreated {
        let steps = self
            .steps
            .iter()
            .enumerate()
            .map(|(at, (effect, edges))| StepRecord {
                name: format!("{at} {}", self.words[at % self.words.len()]).into(),
                kind: "made-up".to_owned(),
                effect: match effect {
                    0 => Effect::Read,
                    1 => Effect::Wait,
                    2 => Effect::Delete,
                    _ => Effect::Create,
                },
                data: self.outputs[at % self.outputs.len()].clone(),
                limit: (at % 2 == 0).then(|| self.words[0].clone()),
                input: Wiring::List(vec![Wiring::Nothing; at % 3]),
                after: (0..at as u32).filter(|bit| edges >> bit & 1 == 1).collect(),
            });
        let steps: Vec<StepRecord> = steps.collect();
        RunCreated {
            reversible: self.reversible,
            on_failure: if self.rolls_back {
                OnFailure::Rollback
            } else {
                OnFailure::Suspend
            },
            parallel: self.parallel,
            output: steps.last().map(|step| step.name.clone()),
            steps: steps.into(),
            ..created("aurora/eu-west-1/keycloak")
        }
    }

    /// What is recorded of it.
    pub(super) fn tell(&self, run: RunId) -> Vec<Event> {
        let at = Timestamp(1_700_000_000_000);
        let (machine, first) = Machine::create(run, at, self.created()).expect("a run");
        let mut telling = Telling {
            story: self,
            machine,
            events: vec![first],
            flying: Vec::new(),
            at: 0,
        };
        telling.tell();
        telling.events
    }
}

struct Telling<'a> {
    story: &'a Story,
    machine: Machine,
    events: Vec<Event>,
    /// What is under way.
    flying: Vec<(stepwell_engine::StepId, u32, Verb)>,
    at: usize,
}

impl Telling<'_> {
    fn draw(&mut self, below: usize) -> usize {
        let byte = self.story.script.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        usize::from(byte) % below.max(1)
    }

    fn record(&mut self, body: EventBody) -> bool {
        let at = Timestamp(1_700_000_000_000 + 10 * self.events.len() as i64);
        match self.machine.record(at, body) {
            Ok(event) => {
                self.events.push(event);
                true
            }
            Err(_) => false,
        }
    }

    fn resumed(&mut self) -> bool {
        self.flying.clear();
        self.record(EventBody::RunResumed { by: actor() })
    }

    fn tell(&mut self) {
        for _ in 0..60 {
            let at = self.events.last().map_or(Timestamp(0), |event| event.at);
            let next = self.machine.decide(at, &|_, _| Vec::new());
            for event in next.expect("a decision") {
                if let EventBody::AttemptStarted {
                    step,
                    attempt,
                    verb,
                } = &event.body
                {
                    let id = self.machine.shape().find(step).expect("a step");
                    self.flying.push((id, *attempt, *verb));
                }
                self.events.push(event);
            }
            match self.machine.status() {
                Status::Running => self.happen(),
                Status::Suspended(_) | Status::Ended(End::Stuck { .. }) => {
                    if self.draw(3) == 2 {
                        self.by_hand();
                    }
                    if self.draw(4) == 3 || !self.resumed() {
                        return;
                    }
                    self.turn_or_waive();
                }
                Status::Ended(End::Succeeded) => {
                    if self.draw(3) != 2 || !self.resumed() {
                        return;
                    }
                    if !self.requested() {
                        return;
                    }
                }
                Status::Ended(_) => return,
            }
            if self.at > self.story.script.len() + 40 {
                return;
            }
        }
    }

    fn requested(&mut self) -> bool {
        let cause = RollbackCause::Requested { by: actor() };
        self.record(EventBody::RollbackStarted(cause))
    }

    fn turn_or_waive(&mut self) {
        let choice = match self.machine.is_rolling_back() {
            true => 4 + self.draw(3),
            false => self.draw(7),
        };
        match choice {
            4 => {
                self.requested();
            }
            6 => self.said(),
            5 => {
                for id in self.machine.shape().ids() {
                    let step = self.machine.shape().name(id).clone();
                    let reason = self.story.words[0].clone();
                    if self.record(EventBody::StepWaived {
                        step,
                        by: actor(),
                        reason,
                    }) {
                        return;
                    }
                }
            }
            _ => {}
        }
    }

    /// A person says how it is to be undone, or what is to be made instead.
    fn said(&mut self) {
        let words = self.draw(self.story.outputs.len());
        let (by, said) = (actor(), self.story.outputs[words].clone());
        if self.machine.is_rolling_back() {
            self.record(EventBody::RollbackOptionsGiven { by, options: said });
            return;
        }
        let steps = self.machine.created().steps.clone();
        let which = self.draw(steps.len());
        let step = steps[which].name.clone();
        let data = self.events.len().into();
        self.record(EventBody::ParametersChanged(Box::new(ParametersChanged {
            by,
            reason: self.story.words[2].clone(),
            parameters: said,
            changes: vec![StepChange { step, data }],
        })));
    }

    /// A person did a step, or wants one to be tried again.
    fn by_hand(&mut self) {
        let done = self.draw(2) == 0;
        let words = self.draw(self.story.outputs.len());
        for id in self.machine.shape().clone().ids() {
            let step = self.machine.shape().name(id).clone();
            let (by, reason) = (actor(), self.story.words[0].clone());
            let body = match done {
                false => EventBody::StepRetried { step, by, reason },
                true => EventBody::StepDone {
                    step,
                    by,
                    reason,
                    checked: words == 0,
                    outcome: Outcome::Theirs {
                        output: self.story.outputs[words].clone(),
                    },
                },
            };
            if self.record(body) {
                return;
            }
        }
    }

    fn happen(&mut self) {
        match self.draw(20) {
            17 => return self.machine.request_stop(SuspendReason::Interrupted),
            18 => {
                self.resumed();
                return;
            }
            19 if self.draw(4) == 3 => {
                let reason = self.story.words[1].clone();
                let end = End::Abandoned {
                    by: actor(),
                    reason,
                };
                self.record(EventBody::RunEnded(end));
                return;
            }
            _ => {}
        }
        let ids: Vec<_> = self.machine.shape().ids().collect();
        if self.flying.is_empty() || self.draw(3) == 2 {
            // Pauses end.
            ids.into_iter().for_each(|id| self.machine.retry_due(id));
            return;
        }
        let which = self.draw(self.flying.len());
        let (id, attempt, verb) = self.flying.swap_remove(which);
        let step = self.machine.shape().name(id).clone();
        let passive = self.machine.shape().record(id).effect.is_passive();
        let body = match self.draw(16) {
            13 if self.machine.is_stopping() => EventBody::AttemptInterrupted {
                step,
                attempt,
                verb,
                reached: self.draw(2) == 1,
            },
            10.. => {
                let (class, then) = [
                    (FaultClass::Permanent, Then::GiveUp),
                    (FaultClass::Transient, Then::Retry { at: Timestamp(7) }),
                    (FaultClass::Pending, Then::Retry { at: Timestamp(-7) }),
                    (FaultClass::Operator, Then::Suspend),
                    (FaultClass::Unreachable, Then::Suspend),
                ][self.draw(5)];
                let late = verb == Verb::Run && self.machine.is_rolling_back();
                let fault = Fault::new(class, self.story.words[2].clone())
                    .with_code(self.story.words[3].clone());
                EventBody::AttemptFailed {
                    step,
                    attempt,
                    verb,
                    fault,
                    reached: self.draw(2) == 1,
                    in_doubt: !passive && self.draw(2) == 1,
                    then: if late { Then::GiveUp } else { then },
                }
            }
            drawn => {
                let output = match self.story.outputs.get(drawn % 4) {
                    Some(output) => output.clone(),
                    None => json!(null),
                };
                let outcome = match (verb, drawn % 3) {
                    (Verb::Run, 0) => Outcome::Made { output },
                    (Verb::Run, 1) => Outcome::Ours { output },
                    (Verb::Run, _) => Outcome::Theirs { output },
                    (Verb::Undo, 0) => Outcome::Undone,
                    (Verb::Undo, 1) => Outcome::NothingToUndo,
                    (Verb::Undo, _) => Outcome::Kept { owner: None },
                };
                EventBody::AttemptSucceeded {
                    step,
                    attempt,
                    verb,
                    outcome,
                }
            }
        };
        assert!(self.record(body), "an attempt ends");
    }
}
