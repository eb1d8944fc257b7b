//! What every journal promises.

use std::sync::Arc;

use serde_json::Value;

use crate::event::{Actor, EventBody, RunCreated, Verb};
use crate::journal::{Journal, JournalError};
use crate::model::{Event, RunId, Timestamp};

fn event(run: RunId, seq: u32, body: EventBody) -> Event {
    Event {
        run,
        seq,
        at: Timestamp(1_000_000 + i64::from(seq)),
        body,
    }
}

fn beginning(run: RunId) -> Event {
    let created = RunCreated::new("contract", format!("contract/{run}"), Value::Null);
    event(run, 0, EventBody::RunCreated(created.into()))
}

fn resumed(run: RunId, seq: u32) -> Event {
    let by = Actor::default();
    event(run, seq, EventBody::RunResumed { by })
}

fn started(run: RunId, seq: u32) -> Event {
    let body = EventBody::AttemptStarted {
        step: "step".into(),
        attempt: seq,
        verb: Verb::Run,
    };
    event(run, seq, body)
}

async fn load(journal: &dyn Journal, run: RunId) -> Vec<Event> {
    journal.load(run).await.expect("the run loads")
}

async fn append(journal: &dyn Journal, events: Vec<Event>) {
    journal.append(events).await.expect("the append is durable");
}

async fn conflicts(journal: &dyn Journal, events: Vec<Event>, run: RunId, seq: u32) {
    let result = journal.append(events).await;
    assert!(
        matches!(&result, Err(JournalError::Conflict { run: r, seq: s }) if (*r, *s) == (run, seq)),
        "a conflict at {seq} is expected, not {result:?}"
    );
}

/// Holds an empty journal to its contract: what was appended comes back in order,
/// run by run; a place is taken once, and none is left out; an append is all or
/// nothing; many may append at once; and one whose caller went away harms nobody.
///
/// # Panics
/// When it does not keep it.
pub async fn keeps_the_journal_contract(journal: Arc<dyn Journal>) {
    let [one, two, none] = [1, 2, 3].map(RunId::from_u128);
    assert!(load(&*journal, none).await.is_empty());
    append(&*journal, Vec::new()).await;

    let history = vec![beginning(one), started(one, 1), resumed(one, 2)];
    append(&*journal, vec![history[0].clone()]).await;
    append(&*journal, vec![beginning(two)]).await;
    append(&*journal, history[1..].to_vec()).await;
    assert_eq!(load(&*journal, one).await, history);
    assert_eq!(load(&*journal, two).await, vec![beginning(two)]);

    conflicts(&*journal, vec![resumed(one, 2)], one, 2).await;
    conflicts(&*journal, vec![beginning(one)], one, 0).await;
    conflicts(&*journal, vec![resumed(one, 4)], one, 4).await;
    // All or none.
    let torn = vec![started(one, 3), started(one, 4), started(one, 4)];
    conflicts(&*journal, torn, one, 4).await;
    assert_eq!(load(&*journal, one).await, history);

    rivals(&journal).await;
    crowd(&journal).await;
    gone(&journal).await;
}

/// The same place by many at once: one of them has it.
async fn rivals(journal: &Arc<dyn Journal>) {
    let run = RunId::from_u128(10);
    append(&**journal, vec![beginning(run)]).await;
    let mut rivals = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let journal = journal.clone();
        rivals.spawn(async move { journal.append(vec![resumed(run, 1)]).await });
    }
    let won = rivals.join_all().await.into_iter().filter(Result::is_ok);
    assert_eq!(won.count(), 1, "one of twenty has the place");
    assert_eq!(load(&**journal, run).await.len(), 2);
}

/// Many runs at once do not disturb each other.
async fn crowd(journal: &Arc<dyn Journal>) {
    let mut runs = tokio::task::JoinSet::new();
    for number in 100..150_u128 {
        let journal = journal.clone();
        runs.spawn(async move {
            let run = RunId::from_u128(number);
            journal.append(vec![beginning(run)]).await?;
            for seq in (1..9).step_by(2) {
                let batch = vec![started(run, seq), resumed(run, seq + 1)];
                journal.append(batch).await?;
            }
            Ok::<_, JournalError>(run)
        });
    }
    for run in runs.join_all().await {
        let run = run.expect("every append is durable");
        let events = load(&**journal, run).await;
        let places: Vec<u32> = events.iter().map(|event| event.seq).collect();
        assert_eq!(places, (0..9).collect::<Vec<_>>());
    }
}

/// An append whose caller went away harms nobody.
async fn gone(journal: &Arc<dyn Journal>) {
    let run = RunId::from_u128(11);
    let called = journal.clone();
    let task = tokio::spawn(async move { called.append(vec![beginning(run)]).await });
    tokio::task::yield_now().await;
    task.abort();
    let _ = task.await;
    let next = match load(&**journal, run).await.len() {
        0 => beginning(run),
        _ => resumed(run, 1),
    };
    // It may still be on its way: then the place is taken at the second look.
    let _ = journal.append(vec![next]).await;
    assert!(!load(&**journal, run).await.is_empty());
}
