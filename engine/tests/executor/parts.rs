//! The small parts: clock, policy, faults, the journal in memory.

use std::cell::Cell;
use std::time::Duration;

use stepwell_engine::event::EventBody;
use stepwell_engine::{
    Clock, Decision, Event, Fault, FaultClass, Journal, JournalError, MemoryJournal, Policy, RunId,
    Timestamp, TokioClock, retry,
};

use super::support::{actor, secs};

#[tokio::test(start_paused = true)]
async fn a_fast_clock_is_consistent_with_itself() {
    let wall = TokioClock::paused();
    let fast = TokioClock::at_speed(60.0);
    let (since, fast_since) = (wall.elapsed(), fast.elapsed());
    fast.sleep(secs(600)).await;
    assert_eq!((wall.elapsed() - since).as_secs(), 10);
    assert!(fast.elapsed() - fast_since >= secs(600));
    assert_eq!(fast.to_wall(secs(600)), secs(10));
}

#[tokio::test(start_paused = true)]
async fn virtual_time_shows_in_records() {
    let clock = TokioClock::paused();
    let before = clock.now();
    clock.sleep(secs(3600)).await;
    let passed = clock.now().since(before);
    assert!((3600..=3601).contains(&passed.as_secs()));
    assert_eq!(before.since(clock.now()), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn virtual_time_stands_still_while_something_outside_is_awaited() {
    let clock = TokioClock::paused();
    let before = clock.elapsed();
    let jump = clock.sleep(secs(3600));
    tokio::select! {
        () = clock.outside(Duration::from_millis(50)) => {}
        () = jump => panic!("time jumped"),
    }
    assert_eq!(clock.elapsed(), before);
    // Dropped, it lets time go on.
    drop(clock.outside(secs(3600)));
    let started = tokio::select! {
        biased;
        () = clock.outside(secs(3600)) => false,
        () = std::future::ready(()) => true,
    };
    assert!(started);
    clock.sleep(secs(60)).await;
    assert!(clock.elapsed() - before >= secs(60));
}

#[test]
fn chance_is_spread() {
    let clock = TokioClock::at_speed(1.0);
    let draws: Vec<_> = (0..1000).map(|_| clock.random_fraction()).collect();
    assert!(draws.iter().all(|draw| (0.0..1.0).contains(draw)));
    let low = draws.iter().filter(|draw| **draw < 0.5).count();
    assert!((300..700).contains(&low), "{low} of 1000 in the lower half");
}

#[test]
fn what_follows_a_fault_depends_on_its_class() {
    let clock = TokioClock::at_speed(1.0);
    let policy = Policy {
        attempts: 3,
        deadline: secs(100),
        ..Policy::default()
    };
    let decide = |class, failures, elapsed| {
        policy.decide(&Fault::new(class, "any"), failures, secs(elapsed), &clock)
    };
    let retries = |decision| matches!(decision, Decision::RetryAfter(_));
    use FaultClass::{Operator, Pending, Permanent, Transient, Unreachable};
    assert_eq!(decide(Operator, 1, 0), Decision::Suspend);
    assert_eq!(decide(Permanent, 1, 0), Decision::GiveUp);
    for class in [Transient, Unreachable, Pending] {
        assert!(retries(decide(class, 1, 0)));
        assert!(retries(decide(class, 2, 50)));
    }
    assert_eq!(decide(Transient, 3, 0), Decision::GiveUp);
    assert_eq!(decide(Unreachable, 3, 0), Decision::Suspend);
    assert!(retries(decide(Pending, 300, 0)));
    assert_eq!(decide(Transient, 1, 100), Decision::GiveUp);
    assert_eq!(decide(Unreachable, 1, 100), Decision::Suspend);
    assert_eq!(decide(Pending, 1, 100), Decision::Suspend);
}

#[test]
fn pauses_double_up_to_the_longest() {
    let clock = TokioClock::at_speed(1.0);
    let policy = Policy {
        attempts: u32::MAX,
        deadline: secs(1_000_000),
        ..Policy::default()
    };
    let expected = [1, 2, 4, 8, 16, 32, 60, 60].into_iter().zip(1..);
    for (seconds, failures) in expected.chain([(60, 1_000_000)]) {
        let fault = Fault::transient("throttled");
        let decision = policy.decide(&fault, failures, Duration::ZERO, &clock);
        let Decision::RetryAfter(pause) = decision else {
            panic!("{decision:?}");
        };
        let jitter = secs(seconds).mul_f64(0.75)..=secs(seconds).mul_f64(1.25);
        assert!(jitter.contains(&pause), "{pause:?} after {failures}");
    }
}

#[tokio::test(start_paused = true)]
async fn looking_around_bears_what_passes() {
    let clock = TokioClock::paused();
    let left = Cell::new(3);
    let look = async || match left.replace(left.get() - 1) {
        0 => Ok("there"),
        _ => Err(Fault::transient("throttled")),
    };
    assert_eq!(retry(Policy::default(), &clock, look).await, Ok("there"));
    let calls = Cell::new(0);
    let refused: Result<(), _> = retry(Policy::default(), &clock, async || {
        calls.set(calls.get() + 1);
        Err(Fault::permanent("no"))
    })
    .await;
    assert_eq!(
        (refused.unwrap_err().message.as_str(), calls.get()),
        ("no", 1)
    );
}

#[test]
fn a_fault_tells_its_story() {
    let mut fault = Fault::permanent("the network is in use").with_code("DependencyViolation");
    fault.causes.push("a subnet is left".into());
    let fault = fault.with_request_id(Some("r-1"));
    let told = "the network is in use: a subnet is left (DependencyViolation, request r-1)";
    assert_eq!(fault.to_string(), told);
    let text = serde_json::to_string(&fault).unwrap();
    assert_eq!(serde_json::from_str::<Fault>(&text).unwrap(), fault);
    let plain = serde_json::to_string(&Fault::transient("lost")).unwrap();
    assert_eq!(plain, r#"{"class":"transient","message":"lost"}"#);
}

#[tokio::test]
async fn the_journal_in_memory_takes_all_or_none() {
    let journal = MemoryJournal::new();
    let run = RunId::from_u128(1);
    let event = |seq| Event {
        run,
        seq,
        at: Timestamp(0),
        body: EventBody::RunResumed { by: actor() },
    };
    journal.append(vec![event(0), event(1)]).await.unwrap();
    let gap = journal.append(vec![event(2), event(4)]).await;
    assert!(matches!(gap, Err(JournalError::Conflict { seq: 4, .. })));
    let taken = journal.append(vec![event(1)]).await;
    assert!(matches!(taken, Err(JournalError::Conflict { seq: 1, .. })));
    assert_eq!(journal.load(run).await.unwrap(), [event(0), event(1)]);
    let nobody = journal.load(RunId::from_u128(2)).await.unwrap();
    assert!(nobody.is_empty());
}
