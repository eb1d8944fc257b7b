//! What can't be survived, and what the program does instead. Each of these is
//! a limit of AWS's interface, not a matter of chance: when one of them gets
//! better, its test says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use stepwell_engine::{MemoryJournal, Report, RunId};
use stepwell_sandbox::{Call, Hook, Verdict};

use super::faults::{At, Fault, Lasting, Trouble};
use super::tally::some;
use super::{Act, Case, Fate, Trial as _, clean, inventory, tidy};
use crate::campaign::AuroraCreate;
use crate::support::{Wanted, World, ended_well, memory, options, rolled_back};

/// Does something to the n-th call of an operation.
struct To {
    operation: &'static str,
    before: Option<Verdict>,
    after: Option<Verdict>,
    calls: AtomicU64,
}

impl To {
    fn first(
        operation: &'static str,
        before: Option<Verdict>,
        after: Option<Verdict>,
    ) -> Arc<Self> {
        Arc::new(Self {
            operation,
            before,
            after,
            calls: AtomicU64::new(0),
        })
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Hook for To {
    fn before(&self, call: &Call) -> Verdict {
        if call.operation != self.operation {
            return Verdict::Proceed;
        }
        let first = self.calls.fetch_add(1, Ordering::SeqCst) == 0;
        let verdict = self.before.clone().filter(|_| first);
        verdict.unwrap_or(Verdict::Proceed)
    }

    fn after(&self, call: &Call) -> Verdict {
        let first = call.operation == self.operation && self.calls() == 1;
        let verdict = self.after.clone().filter(|_| first);
        verdict.unwrap_or(Verdict::Proceed)
    }
}

fn vpcs(world: &World) -> usize {
    (world.resources().iter())
        .filter(|resource| resource.kind == "vpc")
        .count()
}

async fn create(world: &World, journal: Arc<MemoryJournal>, run: RunId) -> Report {
    let report = world.create(journal, run, options(2), Wanted::default());
    report.await.expect("run")
}

/// A deletion by name and tags, without any history.
async fn delete(world: &World) {
    let found = world.survey_delete(None).await.expect("survey");
    let report = world.delete(memory(), world.run_id(), &found).await;
    let report = report.expect("run");
    assert!(ended_well(&report), "{report:?}");
}

/// The answer to CreateVpc is lost, and no read shows the VPC for longer than
/// the program doubts (half a minute). It makes a second one and succeeds; the
/// first stays beside it, empty, until the cluster is deleted or the run rolled
/// back.
#[tokio::test(start_paused = true)]
async fn a_vpc_whose_answer_is_lost_and_that_no_read_shows_is_made_twice() {
    let (mut twice, mut once) = (0, 0);
    for seed in 1..=12 {
        let world = World::with(|options| {
            options.seed = seed;
            // Reads miss what is young for up to two minutes.
            options.consistency_window = Duration::from_secs(120);
        })
        .await;
        let empty = inventory(&world);
        let lost = To::first("CreateVpc", None, Some(Verdict::Lose));
        world.account.set_hook(Some(lost.clone()));
        let (journal, run) = (memory(), world.run_id());
        let report = create(&world, journal.clone(), run).await;
        let context = format!("seed {seed}: {} VPCs, {report:?}", vpcs(&world));
        assert!(ended_well(&report), "{context}");
        match lost.calls() {
            1 => once += 1,
            _ => twice += 1,
        }
        world.clock.sleep(Duration::from_secs(600)).await;
        // Both are the run's: whoever takes it away takes both.
        if seed % 2 == 0 {
            delete(&world).await;
        } else {
            let report = world.rollback(journal, run).await.expect("rollback");
            assert!(rolled_back(&report), "{context}: {report:?}");
        }
        assert_eq!(inventory(&world), empty, "{context}");
    }
    println!("a vpc that no read shows: made once {once}, made twice {twice}, duplicates left 0");
    assert!(twice > 0 && once > 0);
}

/// A request that is under way for longer than the program doubts has its
/// effect when another has had it already.
#[tokio::test(start_paused = true)]
async fn a_request_that_arrives_when_nobody_expects_it_any_more_makes_a_second_vpc() {
    let (mut cases, mut twice) = (0, 0);
    for seconds in [80, 100, 200, 400] {
        let world = World::new().await.detached().await;
        let empty = inventory(&world);
        let late = Verdict::Delay(Duration::from_secs(seconds));
        let late = To::first("CreateVpc", Some(late), None);
        world.account.set_hook(Some(late.clone()));
        let report = create(&world, memory(), world.run_id()).await;
        let context = format!("{seconds} s: {} VPCs, {report:?}", vpcs(&world));
        let expected = if seconds < 150 { 1 } else { 2 };
        assert!(ended_well(&report), "{context}");
        assert_eq!(late.calls(), expected, "{context}");
        assert_eq!(vpcs(&world) as u64, expected, "{context}");
        twice += usize::from(expected == 2);
        world.account.set_hook(None);
        delete(&world).await;
        assert_eq!(inventory(&world), empty, "{seconds}");
        cases += 1;
    }
    println!("requests that arrive late: {cases}, a second vpc {twice}, left after a deletion 0");
}

/// AWS says for ever that something is not there. The program believes it after
/// three looks, and a rollback passes over it; what is left carries its tags,
/// and a deletion by name finds it.
#[tokio::test(start_paused = true)]
async fn what_aws_denies_for_ever_is_left_and_found_by_a_deletion() {
    let clean = clean(&AuroraCreate).await;
    let finished = async || {
        let case = Case::new(&AuroraCreate, None).await;
        let report = case.live(Act::Begin, Fate::default()).await;
        assert!(ended_well(&report.expect("alive").expect("survey")));
        case
    };
    let heard = {
        let case = finished().await;
        case.watch.record();
        case.live(Act::Rollback, Fate::default()).await;
        case.watch.heard()
    };
    let mut places: Vec<usize> = (0..heard.len())
        .filter(|&place| heard[place].missing.is_some())
        .collect();
    places.dedup_by_key(|place| heard[*place].signature.clone());
    let (mut left, mut gone) = (0, 0);
    for place in some(places, 24) {
        let case = finished().await;
        let at = At::Call(heard[place].signature.clone(), 1);
        let trouble = Some(Trouble::new(Fault::Missed, Lasting::ForEver, at));
        let fate = Fate {
            trouble,
            ..Fate::default()
        };
        let report = case.live(Act::Rollback, fate).await.expect("alive");
        let report = report.expect("rollback");
        case.watch.heal();
        case.stage.account.set_hook(None);
        let context = format!("{}: {report:?}", heard[place].signature);
        if inventory(&case.stage) == case.before {
            gone += 1;
        } else {
            left += 1;
            case.stage.clock.sleep(Duration::from_secs(600)).await;
            delete(&case.stage).await;
        }
        assert_eq!(inventory(&case.stage), case.before, "{context}");
    }
    println!("denied for ever in a rollback: nothing left {gone}, left and then deleted {left}");
    assert!(left > 0);
    assert_ne!(tidy(inventory(&AuroraCreate.stage().await)), clean.seen);
}
