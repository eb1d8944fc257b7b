//! What holds for every run, whatever happens to it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::sim::{Sim, view};
use super::world::{Spec, specs};
use crate::event::{End, Event, EventBody, RollbackCause, Then, Verb};
use crate::machine::{Machine, Phase, Status};
use crate::summary::{RunStatus, RunSummary, StepStatus};

fn scripts(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        // Findings become cases of their own; nothing is written to the source.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// The world fits the way the run ended, and so does its history.
fn assert_end_fits(sim: &Sim, end: &End) {
    match end {
        End::Succeeded => {
            assert!(sim.world.is_complete(), "not complete: {:?}", sim.world);
            for step in sim.machine.shape().ids() {
                let name = sim.machine.shape().name(step);
                let done = sim.journal.iter().filter(|event| {
                    matches!(&event.body, EventBody::AttemptSucceeded { step, verb: Verb::Run, .. } | EventBody::StepDone { step, .. } if step == name)
                });
                assert_eq!(done.count(), 1, "{name} is done once");
            }
        }
        End::RolledBack { waived } => {
            assert!(
                sim.world.is_as_before(&sim.waived),
                "left over: {:?}",
                sim.world
            );
            assert!(
                !sim.world.has_deleted(),
                "rolled back, and something is gone"
            );
            assert_eq!(waived.len(), sim.waived.len(), "what was left is told");
        }
        other => panic!("unexpected end {other:?}"),
    }
}

/// Only a step that failed for good, or a person, starts a rollback.
fn assert_rollbacks_have_cause(journal: &[Event]) {
    for (at, event) in journal.iter().enumerate() {
        let EventBody::RollbackStarted(RollbackCause::Failed { step: blamed }) = &event.body else {
            continue;
        };
        let last = journal[..at]
            .iter()
            .rev()
            .find_map(|event| match &event.body {
                EventBody::AttemptFailed { step, then, .. } if step == blamed => Some(*then),
                _ => None,
            });
        assert_eq!(last, Some(Then::GiveUp), "{blamed} did not fail for good");
    }
}

/// The summary says of the run what the machine knows.
fn assert_agree(summary: &RunSummary, machine: &Machine) {
    let state = match machine.status() {
        Status::Running => RunStatus::Running,
        Status::Suspended(reason) => reason.into(),
        Status::Ended(end) => end.into(),
    };
    assert_eq!(summary.state, state);
    assert_eq!(summary.rollback.is_some(), machine.is_rolling_back());
    assert_eq!(summary.parameters, machine.created().parameters);
    if !machine.is_rolling_back() {
        assert_eq!(summary.output(), machine.output());
    }
    if let Status::Ended(End::RolledBack { waived }) = machine.status() {
        let names = summary.waived().map(|(step, _)| &step.name);
        assert!(names.eq(waived), "waived are {waived:?}");
    }
    for (id, step) in machine.shape().ids().zip(&summary.steps) {
        let fits: &[StepStatus] = match machine.step(id).phase {
            Phase::Waiting(_) => &[StepStatus::Pending],
            Phase::Running => &[StepStatus::Running],
            Phase::Done => &[StepStatus::Done, StepStatus::Adopted],
            Phase::Failed => &[StepStatus::Failed],
            Phase::Undoing => &[StepStatus::Undoing],
            Phase::UndoFailed => &[StepStatus::UndoFailed],
            // A pause may be over, and what broke off or failed may be tried again.
            _ => continue,
        };
        assert!(fits.contains(&step.status), "{step:?} is {fits:?}");
    }
}

/// Whether a run that broke off here can only be rolled back.
fn will_roll_back(spec: &Spec, machine: &Machine) -> bool {
    let failed = |step| machine.step(step).phase == Phase::Failed;
    let turns = spec.rolls_back() && machine.point_of_no_return().is_none();
    machine.is_rolling_back() || (turns && machine.shape().ids().any(failed))
}

proptest! {
    #![proptest_config(cases(6000))]

    /// The rules of starting and undoing are examined at every decision (see
    /// `Sim::examine`); the world forbids to make, undo or adopt wrongly.
    #[test]
    fn whatever_happens_the_world_is_complete_or_as_before(
        spec in specs(12), script in scripts(120)
    ) {
        let mut sim = Sim::new(spec, script);
        let end = sim.finish();
        assert_end_fits(&sim, &end);
        assert_rollbacks_have_cause(&sim.journal);
        let replayed = Machine::replay(&sim.journal).unwrap();
        prop_assert_eq!(view(&replayed), view(&sim.machine));
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn every_prefix_of_a_history_leads_to_an_end_that_fits(
        spec in specs(6), script in scripts(50)
    ) {
        let mut sim = Sim::new(spec.clone(), script);
        sim.finish();
        for cut in 1..=sim.journal.len() {
            let events = &sim.journal[..cut];
            let broken_off = Machine::replay(events).unwrap();
            if let Status::Ended(End::RolledBack { .. }) = broken_off.status() {
                continue;
            }
            let back = will_roll_back(&spec, &broken_off);
            let world = sim.worlds[cut - 1].clone();
            let mut again = Sim::taken_up(spec.clone(), events, world);
            let end = again.finish();
            let is_back = matches!(end, End::RolledBack { .. });
            prop_assert_eq!(is_back, back, "cut after {} of {}", cut, sim.journal.len());
            assert_end_fits(&again, &end);
        }
    }
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn a_requested_rollback_leaves_the_world_as_before(
        spec in specs(12), script in scripts(90)
    ) {
        let mut sim = Sim::new(Spec { reversible: true, ..spec }, script);
        sim.drive();
        let over = matches!(sim.machine.status(), Status::Ended(End::RolledBack { .. }));
        if !over {
            if !sim.try_rollback() {
                return Ok(());
            }
            let end = sim.finish();
            let back = matches!(end, End::RolledBack { .. });
            prop_assert!(back, "{:?}", end);
        }
        prop_assert!(sim.world.is_as_before(&sim.waived));
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn a_replay_knows_what_the_live_machine_knows(spec in specs(8), script in scripts(80)) {
        let mut sim = Sim::new(spec, script);
        let mut replayed: Option<Machine> = None;
        let mut seen = 0;
        while !matches!(
            sim.machine.status(),
            Status::Ended(End::Succeeded | End::RolledBack { .. })
        ) {
            if *sim.machine.status() != Status::Running {
                sim.take_up();
            }
            sim.drive_watched(&mut |sim| {
                let machine = replayed
                    .get_or_insert_with(|| Machine::replay(&sim.journal[..1]).unwrap());
                for event in &sim.journal[seen.max(1)..] {
                    machine.apply(event).unwrap();
                }
                seen = sim.journal.len();
                assert_eq!(view(machine), view(&sim.machine));
            });
        }
    }

    /// Held live, event by event, or written down and read again after any event,
    /// or made of the whole history at once: a summary is the same, and right.
    #[test]
    fn a_summary_is_the_same_however_it_is_folded(spec in specs(6), script in scripts(60)) {
        let mut sim = Sim::new(spec, script);
        sim.finish();
        let journal = &sim.journal;
        let mut machine = Machine::replay(&journal[..1]).unwrap();
        let mut live = RunSummary::begin(&journal[0]).unwrap();
        let mut stored = live.clone();
        for (cut, event) in journal.iter().enumerate().skip(1) {
            machine.apply(event).unwrap();
            live.apply(event);
            stored = serde_json::from_slice(&serde_json::to_vec(&stored).unwrap()).unwrap();
            stored.apply(event);
            prop_assert_eq!(&stored, &live);
            let whole = RunSummary::of(&journal[..=cut], true);
            prop_assert_eq!(whole.as_ref(), Some(&live));
            assert_agree(&live, &machine);
            let mut dead = live.clone();
            dead.crash();
            prop_assert_eq!(RunSummary::of(&journal[..=cut], false), Some(dead));
        }
    }

    #[test]
    fn events_survive_the_journal(spec in specs(6), script in scripts(60)) {
        let mut sim = Sim::new(spec, script);
        sim.finish();
        for event in &sim.journal {
            let text = serde_json::to_string(event).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Event>(&text).unwrap(), event, "{}", text);
        }
    }
}

/// What the properties say is worth something only if the simulated runs meet
/// all that can happen.
#[test]
fn the_simulation_meets_every_kind_of_history() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut note = |what, happened: bool| *seen.entry(what).or_default() += usize::from(happened);
    let mut runner = TestRunner::deterministic();
    let strategy = (specs(12), scripts(120));
    for _ in 0..2000 {
        let (spec, script) = strategy.new_tree(&mut runner).unwrap().current();
        let mut sim = Sim::new(spec, script);
        let end = sim.finish();
        let any = |test: &dyn Fn(&EventBody) -> bool| sim.journal.iter().any(|at| test(&at.body));
        let outcome = |wanted: &str| {
            any(&|body| match body {
                EventBody::AttemptSucceeded { outcome, .. } => {
                    serde_json::to_value(outcome).unwrap()["outcome"] == wanted
                }
                _ => false,
            })
        };
        for name in [
            "made",
            "ours",
            "theirs",
            "undone",
            "nothing_to_undo",
            "kept",
        ] {
            note(name, outcome(name));
        }
        note("crash", sim.crashes > 1);
        note("success", end == End::Succeeded);
        note("rollback", matches!(end, End::RolledBack { .. }));
        note(
            "stuck",
            any(&|body| matches!(body, EventBody::RunEnded(End::Stuck { .. }))),
        );
        note(
            "waived",
            any(&|body| matches!(body, EventBody::StepWaived { .. })),
        );
        note(
            "done by hand",
            any(&|body| matches!(body, EventBody::StepDone { .. })),
        );
        note(
            "retried",
            any(&|body| matches!(body, EventBody::StepRetried { .. })),
        );
        note(
            "options",
            any(&|body| matches!(body, EventBody::RollbackOptionsGiven { .. })),
        );
        note(
            "changed",
            any(&|body| matches!(body, EventBody::ParametersChanged(_))),
        );
        note(
            "doubt",
            any(&|body| matches!(body, EventBody::AttemptFailed { in_doubt: true, .. })),
        );
        note(
            "failed undo",
            any(&|body| {
                matches!(
                    body,
                    EventBody::AttemptFailed {
                        verb: Verb::Undo,
                        ..
                    }
                )
            }),
        );
        note(
            "dropped wait",
            any(&|body| matches!(body, EventBody::AttemptInterrupted { .. })),
        );
        for reason in ["operator", "failed", "interrupted", "deadline"] {
            note(
                reason,
                any(&|body| match body {
                    EventBody::RunSuspended(given) => {
                        serde_json::to_value(given).unwrap()["reason"] == reason
                    }
                    _ => false,
                }),
            );
        }
    }
    for (what, times) in &seen {
        assert!(
            *times >= 5,
            "{what} happened in {times} of 2000 runs: {seen:?}"
        );
    }
}
