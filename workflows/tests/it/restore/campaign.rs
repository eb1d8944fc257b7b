//! Every failure and every crash at every point of a restore, and the contract
//! of its steps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use stepwell_engine::event::{EventBody, Outcome, SuspendReason, Verb};
use stepwell_engine::machine::Status;
use stepwell_engine::{Journal as _, MemoryJournal, Report, RunId};

use super::{PASSWORD, managed, restore, wanted, witness, world};
use crate::strikes::{Blow, Dying, Strike, Striker, until_death};
use crate::support::{World, ended_well, memory, rolled_back};

/// What a restore leaves when nothing goes wrong, and how many appends and
/// mutating calls it takes.
struct Clean {
    census: BTreeMap<String, usize>,
    appends: u64,
    mutating: u64,
}

/// A world to restore in, with a password to set: the step whose effect nobody
/// can read back.
async fn stage() -> World {
    world("17.5").await.with_password(PASSWORD).await
}

async fn clean() -> Clean {
    let world = stage().await;
    let journal = Dying::new(memory(), u64::MAX, Strike::Before);
    let counter = Striker::new(u64::MAX, Blow::Refused, true);
    world.account.set_hook(Some(counter.clone()));
    let report = restore(&world, journal.clone(), world.run_id(), wanted(2)).await;
    assert!(ended_well(&report), "{report:?}");
    Clean {
        census: world.census(),
        appends: journal.appends(),
        mutating: counter.counted(),
    }
}

async fn finish(world: &World, journal: &Arc<MemoryJournal>, run: RunId) -> Report {
    for _ in 0..5 {
        let report = world.resume(journal.clone(), run).await.expect("resume");
        if matches!(report.status, Status::Ended(_)) {
            return report;
        }
    }
    panic!("the run does not end");
}

