//! A process that may have lost its right to the run begins nothing.

use std::sync::Arc;

use stepwell_engine::event::{End, SuspendReason};
use stepwell_engine::machine::Status;
use stepwell_engine::{BoxFuture, Lease, Stop, stop_channel};
use tokio::sync::watch;

use crate::support::{Act, Bench, create, delete, graph, secs};

struct Held(watch::Receiver<bool>);

impl Lease for Held {
    fn holds(&self) -> bool {
        *self.0.borrow()
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        let mut held = self.0.clone();
        Box::pin(async move {
            let _ = held.wait_for(|holds| *holds).await;
        })
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_until_it_is_certain_again() {
    let bench = Bench::new();
    bench.script("a", "run", [Act::Slow(secs(10))]);
    bench.script("gone", "run", [Act::Pause(secs(10))]);
    bench.script("late", "check", [Act::Slow(secs(10))]);
    let steps = graph([
        create("a", &[]),
        create("b", &["a"]),
        create("late", &[]),
        delete("gone", &[]),
    ]);
    let (hold, held) = watch::channel(true);
    let mut executor = bench.executor(Stop::never());
    executor.lease = Arc::new(Held(held));
    let sleeping = async {
        bench.clock.sleep(secs(5)).await;
        hold.send_replace(false);
        bench.clock.sleep(secs(3600)).await;
        // Calls in flight have returned; nothing was begun after them, between
        // a check and its effect or after a pause neither.
        assert_eq!(bench.world.count("check b"), 0);
        assert_eq!(bench.world.count("run late"), 0);
        assert_eq!(bench.world.things(), ["a"]);
        let story = bench.story();
        for line in ["run late 1: interrupted", "run gone 1: interrupted"] {
            assert!(story.contains(&line.to_owned()), "{story:#?}");
        }
        hold.send_replace(true);
    };
    let (report, ()) = tokio::join!(bench.begin(&executor, &steps), sleeping);
    assert_eq!(report.unwrap().status, Status::Ended(End::Succeeded));
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_lost_interrupts_the_run() {
    let bench = Bench::new();
    bench.script("a", "run", [Act::Slow(secs(10))]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    let (hold, held) = watch::channel(true);
    let (stopper, stop) = stop_channel();
    let mut executor = bench.executor(stop);
    executor.lease = Arc::new(Held(held));
    let losing = async {
        bench.clock.sleep(secs(5)).await;
        hold.send_replace(false);
        bench.clock.sleep(secs(60)).await;
        stopper.stop();
    };
    let (report, ()) = tokio::join!(bench.begin(&executor, &steps), losing);
    let interrupted = Status::Suspended(SuspendReason::Interrupted);
    assert_eq!(report.unwrap().status, interrupted);
    assert_eq!(bench.world.count("check b"), 0);
}
