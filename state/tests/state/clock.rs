//! A clock on the wall that steps: records are in order all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{
    Attempt, BoxFuture, Clock, Effect, Executor, Fault, Graph, Handle, Registry, RunId, Step, Stop,
    Timestamp, TokioClock,
};
use stepwell_state::{RunStatus, Verdict};

use crate::schema::history;
use stepwell_testkit::Chance;

use crate::support::{actor, append, created, open, place};

/// Half a century to and fro, and the ends of what can be said.
const STEPS: [i64; 8] = [
    -1,
    -3_600_000,
    -1_600_000_000_000,
    i64::MIN,
    1,
    86_400_000,
    1_600_000_000_000,
    i64::MAX,
];

#[test]
fn a_history_is_in_the_order_of_its_recording_whatever_its_times_say() {
    let mut dice = Chance::new(5);
    let (mut tried, mut back) = (0, 0);
    for _ in 0..40 {
        let (_dir, path) = place();
        let mut events = history();
        for event in &mut events {
            let step = STEPS[dice.index(STEPS.len())];
            event.at = Timestamp(event.at.0.saturating_add(step));
            tried += 1;
        }
        back += events
            .windows(2)
            .filter(|two| two[1].at < two[0].at)
            .count();
        let store = open(&path);
        for event in &events {
            append(&store, vec![event.clone()]);
        }
        let run = events[0].run;
        assert_eq!(store.events(run).expect("events"), events);
        let row = store.find("latest").expect("found");
        assert_eq!(row.started_at, events[0].at);
        assert_eq!(row.updated_at, events.last().expect("events").at);
        assert_eq!(store.doubt(&row).expect("read"), None);
        assert!(matches!(
            store.verify(run).expect("verified"),
            Some(Verdict::Whole { .. })
        ));
    }
    println!(
        "clock steps in histories: {tried} events, {back} of them before the one they follow, out of order 0"
    );
    assert!(back > 100);
}

/// The newest run is the one that was begun last, not the one with the latest
/// time.
#[test]
fn the_latest_run_is_the_last_one_begun() {
    let (_dir, path) = place();
    let store = open(&path);
    for (number, at) in [(1, 5_000), (2, 4_000), (3, 1_000), (4, -9_000)] {
        let mut first = crate::support::beginning(RunId::from_u128(number));
        first.at = Timestamp(at);
        append(&store, vec![first]);
        let latest = store.find("latest").expect("found");
        assert_eq!(latest.id, RunId::from_u128(number));
    }
}

/// A clock whose time of day jumps with each look at it.
struct Jumping {
    inner: TokioClock,
    looks: AtomicU64,
}

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        let mut dice = Chance::new(look);
        let step = STEPS[dice.index(STEPS.len())];
        Timestamp(self.inner.now().0.saturating_add(step))
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn to_wall(&self, duration: Duration) -> Duration {
        self.inner.to_wall(duration)
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}

/// Fails twice before it succeeds, so that there are timers.
#[derive(Serialize, Deserialize)]
struct Stumbling;

impl Step for Stumbling {
    type Context = AtomicU32;
    type Input = Vec<u32>;
    type Output = u32;
    const KIND: &'static str = "stumbling";
    const EFFECT: Effect = Effect::Create;
    const REPEATABLE: bool = true;

    async fn run(&self, at: &Attempt<AtomicU32>, _: &Vec<u32>) -> Result<u32, Fault> {
        let call = at.context().fetch_add(1, Ordering::SeqCst);
        if call % 3 < 2 {
            return Err(Fault::transient("not yet"));
        }
        Ok(call)
    }
}

#[test]
fn timers_do_not_hang_on_the_time_of_day() {
    let (_dir, path) = place();
    let store = open(&path);
    let mut builder = Graph::builder();
    let mut last: Option<Handle<u32>> = None;
    for number in 0..20 {
        let needs: Vec<_> = last.into_iter().collect();
        last = Some(builder.add(format!("step-{number}"), Stumbling, needs));
    }
    let graph = builder.finish().expect("a graph");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let run = RunId::from_u128(1);
    let (took, looks) = runtime.block_on(async {
        let clock = Arc::new(Jumping {
            inner: TokioClock::paused(),
            looks: AtomicU64::new(0),
        });
        let (stopper, stop) = stepwell_engine::stop_channel();
        let calls = Arc::new(AtomicU32::new(0));
        let registry = Arc::new(Registry::new().register::<Stumbling>());
        let executor = |stop| Executor {
            clock: clock.clone(),
            stop,
            ..Executor::new(registry.clone(), calls.clone(), Arc::new(store.clone()))
        };
        let start = clock.elapsed();
        // Stopped on the way, and gone on with at another time of day.
        let first = async {
            clock.sleep(Duration::from_secs(20)).await;
            stopper.stop();
        };
        let begun = executor(stop);
        let (report, ()) = tokio::join!(begun.start(run, created("t"), &graph), first);
        report.expect("stopped");
        let events = store.events(run).expect("events");
        let resumed = executor(Stop::never());
        let report = resumed.resume(&events, actor()).await;
        report.expect("ended");
        (clock.elapsed() - start, clock.looks.load(Ordering::Relaxed))
    });
    let row = store.find("latest").expect("found");
    assert_eq!(row.status, RunStatus::Succeeded);
    assert!(matches!(
        store.verify(run).expect("verified"),
        Some(Verdict::Whole { .. })
    ));
    println!(
        "clock steps during a run: {looks} looks at a jumping clock, 40 retries, done after {took:?} of steady time"
    );
    assert!(took < Duration::from_secs(3600), "{took:?}");
    assert!(looks > 100);
}
