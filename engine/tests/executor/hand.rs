//! What a person does by hand: a step's effect, another try at once.

use serde_json::json;
use stepwell_engine::event::{Deadline, End, EventBody, OnFailure, Outcome, SuspendReason};
use stepwell_engine::machine::Status;
use stepwell_engine::{
    Fault, Requests, RetryRequest, StepName, Stop, Timestamp, Word, WordError, retry_by_hand,
    stop_channel,
};

use crate::support::{Act, Bench, actor, assert_suspended, create, graph, secs};

fn word(step: &str) -> Word {
    Word {
        step: step.into(),
        by: actor(),
        reason: "made in the console".to_owned(),
    }
}

/// A run of three steps, of which the second needs a person.
async fn suspended(bench: &Bench) {
    let operator = [Act::Fail(Fault::operator("none are left"))];
    bench.script("b", "run", operator);
    let steps = graph([create("a", &[]), create("b", &["a"]), create("c", &["b"])]);
    assert_suspended(&bench.start(&steps).await);
}

async fn done(
    bench: &Bench,
    step: &str,
    output: Option<serde_json::Value>,
) -> Result<bool, WordError> {
    let executor = bench.executor(Stop::never());
    let events = bench.events();
    let done = executor.done_by_hand(&events, word(step), output);
    done.await.map(|done| done.checked)
}

