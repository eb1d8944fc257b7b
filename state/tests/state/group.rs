//! Group commit: what waits together is committed together.

use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::event::End;
use stepwell_engine::{Journal as _, JournalError, RunId};
use stepwell_state::Verdict;

use crate::support::{append, beginning, block, ended, open, place, resumed};

#[test]
fn appends_that_wait_share_a_transaction() {
    let (_dir, path) = place();
    let store = open(&path);
    block(async {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..200 {
            let store = store.clone();
            tasks.spawn(async move {
                store
                    .append(vec![beginning(RunId::from_u128(number))])
                    .await
            });
        }
        for result in tasks.join_all().await {
            result.expect("appended");
        }
    });
    // The first may go alone; the 199 others wait for it, and then hardly
    // need more than one.
    assert!(store.commits() < 50, "{} commits", store.commits());
}

#[test]
fn a_refused_append_does_not_hinder_its_companions() {
    let (_dir, path) = place();
    let store = open(&path);
    let run = RunId::from_u128(1000);
    append(&store, vec![beginning(run)]);
    let results = block(async {
        let mut tasks = tokio::task::JoinSet::new();
        for number in 0..30 {
            let store = store.clone();
            tasks.spawn(async move {
                if number % 3 == 0 {
                    // Seq 7 never fits.
                    store.append(vec![resumed(run, 7)]).await
                } else {
                    store
                        .append(vec![beginning(RunId::from_u128(number))])
                        .await
                }
            });
        }
        tasks.join_all().await
    });
    let refused = results
        .iter()
        .filter(|result| matches!(result, Err(JournalError::Conflict { seq: 7, .. })));
    assert_eq!(refused.count(), 10);
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 20);
    assert!(store.commits() < 21, "{} commits", store.commits());
}

#[tokio::test(start_paused = true)]
async fn virtual_time_stands_still_while_a_commit_runs() {
    let (_dir, path) = place();
    let store = Arc::new(open(&path));
    let run = RunId::from_u128(1);
    let before = tokio::time::Instant::now();
    tokio::select! {
        biased;
        () = tokio::time::sleep(Duration::from_millis(1)) => panic!("the clock ran away"),
        result = store.append(vec![beginning(run)]) => result.expect("appended"),
    }
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[test]
fn a_journal_outlives_the_runtime_it_was_used_in() {
    let (_dir, path) = place();
    let store = open(&path);
    for number in 0..3 {
        append(&store, vec![beginning(RunId::from_u128(number))]);
    }
    assert_eq!(store.commits(), 3);
}

#[test]
fn each_history_in_a_shared_transaction_is_whole() {
    let (_dir, path) = place();
    let store = open(&path);
    let runs = (1..=30).map(|length: u32| (RunId::from_u128(length.into()), length));
    block(async {
        let mut tasks = tokio::task::JoinSet::new();
        for (run, length) in runs.clone() {
            // Of each length, and gone on with right after its end.
            let mut first = vec![beginning(run)];
            first.extend((1..length).map(|seq| resumed(run, seq)));
            first.push(ended(run, length, End::RolledBack { waived: Vec::new() }));
            for events in [first, vec![resumed(run, length + 1)]] {
                let store = store.clone();
                tasks.spawn(async move { store.append(events).await });
            }
        }
        for result in tasks.join_all().await {
            result.expect("appended");
        }
    });
    assert!(store.commits() < 10, "{} commits", store.commits());
    for (run, length) in runs {
        let verdict = store.verify(run).expect("read");
        let is_whole =
            matches!(verdict, Some(Verdict::Whole { events, .. }) if events == length + 2);
        assert!(is_whole, "{verdict:?}");
    }
}
