//! Graphs of 100,000 steps go through the machine. Were building or scheduling
//! not linear, these tests would not come to an end in bearable time; what they
//! count is that nothing is started twice or left out.

use super::world::{Spec, StepSpec};
use crate::event::{End, EventBody, OnFailure, Outcome, RollbackCause, Verb};
use crate::machine::{Machine, Status};
use crate::model::Effect;
use crate::model::RunId;
use crate::model::Timestamp;

const NOW: Timestamp = Timestamp(0);
const STEPS: u32 = 100_000;

fn spec(needs: impl Iterator<Item = Vec<u32>>) -> Spec {
    Spec {
        steps: needs
            .map(|needs| StepSpec {
                effect: Effect::Create,
                needs,
                theirs: false,
            })
            .collect(),
        reversible: true,
        on_failure: OnFailure::Rollback,
        parallel: 1000,
        third: 1000,
    }
}

/// Carries out whatever the machine wants; how many starts, and how many times
/// it was asked.
fn work_off(machine: &mut Machine) -> (usize, usize) {
    let (mut starts, mut asked) = (0, 0);
    loop {
        asked += 1;
        let events = machine.decide(NOW, &|_, _| Vec::new()).unwrap();
        assert!(!events.is_empty());
        if *machine.status() != Status::Running {
            return (starts, asked);
        }
        for event in events {
            let EventBody::AttemptStarted {
                step,
                attempt,
                verb,
            } = event.body
            else {
                continue;
            };
            starts += 1;
            let outcome = match verb {
                Verb::Run => Outcome::Made {
                    output: serde_json::Value::Null,
                },
                Verb::Undo => Outcome::Undone,
            };
            let landed = EventBody::AttemptSucceeded {
                step,
                attempt,
                verb,
                outcome,
            };
            machine.record(NOW, landed).unwrap();
        }
    }
}

/// There and back again; how many times the machine was asked on the way there.
fn there_and_back(spec: &Spec) -> usize {
    let steps = spec.steps.len();
    let (mut machine, _) = Machine::create(RunId::from_u128(1), NOW, spec.created()).unwrap();
    let (starts, asked) = work_off(&mut machine);
    assert_eq!(starts, steps);
    assert_eq!(*machine.status(), Status::Ended(End::Succeeded));
    let by = super::world::actor();
    let cause = RollbackCause::Requested { by };
    machine
        .record(NOW, EventBody::RollbackStarted(cause))
        .unwrap();
    let (starts, _) = work_off(&mut machine);
    assert_eq!(starts, steps);
    assert!(matches!(
        machine.status(),
        Status::Ended(End::RolledBack { .. })
    ));
    asked
}

#[test]
fn a_chain_of_100_000() {
    let chain = spec((0..STEPS).map(|at| at.checked_sub(1).into_iter().collect()));
    // One start per question, and one question for the end.
    assert_eq!(there_and_back(&chain), STEPS as usize + 1);
}

#[test]
fn one_before_and_one_after_100_000() {
    let wide = spec((0..STEPS).map(|at| match at {
        0 => Vec::new(),
        _ if at == STEPS - 1 => (1..at).collect(),
        _ => vec![0],
    }));
    // First, last, end, and the 99,998 between them a thousand at a time.
    assert_eq!(there_and_back(&wide), 3 + 100);
}

#[test]
fn stages_that_all_need_the_whole_stage_before() {
    let mesh = |wide: u32, stages: u32| {
        spec((0..wide * stages).map(move |at| {
            let stage = at / wide;
            (stage.saturating_sub(1) * wide..stage * wide).collect()
        }))
    };
    // 2^22 paths lead through it.
    assert_eq!(there_and_back(&mesh(2, 22)), 22 + 1);
    assert_eq!(there_and_back(&mesh(2, STEPS / 2)), STEPS as usize / 2 + 1);
}