#[tokio::test(start_paused = true)]
async fn what_a_person_made_is_looked_at_and_never_undone() {
    let bench = Bench::new();
    suspended(&bench).await;
    let before = bench.events().len();
    let missing = done(&bench, "b", None).await;
    assert!(matches!(missing, Err(WordError::NotFound)), "{missing:?}");
    for (step, why) in [
        ("a", "done already"),
        ("c", "is not done yet: b"),
        ("z", "no step"),
    ] {
        let refused = done(&bench, step, None).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
    assert_eq!(bench.events().len(), before, "nothing was recorded");

    bench.world.put("b");
    let otherwise = done(&bench, "b", Some(json!("other"))).await;
    assert!(matches!(otherwise, Err(WordError::Otherwise { found }) if found == json!("b")));
    assert!(done(&bench, "b", None).await.unwrap());
    assert_eq!(bench.events().len(), before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_with_what_a_person_made() {
    let bench = Bench::new();
    suspended(&bench).await;
    bench.world.put("b");
    done(&bench, "b", None).await.unwrap();
    assert_eq!(bench.resume().await.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.count("run b"), 1, "it was not tried again");
    let report = bench.rollback().await;
    assert_eq!(
        report.status,
        Status::Ended(End::RolledBack { waived: Vec::new() })
    );
    assert_eq!(bench.world.things(), ["b"], "it was not the run's");
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn where_the_check_finds_nothing_a_persons_output_counts() {
    let bench = Bench::new();
    suspended(&bench).await;
    let wrong = done(&bench, "b", Some(json!({"id": 1}))).await;
    assert!(matches!(wrong, Err(WordError::Output(_))), "{wrong:?}");
    // An answer that it is wrong is believed; a look that is denied tells nothing.
    let check = [Fault::permanent("another's"), Fault::operator("denied")];
    bench.script("b", "check", check.map(Act::Fail));
    let told = done(&bench, "b", Some(json!("by-hand"))).await;
    assert!(matches!(told, Err(WordError::Check(_))), "{told:?}");
    assert!(!done(&bench, "b", Some(json!("by-hand"))).await.unwrap());
    let events = bench.events();
    let EventBody::StepDone {
        outcome,
        by,
        reason,
        ..
    } = &events.last().unwrap().body
    else {
        panic!("{:?}", events.last());
    };
    let output = json!("by-hand");
    assert_eq!(*outcome, Outcome::Theirs { output });
    assert_eq!((by, &**reason), (&actor(), "made in the console"));
    assert_eq!(bench.resume().await.status, Status::Ended(End::Succeeded));
}

/// A process died: what it had under way may have happened.
#[tokio::test(start_paused = true)]
async fn a_run_whose_process_died_is_settled_first() {
    let bench = Bench::new();
    bench.script("a", "run", [Act::Hang]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    let killed = tokio::time::timeout(secs(5), bench.start(&steps)).await;
    assert!(killed.is_err());
    assert!(done(&bench, "a", None).await.unwrap());
    let events = bench.events();
    let EventBody::StepDone { outcome, .. } = &events.last().unwrap().body else {
        panic!("{:?}", events.last());
    };
    assert!(
        matches!(outcome, Outcome::Ours { .. }),
        "it bears the run's mark"
    );
    assert_eq!(bench.resume().await.status, Status::Ended(End::Succeeded));
    bench.rollback().await;
    assert!(bench.world.things().is_empty());
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_cut_short() {
    let bench = Bench::new();
    let throttled = || Act::Fail(Fault::transient("throttled"));
    bench.script("a", "run", [throttled(), throttled()]);
    let steps = graph([create("a", &[]).with(|policy| {
        policy.attempts = 2;
        policy.first_delay = secs(600);
        policy.max_delay = secs(600);
        policy.deadline = secs(6000);
    })]);
    let (ask, requests) = Requests::channel();
    let mut executor = bench.executor(Stop::never());
    executor.requests = requests;
    let asking = async {
        let asked = async |step: &str| {
            bench.clock.sleep(secs(5)).await;
            let (answer, answered) = tokio::sync::oneshot::channel();
            let request = RetryRequest {
                step: step.into(),
                by: actor(),
                reason: "it is raised".to_owned(),
                answer,
            };
            ask.send(request).unwrap();
            answered.await.unwrap()
        };
        assert_eq!(asked("a").await, Ok(()));
        assert!(asked("z").await.unwrap_err().contains("no step"));
        // Patience begins again, so the second failure is not the last.
        assert_eq!(asked("a").await, Ok(()));
    };
    let (report, ()) = tokio::join!(bench.begin(&executor, &steps), asking);
    assert_eq!(report.unwrap().status, Status::Ended(End::Succeeded));
    let took = bench.when("run_ended") - bench.when("run_created");
    assert!(took < 60_000, "{took}");
    let retried = bench.story();
    let retried = retried.iter().filter(|line| *line == "step_retried");
    assert_eq!(retried.count(), 2);
}

/// Of a run that would be rolled back as soon as it is taken up, a step that was
/// given up gets another try.
#[tokio::test(start_paused = true)]
async fn a_step_that_was_given_up_is_tried_again() {
    let mut bench = Bench::new();
    bench.on_failure = OnFailure::Suspend;
    bench.script("a", "run", [Act::Fail(Fault::permanent("refused"))]);
    let steps = graph([create("a", &[])]);
    assert_suspended(&bench.start(&steps).await);
    let events = bench.events();
    let retried = retry_by_hand(&*bench.journal, bench.clock.now(), &events, word("a")).await;
    retried.unwrap();
    let again = retry_by_hand(
        &*bench.journal,
        bench.clock.now(),
        &bench.events(),
        word("a"),
    )
    .await;
    assert!(again.unwrap_err().to_string().contains("has not failed"));
    assert_eq!(bench.resume().await.status, Status::Ended(End::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn a_run_is_suspended_before_a_deadline() {
    let bench = Bench::new();
    bench.script("a", "run", [Act::Slow(secs(5))]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    let (stopper, stop) = stop_channel();
    let reason = SuspendReason::Deadline {
        at: Timestamp(1),
        of: Deadline::Credentials,
    };
    stopper.suspend(reason.clone());
    // A signal that comes later changes nothing of why.
    stopper.stop();
    let report = bench.start_with(&steps, stop).await.unwrap();
    assert_eq!(report.status, Status::Suspended(reason));
    assert_eq!(bench.resume().await.status, Status::Ended(End::Succeeded));
    let name: StepName = "a".into();
    assert!(
        bench
            .events()
            .iter()
            .any(|event| event.body.step() == Some(&name))
    );
}
