//! Rollback.

use serde_json::json;
use stepwell_engine::event::{End, EventBody, Leftover, Outcome};
use stepwell_engine::machine::Status;
use stepwell_engine::{Fault, RollbackRequest};

use super::support::{Act, Bench, Def, create, graph, read, secs};

/// Two branches from one root: a1 → a2 and b1 → b2, and what comes after both.
fn branches() -> Vec<Def> {
    vec![
        create("root", &[]),
        create("a1", &["root"]),
        create("b1", &["root"]),
        create("a2", &["a1"]),
        create("b2", &["b1"]),
        create("last", &["a2", "b2"]),
    ]
}

#[tokio::test(start_paused = true)]
async fn what_was_made_is_undone_in_reverse_and_branches_at_once() {
    let bench = Bench::new();
    bench.script("last", "run", [Act::Fail(Fault::permanent("no"))]);
    for step in ["a1", "a2", "b1", "b2"] {
        bench.script(step, "undo", [Act::Slow(secs(10))]);
    }
    let report = bench.start(&graph(branches())).await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert!(bench.world.things().is_empty());
    for (child, parent) in [("a2", "a1"), ("b2", "b1"), ("a1", "root"), ("b1", "root")] {
        let undone = bench.when(&format!("undo {child} 1: undone"));
        assert!(undone <= bench.when(&format!("undo {parent} 1: started")));
    }
    for (one, other) in [("a2", "b2"), ("a1", "b1")] {
        let one = bench.when(&format!("undo {one} 1: started"));
        assert_eq!(one, bench.when(&format!("undo {other} 1: started")));
    }
    let took = bench.when("run_ended") - bench.when("rollback_started");
    assert!((20_000..20_010).contains(&took), "{took}");
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn what_failed_without_a_trace_is_looked_for_too() {
    let bench = Bench::new();
    bench.script(
        "b",
        "run",
        [Act::Lose(Fault::permanent("said no, but did it"))],
    );
    let report = bench
        .start(&graph([create("a", &[]), create("b", &["a"])]))
        .await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert!(bench.world.things().is_empty());
    assert_eq!(bench.world.count("undo b"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_lands_after_the_turn_is_undone() {
    let bench = Bench::new();
    bench.script("slow", "run", [Act::Slow(secs(60))]);
    bench.script("wait", "run", [Act::Slow(secs(600))]);
    bench.script("bad", "run", [Act::Fail(Fault::permanent("no"))]);
    let steps = graph([
        create("root", &[]),
        create("slow", &["root"]),
        create("bad", &["root"]),
        super::support::wait("wait", &["root"]),
        create("after", &["slow"]),
    ]);
    let report = bench.start(&steps).await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert!(bench.world.things().is_empty());
    assert_eq!(bench.world.count("run after"), 0);
    let story = bench.story();
    let place = |line: &str| story.iter().position(|at| at == line).unwrap();
    assert!(place("rollback_started") < place("run slow 1: made"));
    assert!(place("run slow 1: made") < place("undo slow 1: started"));
    assert!(place("run wait 1: interrupted") < place("run slow 1: made"));
    assert!(place("undo slow 1: undone") < place("undo root 1: started"));
}

#[tokio::test(start_paused = true)]
async fn what_fails_after_the_turn_stops_nothing() {
    for fault in [
        Fault::operator("quota"),
        Fault::transient("throttled"),
        Fault::permanent("no"),
    ] {
        let bench = Bench::new();
        bench.script("slow", "check", [Act::Slow(secs(60))]);
        bench.script("slow", "run", [Act::Fail(fault)]);
        bench.script("bad", "run", [Act::Fail(Fault::permanent("first"))]);
        let steps = graph([
            create("a", &[]),
            create("slow", &["a"]),
            create("bad", &["a"]),
        ]);
        let report = bench.start(&steps).await;
        assert_eq!(
            report.status,
            Status::Ended(End::RolledBack { waived: Vec::new() })
        );
        assert_eq!(report.fault.unwrap().1.message, "first");
        assert_eq!(bench.world.count("run slow"), 1);
        assert!(bench.story().contains(&"run slow 1: give_up".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_from_the_way_forward_does_not_hasten_an_undo() {
    let bench = Bench::new();
    // `a` pauses for about a minute when `b` turns the run round.
    bench.script("a", "run", [Act::Lose(Fault::transient("reset"))]);
    bench.script("b", "run", [Act::Slow(secs(30)), Act::Well]);
    bench.script("c", "run", [Act::Fail(Fault::permanent("no"))]);
    bench.script("a", "undo", [Act::Fail(Fault::transient("throttled"))]);
    let minute = |policy: &mut stepwell_engine::Policy| policy.first_delay = secs(60);
    let steps = graph([
        create("a", &[]).with(minute),
        create("b", &[]),
        create("c", &["b"]),
    ]);
    let report = bench.start(&steps).await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    let pause = bench.when("undo a 2: started") - bench.when("undo a 1: retry, in doubt");
    assert!(pause >= 45_000, "{pause}");
}

#[tokio::test(start_paused = true)]
async fn undo_is_retried() {
    let bench = Bench::new();
    bench.script("b", "run", [Act::Fail(Fault::permanent("no"))]);
    let lost = Act::Lose(Fault::transient("reset"));
    bench.script(
        "a",
        "undo",
        [Act::Fail(Fault::transient("throttled")), lost],
    );
    let report = bench
        .start(&graph([create("a", &[]), create("b", &["a"])]))
        .await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert_eq!(bench.world.count("undo a"), 3);
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn a_failed_undo_does_not_end_the_doubt() {
    let bench = Bench::new();
    // The effect is unseen for a time; the first look finds it, then a read
    // misses it again.
    bench.script("a", "run", [Act::Lose(Fault::permanent("lost"))]);
    bench.script("a", "undo", [Act::Fail(Fault::transient("throttled"))]);
    let steps = graph([create("a", &[]).with(|policy| policy.settle = secs(30))]);
    let blind = async {
        bench
            .clock
            .sleep(std::time::Duration::from_millis(100))
            .await;
        *bench.world.blind.lock().unwrap() = secs(10);
    };
    let (report, ()) = tokio::join!(bench.start(&steps), blind);
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert!(bench.world.things().is_empty(), "it is not forgotten");
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_fails_for_good_blocks_only_its_parents() {
    let bench = Bench::new();
    bench.script("last", "run", [Act::Fail(Fault::permanent("no"))]);
    bench.script(
        "a2",
        "undo",
        [Act::Fail(Fault::permanent("in use").with_code("InUse"))],
    );
    let steps = graph(branches());
    let report = bench.start(&steps).await;
    let left = |step: &str, why: &str| Leftover {
        step: step.into(),
        ids: vec![format!("id-{step}")],
        why: why.into(),
    };
    let depends = "something that depends on it is left";
    let leftovers = vec![
        left("root", depends),
        left("a1", depends),
        left("a2", "in use (InUse)"),
    ];
    assert_eq!(report.status, Status::Ended(End::Stuck { leftovers }));
    assert_eq!(report.fault.unwrap().1.message, "no");
    assert_eq!(bench.world.things(), ["a1", "a2", "root"]);

    // The cause is gone: the rollback goes on where it was.
    let report = bench.rollback().await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert!(bench.world.things().is_empty());
    assert_eq!(bench.world.count("undo b2"), 1);
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn an_operator_fault_suspends_a_rollback_too() {
    let bench = Bench::new();
    bench.script("b", "run", [Act::Fail(Fault::permanent("no"))]);
    bench.script("a", "undo", [Act::Fail(Fault::operator("expired"))]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    super::support::assert_suspended(&bench.start(&steps).await);
    let report = bench.resume().await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_theirs_is_never_undone() {
    let bench = Bench::new();
    bench.world.put("a");
    bench.script("c", "run", [Act::Fail(Fault::permanent("no"))]);
    let steps = graph([create("a", &[]), create("b", &["a"]), create("c", &["b"])]);
    let report = bench.start(&steps).await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert_eq!(bench.world.things(), ["a"]);
    assert_eq!(bench.world.count("undo a"), 0);
    assert!(bench.story().contains(&"run a 1: theirs".into()));
}

#[tokio::test(start_paused = true)]
async fn what_turns_out_to_be_theirs_is_kept() {
    let bench = Bench::new();
    // Somebody was faster, and the answer that said so was lost.
    bench.script("a", "run", [Act::Lost(Fault::permanent("lost"))]);
    let steps = graph([create("a", &[])]);
    let put = async {
        tokio::task::yield_now().await;
        bench.world.put("a");
    };
    bench.script("a", "check", [Act::Well, Act::Slow(secs(1))]);
    let (report, ()) = tokio::join!(bench.start(&steps), put);
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert_eq!(bench.world.things(), ["a"]);
    assert_eq!(bench.story().iter().rev().nth(1).unwrap(), "undo a 1: kept");
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_can_be_rolled_back_once() {
    let bench = Bench::new();
    let mut defs = branches();
    defs.push(read("look", &["last"]));
    let steps = graph(defs);
    assert_eq!(bench.start(&steps).await.output, Some("look".into()));
    let report = bench.rollback().await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert_eq!(report.output, None);
    assert!(bench.world.things().is_empty());
    // A script that was killed right before its end may ask once more.
    let history = bench.events();
    assert_eq!(bench.rollback().await, report);
    assert!(bench.try_resume().await.is_err());
    assert_eq!(bench.events(), history);
}

#[tokio::test(start_paused = true)]
async fn what_another_run_has_taken_over_is_kept_and_its_owner_named() {
    let bench = Bench::new();
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    bench.start(&steps).await;
    bench.world.put("a");
    let report = bench.rollback().await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert_eq!(bench.world.things(), ["a"]);
    assert_eq!(bench.world.count("undo a"), 0);
    let kept = bench
        .events()
        .into_iter()
        .find_map(|event| match event.body {
            EventBody::AttemptSucceeded {
                outcome: Outcome::Kept { owner },
                ..
            } => owner,
            _ => None,
        });
    assert_eq!(kept.as_deref(), Some("somebody"));
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn how_it_is_to_be_undone_is_recorded_and_outlives_the_process() {
    let keep = || RollbackRequest {
        options: Some(json!({"keep": "last"})),
        ..RollbackRequest::default()
    };
    let steps = graph([create("a", &[]), create("b", &["a"]), create("c", &["b"])]);
    for failed in [false, true] {
        let bench = Bench::new();
        bench.script("b", "undo", [Act::Fail(Fault::operator("expired"))]);
        if failed {
            // A rollback that a failure began is told when it is continued.
            bench.script("c", "run", [Act::Fail(Fault::permanent("no"))]);
            super::support::assert_suspended(&bench.start(&steps).await);
            assert_eq!(bench.world.options("b"), [json!(null)]);
            bench.script("b", "undo", [Act::Fail(Fault::operator("expired"))]);
        } else {
            bench.start(&steps).await;
        }
        let suspended = bench.rollback_as(keep()).await.unwrap();
        super::support::assert_suspended(&suspended);
        // Another process, which was told nothing.
        let report = bench.resume().await;
        assert_eq!(
            report.status,
            Status::Ended(End::RolledBack { waived: Vec::new() })
        );
        let told = json!({"keep": "last"});
        assert_eq!(bench.world.options("a").last(), Some(&told));
        assert_eq!(bench.world.options("b").last(), Some(&told));
        bench.world.assert_sound();
    }
}

#[tokio::test(start_paused = true)]
async fn a_rollback_after_a_deletion_is_refused_and_says_why() {
    let bench = Bench::new();
    let steps = graph([create("a", &[]), super::support::delete("old", &["a"])]);
    bench.start(&steps).await;
    let history = bench.events();
    let refused = bench.try_rollback().await.unwrap_err();
    assert_eq!(refused.to_string(), "the run can't be rolled back");
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("step \"old\" has deleted"), "{why}");
    assert_eq!(bench.events(), history, "nothing is recorded");
    assert_eq!(bench.world.count("undo a"), 0);
}
