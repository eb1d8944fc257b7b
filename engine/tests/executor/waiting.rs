//! Waits: they take their time, over processes too, and say what they waited for.

use serde_json::json;
use stepwell_engine::event::{End, EventBody, SuspendReason};
use stepwell_engine::machine::Status;
use stepwell_engine::{Effect, FaultClass, Policy};

use super::support::{Act, Bench, Trouble, create, graph, secs, wait};

/// A wait as its effect has it by default.
fn patient(name: &'static str, needs: &[&'static str]) -> super::support::Def {
    wait(name, needs).with(|policy| *policy = Policy::of(Effect::Wait))
}

#[tokio::test(start_paused = true)]
async fn a_wait_waits_and_its_fault_names_what_it_waited_for() {
    let bench = Bench::new();
    bench.script("w", "run", [Act::Slow(secs(50 * 60))]);
    let report = bench.start(&graph([patient("w", &[])])).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));

    let bench = Bench::new();
    bench.script(
        "w",
        "run",
        [Act::Say("the disk is creating", secs(2 * 3600))],
    );
    let report = bench
        .start(&graph([create("a", &[]), patient("w", &["a"])]))
        .await;
    let reason = SuspendReason::Operator { step: "w".into() };
    assert_eq!(report.status, Status::Suspended(reason));
    let fault = report.fault.unwrap().1;
    assert_eq!(fault.class, FaultClass::Pending);
    assert_eq!(fault.message, "not yet after 3600s: the disk is creating");
    assert_eq!(bench.world.things(), ["a"], "nothing is undone");
}

/// A process that dies over and over does not wait for ever: the time of those
/// before it counts. What a person takes up begins anew.
#[tokio::test(start_paused = true)]
async fn a_deadline_holds_over_processes() {
    let bench = Bench::new();
    let steps = graph([wait("w", &[]).with(|policy| {
        *policy = Policy::of(Effect::Wait);
        policy.timeout = secs(10 * 60);
    })]);
    let not_yet = || Act::Say("creating", secs(3600));
    bench.script("w", "run", (0..20).map(|_| not_yet()));
    let mut deaths = 0;
    let reason = SuspendReason::Operator { step: "w".into() };
    let suspended = Some(Status::Suspended(reason));
    while bench.status() != suspended {
        // Each process lives for twenty minutes.
        bench.journal.set(Some(Trouble::Dies {
            at: 3,
            durable: true,
        }));
        let lived = bench
            .journal
            .until_death(async {}, bench.go_on(&steps))
            .await;
        deaths += usize::from(lived.is_none());
        assert!(deaths < 10, "it waits for ever");
    }
    assert!(deaths > 2, "{deaths} deaths");
    bench.journal.set(None);
    let before = bench.clock.elapsed();
    bench.resume().await;
    let waited = bench.clock.elapsed() - before;
    assert!(waited > secs(50 * 60), "{waited:?}");
}

/// What took effect only in part is completed, or taken away.
#[tokio::test(start_paused = true)]
async fn what_is_half_done_is_completed_or_undone() {
    let bench = Bench::new();
    let cut = stepwell_engine::Fault::transient("cut off");
    bench.script("a", "run", [Act::Half(cut.clone())]);
    let report = bench.start(&graph([create("a", &[])])).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.things(), ["a"]);
    assert_eq!(
        bench.world.count("run a"),
        2,
        "it is completed, not adopted"
    );

    let bench = Bench::new();
    let cut = stepwell_engine::Fault::permanent("the disk is full");
    bench.script("a", "run", [Act::Half(cut)]);
    let report = bench.start(&graph([create("a", &[])])).await;
    let waived = Vec::new();
    assert_eq!(report.status, Status::Ended(End::RolledBack { waived }));
    assert_eq!(bench.world.count("undo a"), 1, "half is not nothing");
    assert!(bench.world.things().is_empty());
    bench.world.assert_sound();
}

/// A step that was refused by its own check has made nothing, so a rollback need
/// not ask it again.
#[tokio::test(start_paused = true)]
async fn what_a_check_refused_blocks_no_rollback() {
    let bench = Bench::new();
    let refused = stepwell_engine::Fault::permanent("the name is taken");
    bench.script("b", "check", vec![Act::Fail(refused); 10]);
    let report = bench
        .start(&graph([create("a", &[]), create("b", &["a"])]))
        .await;
    let waived = Vec::new();
    assert_eq!(report.status, Status::Ended(End::RolledBack { waived }));
    assert_eq!(bench.world.count("check b"), 1);
    let failed = bench
        .events()
        .into_iter()
        .find_map(|event| match event.body {
            EventBody::AttemptFailed { reached, .. } => Some(reached),
            _ => None,
        });
    assert_eq!(failed, Some(false));
    let written = bench.events().iter().find_map(|event| {
        let text = serde_json::to_value(&event.body).unwrap();
        text["data"].get("reached").cloned()
    });
    assert_eq!(written, Some(json!(false)));
}
