//! What every journal promises, held against each of them.

use std::sync::Arc;

use stepwell_engine::{Journal, JournalError, MemoryJournal, RunId};
use stepwell_state::{Access, Store};

use crate::support::{beginning, block, open, place, resumed, started};

async fn keeps(journal: Arc<dyn Journal>) {
    let [one, two, three, four, none] = [1, 2, 3, 4, 5].map(RunId::from_u128);
    let load = async |run| journal.load(run).await.expect("the run loads");
    let conflict = |result: Result<(), JournalError>, run: RunId, seq: u32| {
        assert!(
            matches!(&result, Err(JournalError::Conflict { run: r, seq: s }) if (*r, *s) == (run, seq)),
            "a conflict at {seq} is expected, not {result:?}"
        );
    };

    // A run that does not exist is empty; an append of nothing is nothing.
    assert!(load(none).await.is_empty());
    journal.append(Vec::new()).await.expect("nothing is done");

    // What was appended comes back as it was, in order, run by run.
    let history = vec![beginning(one), started(one, 1), resumed(one, 2)];
    journal
        .append(vec![history[0].clone()])
        .await
        .expect("append");
    journal.append(vec![beginning(two)]).await.expect("append");
    journal.append(history[1..].to_vec()).await.expect("append");
    assert_eq!(load(one).await, history);
    assert_eq!(load(two).await, vec![beginning(two)]);

    // A place is taken once, and none may be left out.
    conflict(journal.append(vec![resumed(one, 2)]).await, one, 2);
    conflict(journal.append(vec![beginning(one)]).await, one, 0);
    conflict(journal.append(vec![resumed(one, 4)]).await, one, 4);

    // All or none.
    let torn = vec![started(one, 3), started(one, 4), started(one, 4)];
    conflict(journal.append(torn).await, one, 4);
    assert_eq!(load(one).await, history);

    // The same place by many at once: one of them has it.
    journal
        .append(vec![beginning(three)])
        .await
        .expect("append");
    let mut rivals = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let journal = journal.clone();
        rivals.spawn(async move { journal.append(vec![resumed(three, 1)]).await });
    }
    let won = rivals.join_all().await.into_iter().filter(Result::is_ok);
    assert_eq!(won.count(), 1);
    assert_eq!(load(three).await.len(), 2);

    // Many runs at once do not disturb each other.
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
        let places: Vec<u32> = load(run).await.iter().map(|event| event.seq).collect();
        assert_eq!(places, (0..9).collect::<Vec<_>>());
    }

    // An append whose caller went away harms nobody.
    let gone = journal.clone();
    let task = tokio::spawn(async move { gone.append(vec![beginning(four)]).await });
    tokio::task::yield_now().await;
    task.abort();
    let _ = task.await;
    let seq = u32::try_from(load(four).await.len()).expect("few");
    let next = if seq == 0 {
        beginning(four)
    } else {
        resumed(four, 1)
    };
    // It may still be on its way: then the place is taken at the second look.
    let _ = journal.append(vec![next]).await;
    assert!(!load(four).await.is_empty());
}

#[test]
fn memory() {
    block(keeps(Arc::new(MemoryJournal::new())));
}

#[test]
fn sqlite() {
    let (_dir, path) = place();
    block(keeps(Arc::new(open(&path))));
}

#[test]
fn sqlite_on_many_threads() {
    let (_dir, path) = place();
    let store = open(&path);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .expect("a runtime")
        .block_on(keeps(Arc::new(store)));
}

#[test]
fn sqlite_without_a_log() {
    let (_dir, path) = place();
    let store = Store::open_on(&path, Access::ReadWrite, Some("NFS")).expect("opened");
    block(keeps(Arc::new(store)));
}
