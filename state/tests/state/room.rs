//! The log is as long as it will be once a process has committed often, and what
//! is written ahead is nobody's history.

use std::fs;
use std::path::Path;

use stepwell_engine::RunId;
use stepwell_state::Verdict;

use crate::support::{append, beginning, open, place, resumed};

fn length(path: &Path) -> u64 {
    let log = fs::metadata(path.with_file_name("state.db-wal"));
    log.expect("a log").len()
}

#[test]
fn the_log_of_a_process_that_commits_often_does_not_grow() {
    let (_dir, path) = place();
    let store = open(&path);
    let run = RunId::from_u128(1);
    append(&store, vec![beginning(run)]);
    let short = length(&path);
    for seq in 1..20 {
        append(&store, vec![resumed(run, seq)]);
    }
    let whole = length(&path);
    assert!(short < whole && whole > 1_000_000, "{short} {whole}");
    for seq in 20..1000 {
        append(&store, vec![resumed(run, seq)]);
        assert_eq!(length(&path), whole, "after event {seq}");
    }
    // It is written over meanwhile, while others look.
    let seen = open(&path).events(run).expect("events");
    assert_eq!(seen.len(), 1000);
}

#[test]
fn what_was_written_ahead_is_no_history() {
    let (_dir, path) = place();
    let store = open(&path);
    let run = RunId::from_u128(1);
    append(&store, vec![beginning(run)]);
    for seq in 1..30 {
        append(&store, vec![resumed(run, seq)]);
        // As a process leaves it that is killed now.
        let (_dir, copy) = place();
        for name in ["state.db", "state.db-wal"] {
            fs::copy(path.with_file_name(name), copy.with_file_name(name)).expect("copied");
        }
        let found = open(&copy);
        let verdict = found.verify(run).expect("read");
        let is_whole = matches!(verdict, Some(Verdict::Whole { events, .. }) if events == seq + 1);
        assert!(is_whole, "{verdict:?}");
        append(&found, vec![resumed(run, seq + 1)]);
    }
}
