//! A person asks a run to stop.

use stepwell_engine::event::{End, SuspendReason};
use stepwell_engine::machine::Status;
use stepwell_engine::{Fault, stop_channel};

use super::support::{Act, Bench, create, delete, graph, secs, wait};

const INTERRUPTED: Status = Status::Suspended(SuspendReason::Interrupted);

#[tokio::test(start_paused = true)]
async fn nothing_new_starts_waits_are_dropped_and_calls_return() {
    let bench = Bench::new();
    bench.script("call", "run", [Act::Slow(secs(20))]);
    bench.script("wait", "run", [Act::Slow(secs(600))]);
    bench.script("again", "run", [Act::Fail(Fault::transient("throttled"))]);
    let steps = graph([
        create("call", &[]),
        wait("wait", &[]),
        create("again", &[]).with(|policy| policy.first_delay = secs(30)),
        create("after", &["call"]),
    ]);
    let report = bench.start_stopped_after(&steps, secs(5)).await;
    assert_eq!(report.status, INTERRUPTED);
    let story = bench.story();
    assert!(story.contains(&"run wait 1: interrupted".into()));
    assert!(story.contains(&"run call 1: made".into()));
    assert!(!story.contains(&"run after 1: started".into()));
    assert!(!story.contains(&"run again 2: started".into()));
    assert_eq!(bench.world.peak_and_active().1, 0, "the wait is gone");

    let report = bench.resume().await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.things(), ["after", "again", "call"]);
    assert_eq!(bench.world.count("run call"), 1);
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_the_start_starts_nothing() {
    let bench = Bench::new();
    let (stopper, stop) = stop_channel();
    stopper.stop();
    let steps = graph([create("a", &[])]);
    let report = bench.start_with(&steps, stop).await.unwrap();
    assert_eq!(report.status, INTERRUPTED);
    assert_eq!(bench.story(), ["run_created", "run_suspended"]);
    assert!(bench.world.calls().is_empty());
    let report = bench.resume().await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_heard_by_a_run_that_never_waits() {
    let bench = Bench::new();
    let (stopper, stop) = stop_channel();
    let names: Vec<&'static str> = (0..300).map(|at| &*format!("s{at:03}").leak()).collect();
    let steps = graph(names.iter().enumerate().map(|(at, name)| {
        let parent: Vec<_> = at.checked_sub(1).map(|at| names[at]).into_iter().collect();
        create(name, &parent)
    }));
    let stopping = async {
        while bench.world.calls().len() < 100 {
            tokio::task::yield_now().await;
        }
        stopper.stop();
    };
    let (report, ()) = tokio::join!(bench.start_with(&steps, stop), stopping);
    assert_eq!(report.unwrap().status, INTERRUPTED);
    // Each step is a check and a run; one or two more may be under way.
    let calls = bench.world.calls().len();
    assert!(calls <= 106, "{calls} calls");
}

#[tokio::test(start_paused = true)]
async fn a_pause_inside_of_a_call_ends() {
    let bench = Bench::new();
    bench.script("gone", "run", [Act::Pause(secs(60))]);
    let steps = graph([delete("gone", &[])]);
    let report = bench.start_stopped_after(&steps, secs(5)).await;
    assert_eq!(report.status, INTERRUPTED);
    assert_eq!(bench.story()[2], "run gone 1: interrupted");
    let report = bench.resume().await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    let progress = bench.ears.progress.lock().unwrap().clone();
    assert!(progress.contains(&"gone: pausing".into()));
}

#[tokio::test(start_paused = true)]
async fn an_operator_fault_ends_pauses_too() {
    let bench = Bench::new();
    bench.script("gone", "run", [Act::Pause(secs(60))]);
    bench.script("a", "check", [Act::Slow(secs(5))]);
    bench.script("a", "run", [Act::Fail(Fault::operator("expired"))]);
    let steps = graph([delete("gone", &[]), create("a", &[])]);
    let report = bench.start(&steps).await;
    assert!(matches!(
        report.status,
        Status::Suspended(SuspendReason::Operator { .. })
    ));
    let took = bench.when("run_suspended") - bench.when("run_created");
    assert!((5_000..5_010).contains(&took), "{took}");
    assert!(bench.story().contains(&"run gone 1: interrupted".into()));
}

#[tokio::test(start_paused = true)]
async fn a_rollback_stops_and_goes_on() {
    let bench = Bench::new();
    bench.script("c", "run", [Act::Fail(Fault::permanent("no"))]);
    bench.script("b", "undo", [Act::Slow(secs(60))]);
    let pausing = [Act::Pause(secs(60)), Act::Well];
    bench.script("x", "undo", pausing);
    let steps = graph([
        create("a", &[]),
        create("b", &["a"]),
        create("x", &["a"]),
        create("c", &["b", "x"]),
    ]);
    let report = bench.start_stopped_after(&steps, secs(5)).await;
    assert_eq!(report.status, INTERRUPTED);
    let story = bench.story();
    assert!(
        story.contains(&"undo b 1: undone".into()),
        "the call returns"
    );
    assert!(story.contains(&"undo x 1: interrupted".into()));
    assert_eq!(bench.world.things(), ["a", "x"]);

    // Once more, while the rollback is taken up again.
    bench.script("a", "undo", [Act::Pause(secs(60))]);
    let report = bench.resume_stopped_after(secs(5)).await;
    assert_eq!(report.status, INTERRUPTED);
    assert_eq!(bench.world.things(), ["a"]);
    let report = bench.rollback().await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert!(bench.world.things().is_empty());
    let turns = bench.story();
    let turns = turns.iter().filter(|line| *line == "rollback_started");
    assert_eq!(turns.count(), 1);
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_comes_with_the_last_result_stops_nothing() {
    let bench = Bench::new();
    bench.script("a", "run", [Act::Slow(secs(5))]);
    let steps = graph([create("a", &[])]);
    let report = bench.start_stopped_after(&steps, secs(4)).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
}
