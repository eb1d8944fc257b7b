//! What follows a failed attempt.

use stepwell_engine::event::{End, EventBody, OnFailure, SuspendReason};
use stepwell_engine::machine::Status;
use stepwell_engine::{Effect, Fault};

use super::support::{Act, Bench, assert_suspended, create, define, graph, secs, wait};

fn times(count: usize, act: Act) -> Vec<Act> {
    vec![act; count]
}

#[tokio::test(start_paused = true)]
async fn a_transient_fault_is_retried_with_growing_pauses() {
    let bench = Bench::new();
    bench.script(
        "a",
        "run",
        times(3, Act::Fail(Fault::transient("throttled"))),
    );
    let report = bench.start(&graph([create("a", &[])])).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(
        bench.story(),
        [
            "run_created",
            "run a 1: started",
            "run a 1: retry",
            "run a 2: started",
            "run a 2: retry",
            "run a 3: started",
            "run a 3: retry",
            "run a 4: started",
            "run a 4: made",
            "run_ended",
        ]
    );
    for (attempt, pause) in [(1, 1000), (2, 2000), (3, 4000)] {
        let failed = bench.when(&format!("run a {attempt}: retry"));
        let again = bench.when(&format!("run a {}: started", attempt + 1));
        // A quarter of jitter to either side, and the timer's millisecond.
        let range = pause * 3 / 4..=pause * 5 / 4 + 2;
        assert!(range.contains(&(again - failed)), "{}", again - failed);
    }
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn the_recorded_time_of_the_next_attempt_is_when_it_begins() {
    let bench = Bench::new();
    bench.script("a", "run", [Act::Fail(Fault::transient("throttled"))]);
    bench.start(&graph([create("a", &[])])).await;
    let announced = bench.events().iter().find_map(|event| match &event.body {
        EventBody::AttemptFailed {
            then: stepwell_engine::event::Then::Retry { at },
            ..
        } => Some(at.0),
        _ => None,
    });
    let begun = bench.when("run a 2: started");
    assert!((0..=2).contains(&(begun - announced.unwrap())));
}

#[tokio::test(start_paused = true)]
async fn attempts_are_limited() {
    let bench = Bench::new();
    bench.script(
        "a",
        "run",
        times(20, Act::Fail(Fault::transient("throttled"))),
    );
    let steps = graph([create("a", &[]).with(|policy| policy.attempts = 3)]);
    let report = bench.start(&steps).await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert_eq!(bench.world.count("run a"), 3);
    let (step, fault) = report.fault.unwrap();
    assert_eq!((&*step, &*fault.message), ("a", "throttled"));
}

#[tokio::test(start_paused = true)]
async fn time_is_limited() {
    let bench = Bench::new();
    bench.script(
        "a",
        "run",
        times(1000, Act::Fail(Fault::transient("throttled"))),
    );
    let steps = graph([create("a", &[]).with(|policy| {
        policy.attempts = 1000;
        policy.deadline = secs(600);
    })]);
    let report = bench.start(&steps).await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    let took = bench.when("rollback_started") - bench.when("run a 1: started");
    assert!((500_000..=601_000).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn pending_faults_count_no_attempts() {
    let bench = Bench::new();
    let mut acts = times(50, Act::Fail(Fault::pending("being made")));
    acts.extend(times(2, Act::Fail(Fault::transient("throttled"))));
    bench.script("a", "run", acts);
    let steps = graph([wait("a", &[]).with(|policy| policy.attempts = 3)]);
    let report = bench.start(&steps).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.count("run a"), 53);
}

#[tokio::test(start_paused = true)]
async fn pending_is_not_for_ever() {
    let bench = Bench::new();
    bench.script(
        "a",
        "run",
        times(1000, Act::Fail(Fault::pending("being made"))),
    );
    let report = bench.start(&graph([wait("a", &[])])).await;
    assert_suspended(&report);
}

#[tokio::test(start_paused = true)]
async fn who_is_unreachable_can_not_roll_back_either() {
    let bench = Bench::new();
    bench.script(
        "b",
        "run",
        times(4, Act::Fail(Fault::unreachable("no route"))),
    );
    let steps = graph([
        create("a", &[]),
        create("b", &["a"]).with(|policy| policy.attempts = 4),
    ]);
    assert_suspended(&bench.start(&steps).await);
    assert_eq!(bench.world.things(), ["a"]);
    let report = bench.resume().await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_leaves_doubt_and_check_settles_it() {
    let bench = Bench::new();
    bench.script("a", "run", [Act::Hang]);
    let report = bench.start(&graph([create("a", &[])])).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.count("run a"), 1, "not repeated blindly");
    let story = bench.story();
    assert_eq!(story[2], "run a 1: retry, in doubt");
    assert_eq!(story[4], "run a 2: ours");
    let took = bench.when(&story[2]) - bench.when(&story[1]);
    assert!((120_000..120_010).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn doubt_is_settled_only_when_a_miss_proves_something() {
    let bench = Bench::new();
    *bench.world.blind.lock().unwrap() = secs(20);
    bench.script("a", "run", [Act::Lose(Fault::transient("reset"))]);
    let steps = graph([create("a", &[]).with(|policy| policy.settle = secs(30))]);
    let report = bench.start(&steps).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.count("run a"), 1);
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn doubt_outlives_faults_of_the_check() {
    let bench = Bench::new();
    *bench.world.blind.lock().unwrap() = secs(40);
    bench.script("a", "run", [Act::Lose(Fault::transient("reset"))]);
    let throttled = Fault::transient("throttled");
    bench.script("a", "check", [Act::Well, Act::Fail(throttled), Act::Hang]);
    let steps = graph([create("a", &[]).with(|policy| policy.settle = secs(60))]);
    let report = bench.start(&steps).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.count("run a"), 1);
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn looks_that_fail_while_a_doubt_settles_do_not_begin_it_anew() {
    let bench = Bench::new();
    let lost = Fault::transient("reset");
    bench.script("a", "run", [Act::Lost(lost)]);
    let throttled = || Act::Fail(Fault::transient("throttled"));
    let away = || Act::Fail(Fault::unreachable("away"));
    bench.script(
        "a",
        "check",
        [Act::Well, throttled(), Act::Well, away(), throttled()],
    );
    let steps = graph([create("a", &[]).with(|policy| policy.settle = secs(30))]);
    let report = bench.start(&steps).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    let story = bench.story();
    assert_eq!(story[2], "run a 1: retry, in doubt");
    assert_eq!(story[4], "run a 2: made");
    let took = bench.when(&story[4]) - bench.when(&story[3]);
    assert!((30_000..30_100).contains(&took), "{took}");

    // What does not pass by itself is believed at once, and the last look must
    // succeed.
    for (last, expected) in [
        (Fault::operator("expired"), "run a 2: suspend, in doubt"),
        (Fault::permanent("no"), "run a 2: give_up, in doubt"),
    ] {
        let bench = Bench::new();
        let lost = Fault::transient("reset");
        bench.script("a", "run", [Act::Lost(lost)]);
        bench.script("a", "check", [Act::Well, throttled(), Act::Fail(last)]);
        bench.start(&steps).await;
        assert_eq!(bench.story()[4], expected);
    }
    let bench = Bench::new();
    let lost = Fault::transient("reset");
    bench.script("a", "run", [Act::Lost(lost)]);
    let mut looks = vec![Act::Well];
    looks.extend((0..6).map(|_| throttled()));
    bench.script("a", "check", looks);
    bench.start(&steps).await;
    let story = bench.story();
    assert_eq!(story[4], "run a 2: retry, in doubt");
    assert_eq!(story[6], "run a 3: made");
}

#[tokio::test(start_paused = true)]
async fn what_changes_nothing_is_never_in_doubt() {
    for effect in [Effect::Read, Effect::Wait] {
        let bench = Bench::new();
        let lost = Act::Lost(Fault::transient("reset"));
        bench.script("a", "run", [lost, Act::Hang]);
        bench.start(&graph([define("a", effect, &[])])).await;
        let story = bench.story();
        assert_eq!(story[2], "run a 1: retry");
        assert_eq!(story[4], "run a 2: retry");
    }
}

#[tokio::test(start_paused = true)]
async fn an_operator_fault_suspends_and_undoes_nothing() {
    let bench = Bench::new();
    bench.script(
        "b",
        "run",
        [Act::Fail(Fault::operator("expired").with_hint("log in"))],
    );
    bench.script("c", "run", [Act::Slow(secs(5))]);
    bench.script("w", "run", [Act::Slow(secs(600))]);
    bench.script("b", "check", [Act::Slow(secs(1))]);
    let steps = graph([
        create("a", &[]),
        create("b", &["a"]),
        create("c", &["a"]),
        wait("w", &["a"]),
        create("d", &["b", "c", "w"]),
    ]);
    let report = bench.start(&steps).await;
    let reason = SuspendReason::Operator { step: "b".into() };
    assert_eq!(report.status, Status::Suspended(reason));
    let (step, fault) = report.fault.unwrap();
    assert_eq!((&*step, fault.hint.as_deref()), ("b", Some("log in")));
    let story = bench.story();
    assert!(story.contains(&"run b 1: suspend".into()));
    assert!(
        story.contains(&"run w 1: interrupted".into()),
        "the wait is dropped"
    );
    assert!(story.contains(&"run c 1: made".into()), "the call returns");
    assert_eq!(bench.world.things(), ["a", "c"]);

    let report = bench.resume().await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(report.fault, None);
    assert_eq!(bench.world.things(), ["a", "b", "c", "d"]);
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_failed_attempt() {
    for verb in ["check", "run"] {
        let bench = Bench::new();
        bench.script("b", verb, [Act::Panic]);
        let report = bench
            .start(&graph([create("a", &[]), create("b", &["a"])]))
            .await;
        assert_eq!(
            report.status,
            Status::Ended(End::RolledBack { waived: Vec::new() })
        );
        let (step, fault) = report.fault.unwrap();
        assert_eq!(&*step, "b");
        assert_eq!(fault.message, "the step panicked: scripted");
        assert!(bench.world.things().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_breaks_is_a_failed_attempt() {
    let bench = Bench::new();
    bench.script("b", "run", [Act::PanicTwice]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    let report = tokio::time::timeout(secs(3600), bench.start(&steps)).await;
    let report = report.expect("it does not hang");
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert_eq!(
        report.fault.unwrap().1.message,
        "the step panicked: dropped"
    );
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_undo_is_a_failed_attempt() {
    let bench = Bench::new();
    bench.script("b", "run", [Act::Fail(Fault::permanent("no"))]);
    bench.script("a", "undo", [Act::Panic]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    let report = bench.start(&steps).await;
    assert!(matches!(report.status, Status::Ended(End::Stuck { .. })));
    let report = bench.resume().await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
}

#[tokio::test(start_paused = true)]
async fn a_forward_only_workflow_never_rolls_back() {
    let mut bench = Bench::new();
    bench.reversible = false;
    bench.script("b", "run", [Act::Fail(Fault::permanent("no"))]);
    bench.script("c", "check", [Act::Slow(secs(60))]);
    let steps = graph([
        create("a", &[]),
        create("b", &["a"]),
        create("c", &["a"]),
        create("d", &["b", "c"]),
    ]);
    let report = bench.start(&steps).await;
    let reason = SuspendReason::Failed { step: "b".into() };
    assert_eq!(report.status, Status::Suspended(reason));
    assert_eq!(bench.world.things(), ["a", "c"], "the other branch goes on");
    assert!(bench.try_rollback().await.is_err());
    let report = bench.resume().await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn on_failure_suspend_keeps_what_is_there() {
    let mut bench = Bench::new();
    bench.on_failure = OnFailure::Suspend;
    bench.script("b", "run", times(2, Act::Fail(Fault::permanent("no"))));
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    assert_suspended(&bench.start(&steps).await);
    assert_suspended(&bench.resume().await);
    assert_eq!(bench.world.things(), ["a"]);
    let report = bench.rollback().await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert!(bench.world.things().is_empty());
}
