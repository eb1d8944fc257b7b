//! What every workflow has to bear: each fault at each call, each death at each
//! append. A workflow comes in as a [`Trial`]; the account ends complete, or
//! exactly as it was before.

use std::sync::Arc;

use serde_json::Value;
use stepwell_engine::event::SuspendReason;
use stepwell_engine::machine::Status;
use stepwell_engine::{Journal, Machine, MemoryJournal, Report, RunId};
use stepwell_workflows::SurveyError;

use crate::strikes::{Blow, Dying, Strike, Striker, until_death};
use crate::support::{World, ended_well, memory, rolled_back};

/// A workflow on trial: the world it finds, and how it is begun in it.
pub(crate) trait Trial {
    /// An account of its own, as it is before the run.
    async fn world(&self) -> World;

    /// Surveys and runs the workflow.
    async fn begin(
        &self,
        world: &World,
        journal: Arc<dyn Journal>,
        run: RunId,
    ) -> Result<Report, SurveyError>;

    /// What of the account must be the same however a run came to its good
    /// end: all of it, unless chance has a part in it.
    fn seen(&self, world: &World) -> Value {
        inventory(world)
    }
}

/// Everything that the account holds.
pub(crate) fn inventory(world: &World) -> Value {
    world.account.inventory().expect("inventory")
}

/// What a run leaves when nothing goes wrong, and how many appends and calls
/// it takes.
pub(crate) struct Clean {
    pub(crate) seen: Value,
    pub(crate) appends: u64,
    pub(crate) calls: u64,
    pub(crate) mutating: u64,
}

pub(crate) async fn clean(trial: &impl Trial) -> Clean {
    let world = trial.world().await;
    let journal = Dying::new(memory(), u64::MAX, Strike::Before);
    let counter = Striker::new(u64::MAX, Blow::Refused, true);
    world.account.set_hook(Some(counter.clone()));
    let all = world.account.calls();
    let report = begun(trial, &world, journal.clone(), world.run_id()).await;
    assert!(ended_well(&report), "{report:?}");
    Clean {
        seen: trial.seen(&world),
        appends: journal.appends(),
        calls: world.account.calls() - all,
        mutating: counter.counted(),
    }
}

/// Begins a run whose survey must not fail.
async fn begun(trial: &impl Trial, world: &World, journal: Arc<dyn Journal>, run: RunId) -> Report {
    trial.begin(world, journal, run).await.expect("survey")
}

/// Takes a run up until it ends, by as many processes as it needs.
pub(crate) async fn finish(world: &World, journal: &Arc<MemoryJournal>, run: RunId) -> Report {
    for _ in 0..5 {
        let report = world.resume(journal.clone(), run).await.expect("resume");
        if matches!(report.status, Status::Ended(_)) {
            return report;
        }
    }
    panic!("the run does not end");
}

/// Where a run stands by its history.
async fn stands(journal: &MemoryJournal, run: RunId) -> Machine {
    let events = journal.load(run).await.expect("load");
    Machine::replay(&events).expect("replay")
}

