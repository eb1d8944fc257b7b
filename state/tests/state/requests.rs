//! What is asked of a run while another process carries it.

use stepwell_engine::event::End;
use stepwell_engine::{RunId, Timestamp};
use stepwell_state::{Answer, Request, Verdict};

use crate::support::{actor, append, beginning, ended, open, place, started};

fn request(step: &str) -> Request {
    Request {
        step: step.into(),
        by: actor(),
        reason: "the quota is \"raised\"".to_owned(),
    }
}

#[test]
fn a_request_reaches_the_process_that_carries_the_run() {
    let (_dir, path) = place();
    let (carrier, asker) = (open(&path), open(&path));
    let [one, two] = [1, 2].map(RunId::from_u128);
    append(&carrier, vec![beginning(one)]);
    assert!(carrier.requests(one).expect("read").is_empty());
    let first = asker
        .ask(one, &request("vpc"), Timestamp(1))
        .expect("asked");
    let second = asker
        .ask(one, &request("nat"), Timestamp(2))
        .expect("asked");
    asker
        .ask(two, &request("vpc"), Timestamp(3))
        .expect("asked");
    let found = carrier.requests(one).expect("read");
    assert_eq!(found, [(first, request("vpc")), (second, request("nat"))]);

    // The history stays the carrier's alone, and whole.
    append(&carrier, vec![started(one, 1)]);
    assert!(matches!(
        asker.verify(one).expect("read"),
        Some(Verdict::Whole { .. })
    ));
    assert_eq!(asker.answered(first).expect("read"), Answer::None);
    carrier.answer(first, Ok(())).expect("answered");
    carrier
        .answer(second, Err("no step \"nat\""))
        .expect("answered");
    assert!(carrier.requests(one).expect("read").is_empty());
    assert_eq!(asker.answered(first).expect("read"), Answer::Done);
    let refused = Answer::Refused("no step \"nat\"".to_owned());
    assert_eq!(asker.answered(second).expect("read"), refused);
    asker.withdraw(first).expect("withdrawn");
    assert_eq!(asker.answered(first).expect("read"), Answer::Dropped);
}

#[test]
fn what_was_asked_of_another_process_is_dropped() {
    let (_dir, path) = place();
    let (carrier, asker) = (open(&path), open(&path));
    let [one, two] = [1, 2].map(RunId::from_u128);
    let asked = asker
        .ask(one, &request("vpc"), Timestamp(1))
        .expect("asked");
    let other = asker
        .ask(two, &request("vpc"), Timestamp(1))
        .expect("asked");
    carrier.drop_requests(one).expect("dropped");
    assert_eq!(asker.answered(asked).expect("read"), Answer::Dropped);
    assert_eq!(asker.answered(other).expect("read"), Answer::None);
}

/// The process that asked may have been killed before it read the answer.
#[test]
fn what_was_asked_of_a_forgotten_run_is_forgotten() {
    let (_dir, path) = place();
    let store = open(&path);
    let [one, two] = [1, 2].map(RunId::from_u128);
    let asked = [one, two].map(|run| {
        append(&store, vec![beginning(run)]);
        let asked = store.ask(run, &request("vpc"), Timestamp(1));
        let asked = asked.expect("asked");
        store.answer(asked, Ok(())).expect("answered");
        asked
    });
    append(&store, vec![ended(one, 1, End::Succeeded)]);
    assert_eq!(store.prune(&[one, two]).expect("pruned"), 1);
    let answers = asked.map(|asked| store.answered(asked).expect("read"));
    assert_eq!(answers, [Answer::Dropped, Answer::Done]);
}
