//! Histories that can't be right are refused.

use proptest::prelude::*;

use super::sim::Sim;
use super::world::{actor, specs};
use crate::event::{End, Event, EventBody, Outcome, SuspendReason, Verb};
use crate::machine::{HistoryError, Machine, Status};
use crate::model::RunId;
use crate::model::Timestamp;

/// Numbers the events anew, so that only their order can be wrong.
fn renumbered(mut events: Vec<Event>) -> Vec<Event> {
    for (seq, event) in (0..).zip(&mut events) {
        event.seq = seq;
    }
    events
}

/// Whether an event may stand twice: taking a run up again is always possible,
/// and what a person wants may be said twice.
fn may_repeat(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::RunResumed { .. }
            | EventBody::RollbackOptionsGiven { .. }
            | EventBody::ParametersChanged(_)
    )
}

/// Changes an event into one that can't stand in its place.
fn mutated(body: &mut EventBody) {
    match body {
        EventBody::AttemptStarted { attempt, .. } | EventBody::AttemptFailed { attempt, .. } => {
            *attempt += 1;
        }
        EventBody::AttemptInterrupted { verb, .. } => {
            *verb = match verb {
                Verb::Run => Verb::Undo,
                Verb::Undo => Verb::Run,
            };
        }
        EventBody::AttemptSucceeded { verb, outcome, .. } => {
            *outcome = match verb {
                Verb::Run => Outcome::Undone,
                Verb::Undo => Outcome::Made {
                    output: serde_json::Value::Null,
                },
            };
        }
        EventBody::RunEnded(end) => {
            *end = match end {
                End::Succeeded => End::RolledBack { waived: Vec::new() },
                _ => End::Succeeded,
            };
        }
        // As a second creation.
        other => {
            *other = EventBody::AttemptStarted {
                step: "nobody".into(),
                attempt: 1,
                verb: Verb::Run,
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_damaged_history_is_refused(
        spec in specs(8),
        script in prop::collection::vec(any::<u8>(), 0..60),
        at in any::<prop::sample::Index>(),
    ) {
        let mut sim = Sim::new(spec, script);
        sim.finish();
        let events = sim.journal;
        prop_assert!(Machine::replay(&events).is_ok());
        let at = at.index(events.len());

        // A gap, a repetition and an exchange show in the numbers.
        let mut gap = events.clone();
        gap.remove(at);
        if at + 1 < events.len() {
            prop_assert!(Machine::replay(&gap).is_err());
            let mut exchanged = events.clone();
            exchanged.swap(at, at + 1);
            prop_assert!(Machine::replay(&exchanged).is_err());
        }
        let mut twice = events.clone();
        twice.insert(at, events[at].clone());
        prop_assert!(Machine::replay(&twice).is_err());

        // Where the numbers are right, the transitions tell.
        if !may_repeat(&events[at].body) {
            prop_assert!(Machine::replay(&renumbered(twice)).is_err());
        }
        let mut other = events.clone();
        mutated(&mut other[at].body);
        prop_assert!(Machine::replay(&other).is_err(), "accepted {:?}", other[at]);
        let mut foreign = events.clone();
        foreign[at].run = RunId::from_u128(2);
        prop_assert!(events.len() == 1 || Machine::replay(&foreign).is_err());

        // A start that is left out makes its result impossible.
        if let EventBody::AttemptStarted { step, attempt, .. } = &events[at].body {
            let ends = |event: &Event| {
                event.body.step() == Some(step) && event.body.attempt() == Some(*attempt)
            };
            let before_crash = events[at + 1..]
                .iter()
                .take_while(|event| !matches!(event.body, EventBody::RunResumed { .. }));
            if before_crash.into_iter().any(ends) {
                prop_assert!(Machine::replay(&renumbered(gap)).is_err());
            }
        }
    }
}

#[test]
fn a_history_begins_with_its_creation() {
    assert_eq!(Machine::replay(&[]).unwrap_err(), HistoryError::Empty);
    let event = Event {
        run: RunId::from_u128(1),
        seq: 0,
        at: Timestamp(0),
        body: EventBody::RunResumed { by: actor() },
    };
    assert_eq!(
        Machine::replay(&[event]).unwrap_err(),
        HistoryError::NoBeginning
    );
}

#[test]
fn an_ended_run_accepts_nothing_but_a_rollback() {
    let mut sim = Sim::new(super::cases::chain(2), Vec::new());
    assert_eq!(sim.finish(), End::Succeeded);
    let abandoned = || {
        EventBody::RunEnded(End::Abandoned {
            by: actor(),
            reason: "superseded".into(),
        })
    };
    let now = Timestamp(0);
    let suspended = EventBody::RunSuspended(SuspendReason::Interrupted);
    let back = EventBody::RunEnded(End::RolledBack { waived: Vec::new() });
    for body in [abandoned(), suspended, back] {
        assert!(sim.machine.record(now, body).is_err());
    }
    sim.request_rollback();
    assert!(matches!(sim.finish(), End::RolledBack { .. }));
    let resumed = EventBody::RunResumed { by: actor() };
    assert!(sim.machine.record(now, resumed).is_err());
}

#[test]
fn an_unfinished_run_can_be_abandoned_and_then_is_over() {
    let mut sim = Sim::new(super::cases::chain(2), vec![0; 3]);
    sim.start();
    let body = EventBody::RunEnded(End::Abandoned {
        by: actor(),
        reason: "deleted by another run".into(),
    });
    let mut machine = Machine::replay(&sim.journal).unwrap();
    machine.record(Timestamp(0), body).unwrap();
    assert!(matches!(machine.status(), Status::Ended(_)));
    assert!(
        machine
            .decide(Timestamp(0), &|_, _| Vec::new())
            .unwrap()
            .is_empty()
    );
    let resumed = EventBody::RunResumed { by: actor() };
    assert!(machine.record(Timestamp(0), resumed).is_err());
}

/// A history up to where `which` says, with another decision in that place.
fn decided_otherwise(events: &[Event], which: impl Fn(&EventBody) -> Option<EventBody>) -> usize {
    let mut tried = 0;
    for at in 1..events.len() {
        if let Some(other) = which(&events[at].body) {
            let mut changed = events[..=at].to_vec();
            changed[at].body = other;
            let replayed = Machine::replay(&changed);
            assert!(replayed.is_err(), "accepted {:?}", changed[at].body);
            tried += 1;
        }
    }
    tried
}

/// What the machine decides can't have been decided otherwise.
#[test]
fn a_decision_that_was_not_taken_is_refused() {
    use crate::event::{Leftover, RollbackCause};
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    let nobody = || "nobody".into();
    let mut tried = [0; 5];
    let mut runner = TestRunner::deterministic();
    let strategy = (specs(8), prop::collection::vec(any::<u8>(), 0..80));
    for _ in 0..400 {
        let (spec, script) = strategy.new_tree(&mut runner).unwrap().current();
        let mut sim = Sim::new(spec, script);
        sim.finish();
        let events = &sim.journal;
        tried[0] += decided_otherwise(events, |body| match body {
            EventBody::RollbackStarted(RollbackCause::Failed { .. }) => {
                let cause = RollbackCause::Failed { step: nobody() };
                Some(EventBody::RollbackStarted(cause))
            }
            _ => None,
        });
        tried[1] += decided_otherwise(events, |body| match body {
            EventBody::RunSuspended(_) => {
                let reason = SuspendReason::Operator { step: nobody() };
                Some(EventBody::RunSuspended(reason))
            }
            _ => None,
        });
        tried[2] += decided_otherwise(events, |body| match body {
            EventBody::RunEnded(End::Stuck { .. }) => {
                let leftover = Leftover {
                    step: nobody(),
                    ids: Vec::new(),
                    why: String::new(),
                };
                let leftovers = vec![leftover];
                Some(EventBody::RunEnded(End::Stuck { leftovers }))
            }
            _ => None,
        });
        // Nothing is started where the run is suspended.
        tried[3] += decided_otherwise(events, |body| match body {
            EventBody::RunSuspended(SuspendReason::Operator { step }) => {
                let machine = Machine::replay(events).unwrap();
                let id = machine.shape().find(step).unwrap();
                Some(EventBody::AttemptStarted {
                    step: step.clone(),
                    attempt: machine.step(id).runs,
                    verb: Verb::Run,
                })
            }
            _ => None,
        });
        // More at once than may be.
        let EventBody::RunCreated(created) = &events[0].body else {
            unreachable!();
        };
        let mut fewer = events.clone();
        let mut narrow = created.as_ref().clone();
        narrow.parallel = 1;
        fewer[0].body = EventBody::RunCreated(narrow.into());
        let acts = |event: &Event| match &event.body {
            EventBody::AttemptStarted { step, .. } => {
                let step = created.steps.iter().find(|record| record.name == *step);
                step.is_some_and(|step| !step.effect.is_passive())
            }
            _ => false,
        };
        let wide = events.windows(2).any(|pair| pair.iter().all(acts));
        if wide {
            assert!(Machine::replay(&fewer).is_err());
            tried[4] += 1;
        }
    }
    assert!(tried.iter().all(|tried| *tried > 3), "{tried:?}");
}
