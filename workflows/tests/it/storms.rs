//! A service that is asked too often for minutes on end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use stepwell_sandbox::{Call, Hook, Verdict};

use crate::peering::{Nets, THERE, peered};
use crate::support::{Wanted, World, ended_well, memory, options};

/// Throttles an operation so many times, once another was called so often.
struct Storm {
    after: (&'static str, u64),
    operation: &'static str,
    times: u64,
    seen: AtomicU64,
    throttled: AtomicU64,
}

impl Hook for Storm {
    fn before(&self, call: &Call) -> Verdict {
        let (first, often) = self.after;
        if call.operation == first {
            self.seen.fetch_add(1, Ordering::SeqCst);
        }
        if call.operation == self.operation
            && self.seen.load(Ordering::SeqCst) >= often
            && self.throttled.load(Ordering::SeqCst) < self.times
        {
            self.throttled.fetch_add(1, Ordering::SeqCst);
            return Verdict::Error {
                code: "RequestLimitExceeded".to_owned(),
                status: 503,
                message: "struck by the test".to_owned(),
            };
        }
        Verdict::Proceed
    }

    fn after(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }
}

#[tokio::test(start_paused = true)]
async fn a_peering_whose_last_look_is_throttled_for_minutes_is_not_undone() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let storm = Arc::new(Storm {
        after: ("CreateRoute", 5),
        operation: "DescribeRouteTables",
        times: 60,
        seen: AtomicU64::new(0),
        throttled: AtomicU64::new(0),
    });
    world.account.set_hook(Some(storm.clone()));
    let before = world.clock.elapsed();
    let made = peered(&world, &nets).await;
    let minutes = (world.clock.elapsed() - before).as_secs() / 60;
    let throttled = storm.throttled.load(Ordering::SeqCst);
    println!("throttled {throttled} looks over {minutes} minutes, and then whole");
    assert_eq!(throttled, 60);
    assert!(minutes >= 5, "{minutes}");
    assert_eq!(made.state, "active");
    assert_eq!(made.routes.len(), 5);
}

/// Throttles the first calls of each operation that reads, in each region.
#[derive(Default)]
struct EachRead(Mutex<BTreeMap<(String, String), u32>>);

/// How many calls of each.
const LOOKS: u32 = 3;

impl EachRead {
    /// How many operations of how many regions were throttled.
    fn told(&self, what: &str) -> usize {
        let reads = self.0.lock().unwrap();
        let count = reads.values().filter(|looks| **looks == LOOKS).count();
        println!("throttled {LOOKS} calls of each of {count} reads, and then {what}");
        count
    }
}

impl Hook for EachRead {
    fn before(&self, call: &Call) -> Verdict {
        if call.mutates {
            return Verdict::Proceed;
        }
        let mut reads = self.0.lock().unwrap();
        let read = (call.operation.clone(), call.region.clone());
        let throttled = reads.entry(read).or_default();
        if *throttled == LOOKS {
            return Verdict::Proceed;
        }
        *throttled += 1;
        Verdict::Error {
            code: "RequestLimitExceeded".to_owned(),
            status: 503,
            message: "struck by the test".to_owned(),
        }
    }

    fn after(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_is_not_given_up_for_throttles_in_each_region() {
    let world = World::new().await;
    let storm = Arc::new(EachRead::default());
    world.account.set_hook(Some(storm.clone()));
    let (run, journal) = (world.run_id(), memory());
    let report = world.create(journal, run, options(2), Wanted::default());
    let report = report.await.expect("run");
    assert!(ended_well(&report), "{report:?}");
    assert!(storm.told("created") > 20);
}

#[tokio::test(start_paused = true)]
async fn a_delete_is_not_refused_for_throttles_of_each_read() {
    let world = World::new().await;
    let (run, journal) = (world.run_id(), memory());
    let report = world.create(journal, run, options(2), Wanted::default());
    assert!(ended_well(&report.await.expect("run")));
    let calm = world.survey_delete(None).await.expect("survey");
    let storm = Arc::new(EachRead::default());
    world.account.set_hook(Some(storm.clone()));
    let found = world.survey_delete(None).await.expect("survey");
    assert_eq!(found, calm);
    assert!(storm.told("found all") >= 8);
}
