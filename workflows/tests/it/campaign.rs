//! Every failure and every crash at every point: the account ends complete, or
//! exactly as it was before.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use stepwell_engine::machine::Status;
use stepwell_engine::{Journal as _, MemoryJournal, Report, RunId};
use stepwell_workflows::aurora::survey_create;

use crate::strikes::{Blow, Dying, Strike, Striker, until_death};
use crate::support::{Wanted, World, ended_well, memory, options, rolled_back};

/// A create of two instances, which has every kind of step.
async fn create(world: &World, journal: Arc<dyn stepwell_engine::Journal>, run: RunId) -> Report {
    world
        .create(journal, run, options(2), Wanted::default())
        .await
        .expect("run")
}

/// What a create leaves when nothing goes wrong, and how many appends and
/// mutating calls it takes.
struct Clean {
    census: BTreeMap<String, usize>,
    appends: u64,
    calls: u64,
    mutating: u64,
}

async fn clean() -> Clean {
    let world = World::new().await;
    let journal = Dying::new(memory(), u64::MAX, Strike::Before);
    let counter = Striker::new(u64::MAX, Blow::Refused, true);
    world.account.set_hook(Some(counter.clone()));
    let all = world.account.calls();
    let report = create(&world, journal.clone(), world.run_id()).await;
    assert!(ended_well(&report), "{report:?}");
    Clean {
        census: world.census(),
        appends: journal.appends(),
        calls: world.account.calls() - all,
        mutating: counter.counted(),
    }
}

/// Takes a run up until it ends, by as many processes as it needs.
async fn finish(world: &World, journal: &Arc<MemoryJournal>, run: RunId) -> Report {
    for _ in 0..5 {
        let report = world.resume(journal.clone(), run).await.expect("resume");
        if matches!(report.status, Status::Ended(_)) {
            return report;
        }
    }
    panic!("the run does not end");
}

fn inventory(world: &World) -> Value {
    world.account.inventory().expect("inventory")
}

#[tokio::test(start_paused = true)]
async fn a_create_refused_at_any_call_leaves_the_account_as_it_was() {
    let clean = clean().await;
    let mut struck = Vec::new();
    for number in 1..=clean.mutating {
        let world = World::new().await;
        let before = inventory(&world);
        let striker = Striker::new(number, Blow::Refused, true);
        world.account.set_hook(Some(striker.clone()));
        let report = create(&world, memory(), world.run_id()).await;
        assert!(rolled_back(&report), "call {number}: {report:?}");
        assert_eq!(
            inventory(&world),
            before,
            "call {number} {:?}",
            striker.struck()
        );
        let (_, fault) = report.fault.expect("fault");
        assert_eq!(fault.code.as_deref(), Some("InvalidParameterCombination"));
        assert!(fault.request_id.is_some());
        struck.extend(striker.struck());
    }
    println!(
        "refused at each of {} mutating calls: {struck:?}",
        clean.mutating
    );
    assert_eq!(struck.len() as u64, clean.mutating);
}

#[tokio::test(start_paused = true)]
async fn a_create_refused_at_any_read_leaves_the_account_as_it_was() {
    let clean = clean().await;
    // The survey's own reads come before there is a run; polls repeat, so of
    // the later calls each seventh stands for its neighbours.
    let survey = {
        let world = World::new().await;
        let calls = world.account.calls();
        let request = options(2).validate(None).expect("valid");
        survey_create(&world.aws, &request).await.expect("survey");
        world.account.calls() - calls
    };
    let numbers = (survey + 1..=clean.calls).filter(|number| *number < 60 || number % 7 == 0);
    let mut tried = 0;
    for number in numbers {
        let world = World::new().await;
        let before = inventory(&world);
        let striker = Striker::new(number, Blow::Refused, false);
        world.account.set_hook(Some(striker.clone()));
        let report = create(&world, memory(), world.run_id()).await;
        let context = format!("call {number} {:?}", striker.struck());
        if ended_well(&report) {
            // Only of use to a message, or of a region that may be left out.
            assert_eq!(world.census(), clean.census, "{context}");
        } else {
            assert!(rolled_back(&report), "{context}: {report:?}");
            assert_eq!(inventory(&world), before, "{context}");
        }
        tried += 1;
    }
    println!("refused at {tried} of {} calls", clean.calls);
}