/// Refused for good at any call that has an effect: all is undone.
pub(crate) async fn refused_at_any_call(trial: &impl Trial) {
    let clean = clean(trial).await;
    let mut struck = Vec::new();
    for number in 1..=clean.mutating {
        let world = trial.world().await;
        let before = inventory(&world);
        let striker = Striker::new(number, Blow::Refused, true);
        world.account.set_hook(Some(striker.clone()));
        let report = begun(trial, &world, memory(), world.run_id()).await;
        let context = format!("call {number} {:?}", striker.struck());
        assert!(rolled_back(&report), "{context}: {report:?}");
        assert_eq!(inventory(&world), before, "{context}");
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

/// Refused for good at a read: the survey touches nothing, a run undoes all.
/// Polls repeat, so of the later calls each seventh stands for its neighbours.
pub(crate) async fn refused_at_any_read(trial: &impl Trial) {
    let clean = clean(trial).await;
    let numbers = (1..=clean.calls).filter(|number| *number < 60 || number % 7 == 0);
    let (mut surveys, mut runs) = (0, 0);
    for number in numbers {
        let world = trial.world().await;
        let before = inventory(&world);
        let striker = Striker::new(number, Blow::Refused, false);
        world.account.set_hook(Some(striker.clone()));
        let result = trial.begin(&world, memory(), world.run_id()).await;
        let context = format!("call {number} {:?}", striker.struck());
        match result {
            Err(_) => {
                surveys += 1;
                assert_eq!(inventory(&world), before, "{context}");
            }
            // Only of use to a message, or of a region that may be left out.
            Ok(report) if ended_well(&report) => {
                assert_eq!(trial.seen(&world), clean.seen, "{context}");
            }
            Ok(report) => {
                runs += 1;
                assert!(rolled_back(&report), "{context}: {report:?}");
                assert_eq!(inventory(&world), before, "{context}");
            }
        }
    }
    println!(
        "of {} calls, refused: {surveys} of a survey, {runs} of a run",
        clean.calls
    );
    assert!(surveys > 0 && runs > 0);
}

/// What passes by itself makes no difference.
pub(crate) async fn passing_fault_at_any_call(trial: &impl Trial) {
    let clean = clean(trial).await;
    for blow in [Blow::Throttled, Blow::ResetBefore, Blow::Lost] {
        for number in 1..=clean.mutating {
            let world = trial.world().await;
            let striker = Striker::new(number, blow, true);
            world.account.set_hook(Some(striker.clone()));
            let report = begun(trial, &world, memory(), world.run_id()).await;
            let context = format!("{blow:?} at call {number}, {:?}", striker.struck());
            assert!(ended_well(&report), "{context}: {report:?}");
            assert_eq!(trial.seen(&world), clean.seen, "{context}");
        }
    }
    println!(
        "3 passing faults at each of {} mutating calls",
        clean.mutating
    );
}

/// Expired credentials suspend; nothing is undone, and the run goes on.
pub(crate) async fn expired_at_any_call(trial: &impl Trial) {
    let clean = clean(trial).await;
    for number in 1..=clean.mutating {
        let world = trial.world().await;
        let striker = Striker::new(number, Blow::Expired, true);
        world.account.set_hook(Some(striker.clone()));
        let (journal, run) = (memory(), world.run_id());
        let report = begun(trial, &world, journal.clone(), run).await;
        assert!(
            matches!(
                report.status,
                Status::Suspended(SuspendReason::Operator { .. })
            ),
            "call {number}: {report:?}"
        );
        let report = finish(&world, &journal, run).await;
        assert!(ended_well(&report), "call {number}: {report:?}");
        assert_eq!(trial.seen(&world), clean.seen, "call {number}");
    }
}

/// Death before or after any append: resumed to the same end.
pub(crate) async fn death_at_any_append(trial: &impl Trial) {
    let clean = clean(trial).await;
    for strike in [Strike::Before, Strike::After] {
        for number in 1..=clean.appends {
            let world = trial.world().await;
            let before = inventory(&world);
            let (inner, run) = (memory(), world.run_id());
            let journal = Dying::new(inner.clone(), number, strike);
            let ended = until_death(&journal, begun(trial, &world, journal.clone(), run)).await;
            assert!(ended.is_none(), "the process must die at append {number}");
            let context = format!("died {strike:?} append {number} of {}", clean.appends);
            if inner.load(run).await.expect("load").is_empty() {
                // Nothing was recorded, so nothing may have been done.
                assert_eq!(inventory(&world), before, "{context}");
                continue;
            }
            if !matches!(stands(&inner, run).await.status(), Status::Ended(_)) {
                let report = finish(&world, &inner, run).await;
                assert!(ended_well(&report), "{context}: {report:?}");
            }
            assert_eq!(trial.seen(&world), clean.seen, "{context}");
        }
    }
    println!("died before and after each of {} appends", clean.appends);
}

/// Death before or after any call that has an effect: resumed to the same end.
pub(crate) async fn death_at_any_call(trial: &impl Trial) {
    let clean = clean(trial).await;
    for blow in [Blow::DeathBefore, Blow::DeathAfter] {
        for number in 1..=clean.mutating {
            let world = trial.world().await;
            let striker = Striker::new(number, blow, true);
            world.account.set_hook(Some(striker.clone()));
            let (journal, run) = (memory(), world.run_id());
            tokio::select! {
                biased;
                () = striker.died.notified() => {}
                report = begun(trial, &world, journal.clone(), run) => panic!("{report:?}"),
            }
            world.account.set_hook(None);
            let report = finish(&world, &journal, run).await;
            let context = format!("{blow:?} at call {number}, {:?}", striker.struck());
            assert!(ended_well(&report), "{context}: {report:?}");
            assert_eq!(trial.seen(&world), clean.seen, "{context}");
        }
    }
    println!(
        "died before and after each of {} mutating calls (of {})",
        clean.mutating, clean.calls
    );
}

/// Death at any append of a rollback, whose cause is the last effect's failing
/// for good: resumed to nothing. At least `least` such points must be met.
pub(crate) async fn death_at_any_append_of_a_rollback(trial: &impl Trial, least: usize) {
    let clean = clean(trial).await;
    let failing = |world: &World| {
        let striker = Striker::new(clean.mutating, Blow::Refused, true);
        world.account.set_hook(Some(striker));
    };
    let appends = {
        let world = trial.world().await;
        failing(&world);
        let journal = Dying::new(memory(), u64::MAX, Strike::Before);
        let report = begun(trial, &world, journal.clone(), world.run_id()).await;
        assert!(rolled_back(&report), "{report:?}");
        journal.appends()
    };
    let mut points = 0;
    for strike in [Strike::Before, Strike::After] {
        for number in (clean.appends / 2)..=appends {
            let world = trial.world().await;
            let before = inventory(&world);
            failing(&world);
            let (inner, run) = (memory(), world.run_id());
            let journal = Dying::new(inner.clone(), number, strike);
            let ended = until_death(&journal, begun(trial, &world, journal.clone(), run)).await;
            let context = format!("died {strike:?} append {number} of {appends}");
            assert!(ended.is_none(), "{context}");
            let machine = stands(&inner, run).await;
            let is_over = matches!(machine.status(), Status::Ended(_));
            if !is_over && !machine.is_backward() {
                continue;
            }
            points += 1;
            if !is_over {
                let report = finish(&world, &inner, run).await;
                assert!(rolled_back(&report), "{context}: {report:?}");
            }
            assert_eq!(inventory(&world), before, "{context}");
        }
    }
    println!("died at {points} points of a rollback of {appends} appends in all");
    assert!(points >= least, "{points}");
}

/// A finished run is rolled back, and a blow falls at any call of that: the
/// account ends as it was before the run.
pub(crate) async fn blow_at_any_call_of_a_rollback(trial: &impl Trial) {
    let mutating = {
        let world = trial.world().await;
        let before = inventory(&world);
        let (journal, run) = (memory(), world.run_id());
        assert!(ended_well(
            &begun(trial, &world, journal.clone(), run).await
        ));
        let counter = Striker::new(u64::MAX, Blow::Refused, true);
        world.account.set_hook(Some(counter.clone()));
        let report = world.rollback(journal, run).await.expect("rollback");
        assert!(rolled_back(&report), "{report:?}");
        assert_eq!(inventory(&world), before);
        counter.counted()
    };
    for blow in BLOWS {
        for number in 1..=mutating {
            let world = trial.world().await;
            let before = inventory(&world);
            let (journal, run) = (memory(), world.run_id());
            let report = begun(trial, &world, journal.clone(), run).await;
            assert!(ended_well(&report), "{report:?}");
            let striker = Striker::new(number, blow, true);
            world.account.set_hook(Some(striker.clone()));
            let report = tokio::select! {
                biased;
                () = striker.died.notified() => None,
                report = world.rollback(journal.clone(), run) => Some(report.expect("rollback")),
            };
            world.account.set_hook(None);
            let context = format!("{blow:?} at call {number}, {:?}", striker.struck());
            let report = match report {
                Some(report) if is_passing(blow) => report,
                _ => finish(&world, &journal, run).await,
            };
            assert!(rolled_back(&report), "{context}: {report:?}");
            assert_eq!(inventory(&world), before, "{context}");
        }
    }
    println!("a rollback of {mutating} mutating calls, each struck in each way");
    assert!(mutating > 0);
}

/// A workflow that only goes forward, struck in every way at every call and
/// every append: it is suspended or dies, and goes on to the same end.
pub(crate) async fn forward_only_through_everything(trial: &impl Trial) {
    let clean = clean(trial).await;
    death_at_any_append(trial).await;
    for blow in BLOWS {
        for number in 1..=clean.mutating {
            let world = trial.world().await;
            let striker = Striker::new(number, blow, true);
            world.account.set_hook(Some(striker.clone()));
            let (journal, run) = (memory(), world.run_id());
            let report = tokio::select! {
                biased;
                () = striker.died.notified() => None,
                report = begun(trial, &world, journal.clone(), run) => Some(report),
            };
            world.account.set_hook(None);
            let context = format!("{blow:?} at call {number}, {:?}", striker.struck());
            match report {
                Some(report) if is_passing(blow) => {
                    assert!(ended_well(&report), "{context}: {report:?}");
                }
                Some(report) => assert!(
                    matches!(report.status, Status::Suspended(_)),
                    "{context}: {report:?}"
                ),
                None => {}
            }
            if !is_passing(blow) {
                let report = finish(&world, &journal, run).await;
                assert!(ended_well(&report), "{context}: {report:?}");
            }
            assert_eq!(trial.seen(&world), clean.seen, "{context}");
        }
    }
    println!(
        "{} appends and {} mutating calls, each struck",
        clean.appends, clean.mutating
    );
}

/// Every way to strike a call.
const BLOWS: [Blow; 7] = [
    Blow::Refused,
    Blow::Throttled,
    Blow::ResetBefore,
    Blow::Lost,
    Blow::Expired,
    Blow::DeathBefore,
    Blow::DeathAfter,
];

/// Whether an attempt of the same process makes up for a blow.
fn is_passing(blow: Blow) -> bool {
    matches!(blow, Blow::Throttled | Blow::ResetBefore | Blow::Lost)
}