#[tokio::test(start_paused = true)]
async fn a_restore_refused_at_any_call_leaves_the_account_as_it_was() {
    let clean = clean().await;
    let mut struck = Vec::new();
    for number in 1..=clean.mutating {
        let world = stage().await;
        let before = world.account.inventory().expect("inventory");
        let striker = Striker::new(number, Blow::Refused, true);
        world.account.set_hook(Some(striker.clone()));
        let report = restore(&world, memory(), world.run_id(), wanted(2)).await;
        let context = format!("call {number} {:?}", striker.struck());
        assert!(rolled_back(&report), "{context}: {report:?}");
        let after = world.account.inventory().expect("inventory");
        assert_eq!(after, before, "{context}");
        struck.extend(striker.struck());
    }
    println!("refused at each of {} calls: {struck:?}", clean.mutating);
    for operation in ["RestoreDBClusterFromSnapshot", "ModifyDBCluster"] {
        assert!(struck.iter().any(|one| one == operation), "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restore_bears_every_passing_fault() {
    let clean = clean().await;
    for blow in [Blow::Throttled, Blow::ResetBefore, Blow::Lost] {
        for number in 1..=clean.mutating {
            let world = stage().await;
            let striker = Striker::new(number, blow, true);
            world.account.set_hook(Some(striker.clone()));
            let report = restore(&world, memory(), world.run_id(), wanted(2)).await;
            let context = format!("{blow:?} at call {number}, {:?}", striker.struck());
            assert!(ended_well(&report), "{context}: {report:?}");
            assert_eq!(world.census(), clean.census, "{context}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_restore_with_expired_credentials_is_suspended_and_goes_on() {
    let clean = clean().await;
    for number in 1..=clean.mutating {
        let world = stage().await;
        let striker = Striker::new(number, Blow::Expired, true);
        world.account.set_hook(Some(striker));
        let (journal, run) = (memory(), world.run_id());
        let report = restore(&world, journal.clone(), run, wanted(2)).await;
        assert!(
            matches!(
                report.status,
                Status::Suspended(SuspendReason::Operator { .. })
            ),
            "call {number}: {report:?}"
        );
        let report = finish(&world, &journal, run).await;
        assert!(ended_well(&report), "call {number}: {report:?}");
        assert_eq!(world.census(), clean.census, "call {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_dies_at_any_append_is_resumed_to_the_same_end() {
    let clean = clean().await;
    for strike in [Strike::Before, Strike::After] {
        for number in 1..=clean.appends {
            let world = stage().await;
            let empty = world.census();
            let seen = witness(&world);
            let (inner, run) = (memory(), world.run_id());
            let journal = Dying::new(inner.clone(), number, strike);
            let work = restore(&world, journal.clone(), run, wanted(2));
            let ended = until_death(&journal, work).await;
            let context = format!("died {strike:?} append {number} of {}", clean.appends);
            assert!(ended.is_none(), "{context}");
            if inner.load(run).await.expect("load").is_empty() {
                assert_eq!(world.census(), empty, "{context}");
                continue;
            }
            let report = finish(&world, &inner, run).await;
            assert!(ended_well(&report), "{context}: {report:?}");
            assert_eq!(world.census(), clean.census, "{context}");
            assert_eq!(seen.restores.load(Ordering::SeqCst), 1, "{context}");
            assert!(seen.given.load(Ordering::SeqCst) >= 1, "{context}");
        }
    }
    println!("died before and after each of {} appends", clean.appends);
}

#[tokio::test(start_paused = true)]
async fn a_restore_that_dies_at_any_call_is_resumed_to_the_same_end() {
    let clean = clean().await;
    for blow in [Blow::DeathBefore, Blow::DeathAfter] {
        for number in 1..=clean.mutating {
            let world = stage().await;
            let striker = Striker::new(number, blow, true);
            world.account.set_hook(Some(striker.clone()));
            let (journal, run) = (memory(), world.run_id());
            tokio::select! {
                biased;
                () = striker.died.notified() => {}
                report = restore(&world, journal.clone(), run, wanted(2)) => panic!("{report:?}"),
            }
            world.account.set_hook(None);
            let report = finish(&world, &journal, run).await;
            let context = format!("{blow:?} at call {number}, {:?}", striker.struck());
            assert!(ended_well(&report), "{context}: {report:?}");
            assert_eq!(world.census(), clean.census, "{context}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_finished_restore_rolls_back_to_the_snapshot_alone() {
    let world = stage().await;
    let before = world.account.inventory().expect("inventory");
    let (journal, run) = (memory(), world.run_id());
    let report = restore(&world, journal.clone(), run, wanted(2)).await;
    assert!(ended_well(&report), "{report:?}");
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

/// Forgets that a step succeeded, with all that came after, and takes the run
/// up: what can be read back is found as this run's own, and a given password
/// is set once more.
#[tokio::test(start_paused = true)]
async fn what_a_restore_made_is_found_by_check() {
    for (given, wanted) in [(true, wanted(1)), (false, managed(1))] {
        let world = match given {
            true => stage().await,
            false => world("17.5").await,
        };
        let (journal, run) = (memory(), world.run_id());
        let report = restore(&world, journal.clone(), run, wanted).await;
        assert!(ended_well(&report), "{report:?}");
        let events = journal.load(run).await.expect("load");
        let census = world.census();
        for name in ["restore", "password"] {
            let succeeded = |body: &EventBody| match body {
                EventBody::AttemptSucceeded {
                    step,
                    verb: Verb::Run,
                    outcome,
                    ..
                } if step.as_ref() == name => Some(outcome.clone()),
                _ => None,
            };
            let end = events
                .iter()
                .position(|event| succeeded(&event.body).is_some())
                .expect("a success");
            let forgetful = memory();
            forgetful
                .append(events[..end].to_vec())
                .await
                .expect("append");
            let report = world.resume(forgetful.clone(), run).await.expect("resume");
            assert!(ended_well(&report), "{name}: {report:?}");
            assert_eq!(world.census(), census, "{name}");
            let again = forgetful.load(run).await.expect("load");
            let outcome = again
                .iter()
                .find_map(|event| succeeded(&event.body))
                .expect("an outcome");
            match (name, given) {
                ("password", true) => assert!(matches!(outcome, Outcome::Made { .. })),
                _ => assert!(
                    matches!(outcome, Outcome::Ours { .. }),
                    "{name}: {outcome:?}"
                ),
            }
        }
    }
}