#[tokio::test(start_paused = true)]
async fn a_passing_fault_at_any_call_makes_no_difference() {
    let clean = clean().await;
    for blow in [Blow::Throttled, Blow::ResetBefore, Blow::Lost] {
        for number in 1..=clean.mutating {
            let world = World::new().await;
            let striker = Striker::new(number, blow, true);
            world.account.set_hook(Some(striker.clone()));
            let report = create(&world, memory(), world.run_id()).await;
            let context = format!("{blow:?} at call {number}, {:?}", striker.struck());
            assert!(ended_well(&report), "{context}: {report:?}");
            assert_eq!(world.census(), clean.census, "{context}");
        }
    }
    println!(
        "3 passing faults at each of {} mutating calls",
        clean.mutating
    );
}

#[tokio::test(start_paused = true)]
async fn expired_credentials_suspend_and_nothing_is_undone() {
    let clean = clean().await;
    for number in 1..=clean.mutating {
        let world = World::new().await;
        let striker = Striker::new(number, Blow::Expired, true);
        world.account.set_hook(Some(striker.clone()));
        let (journal, run) = (memory(), world.run_id());
        let report = create(&world, journal.clone(), run).await;
        assert!(
            matches!(
                report.status,
                Status::Suspended(stepwell_engine::event::SuspendReason::Operator { .. })
            ),
            "call {number}: {report:?}"
        );
        let report = finish(&world, &journal, run).await;
        assert!(ended_well(&report), "call {number}: {report:?}");
        assert_eq!(world.census(), clean.census, "call {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_dies_at_any_append_is_resumed_to_the_same_end() {
    let clean = clean().await;
    for strike in [Strike::Before, Strike::After] {
        for number in 1..=clean.appends {
            let world = World::new().await;
            let (inner, run) = (memory(), world.run_id());
            let journal = Dying::new(inner.clone(), number, strike);
            let ended = until_death(&journal, create(&world, journal.clone(), run)).await;
            assert!(ended.is_none(), "the process must die at append {number}");
            let context = format!("died {strike:?} append {number} of {}", clean.appends);
            if inner.load(run).await.expect("load").is_empty() {
                // Nothing was recorded, so nothing may have been done.
                assert!(world.census().is_empty(), "{context}");
                continue;
            }
            let report = finish(&world, &inner, run).await;
            assert!(ended_well(&report), "{context}: {report:?}");
            assert_eq!(world.census(), clean.census, "{context}");
        }
    }
    println!("died before and after each of {} appends", clean.appends);
}

#[tokio::test(start_paused = true)]
async fn a_create_that_dies_at_any_call_is_resumed_to_the_same_end() {
    let clean = clean().await;
    for blow in [Blow::DeathBefore, Blow::DeathAfter] {
        for number in 1..=clean.mutating {
            let world = World::new().await;
            let striker = Striker::new(number, blow, true);
            world.account.set_hook(Some(striker.clone()));
            let (journal, run) = (memory(), world.run_id());
            tokio::select! {
                biased;
                () = striker.died.notified() => {}
                report = create(&world, journal.clone(), run) => panic!("{report:?}"),
            }
            world.account.set_hook(None);
            let report = finish(&world, &journal, run).await;
            let context = format!("{blow:?} at call {number}, {:?}", striker.struck());
            assert!(ended_well(&report), "{context}: {report:?}");
            assert_eq!(world.census(), clean.census, "{context}");
        }
    }
    println!(
        "died before and after each of {} mutating calls (of {})",
        clean.mutating, clean.calls
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_dies_at_any_append_is_resumed_to_nothing() {
    // The last effect fails for good, so that everything has to be undone.
    let clean = clean().await;
    let failing = |world: &World| {
        let striker = Striker::new(clean.mutating, Blow::Refused, true);
        world.account.set_hook(Some(striker));
    };
    let appends = {
        let world = World::new().await;
        failing(&world);
        let journal = Dying::new(memory(), u64::MAX, Strike::Before);
        let report = create(&world, journal.clone(), world.run_id()).await;
        assert!(rolled_back(&report), "{report:?}");
        journal.appends()
    };
    let mut points = 0;
    for strike in [Strike::Before, Strike::After] {
        for number in (clean.appends / 2)..=appends {
            let world = World::new().await;
            let before = inventory(&world);
            failing(&world);
            let (inner, run) = (memory(), world.run_id());
            let journal = Dying::new(inner.clone(), number, strike);
            let ended = until_death(&journal, create(&world, journal.clone(), run)).await;
            let context = format!("died {strike:?} append {number} of {appends}");
            assert!(ended.is_none(), "{context}");
            let backward = {
                let events = inner.load(run).await.expect("load");
                let machine = stepwell_engine::Machine::replay(&events).expect("replay");
                matches!(machine.status(), Status::Ended(_)) || machine.is_backward()
            };
            if !backward {
                continue;
            }
            points += 1;
            let events = inner.load(run).await.expect("load");
            let machine = stepwell_engine::Machine::replay(&events).expect("replay");
            if !matches!(machine.status(), Status::Ended(_)) {
                let report = finish(&world, &inner, run).await;
                assert!(rolled_back(&report), "{context}: {report:?}");
            }
            assert_eq!(inventory(&world), before, "{context}");
        }
    }
    println!("died at {points} points of a rollback of {appends} appends in all");
    assert!(points >= 12, "{points}");
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_fails_or_dies_anywhere_is_resumed_to_nothing() {
    let (appends, mutating) = {
        let world = World::new().await;
        create(&world, memory(), world.run_id()).await;
        let found = world.survey_delete(None).await.expect("survey");
        let journal = Dying::new(memory(), u64::MAX, Strike::Before);
        let counter = Striker::new(u64::MAX, Blow::Refused, true);
        world.account.set_hook(Some(counter.clone()));
        let report = world
            .delete(journal.clone(), world.run_id(), &found)
            .await
            .expect("run");
        assert!(ended_well(&report), "{report:?}");
        (journal.appends(), counter.counted())
    };
    for strike in [Strike::Before, Strike::After] {
        for number in 2..=appends {
            let world = World::new().await;
            let before = inventory(&world);
            create(&world, memory(), world.run_id()).await;
            let found = world.survey_delete(None).await.expect("survey");
            let (inner, run) = (memory(), world.run_id());
            let journal = Dying::new(inner.clone(), number, strike);
            let ended = until_death(&journal, world.delete(journal.clone(), run, &found)).await;
            let context = format!("died {strike:?} append {number} of {appends}");
            assert!(ended.is_none(), "{context}");
            let events = inner.load(run).await.expect("load");
            let machine = stepwell_engine::Machine::replay(&events).expect("replay");
            if !matches!(machine.status(), Status::Ended(_)) {
                let report = finish(&world, &inner, run).await;
                assert!(ended_well(&report), "{context}: {report:?}");
            }
            assert_eq!(inventory(&world), before, "{context}");
        }
    }
    for blow in [
        Blow::Refused,
        Blow::Throttled,
        Blow::ResetBefore,
        Blow::Lost,
        Blow::Expired,
        Blow::DeathBefore,
        Blow::DeathAfter,
    ] {
        for number in 1..=mutating {
            let world = World::new().await;
            let before = inventory(&world);
            create(&world, memory(), world.run_id()).await;
            let found = world.survey_delete(None).await.expect("survey");
            let striker = Striker::new(number, blow, true);
            world.account.set_hook(Some(striker.clone()));
            let (journal, run) = (memory(), world.run_id());
            let report = tokio::select! {
                biased;
                () = striker.died.notified() => None,
                report = world.delete(journal.clone(), run, &found) => Some(report.expect("run")),
            };
            world.account.set_hook(None);
            let context = format!("{blow:?} at call {number}, {:?}", striker.struck());
            let passing = matches!(blow, Blow::Throttled | Blow::ResetBefore | Blow::Lost);
            match report {
                Some(report) if passing => assert!(ended_well(&report), "{context}: {report:?}"),
                Some(report) => assert!(
                    matches!(report.status, Status::Suspended(_)),
                    "{context}: {report:?}"
                ),
                None => {}
            }
            if !passing {
                let report = finish(&world, &journal, run).await;
                assert!(ended_well(&report), "{context}: {report:?}");
            }
            assert_eq!(inventory(&world), before, "{context}");
        }
    }
    println!("a delete: {appends} appends and {mutating} mutating calls, each struck");
}
