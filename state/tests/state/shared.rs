//! On a file system that other machines may share: a rollback journal in place
//! of the write-ahead log.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use stepwell_engine::RunId;
use stepwell_state::{Access, Remark, RunFilter, Store, Verdict};

use crate::schema::history;
use crate::support::{append, beginning, open, place, resumed};

fn open_shared(path: &Path) -> Store {
    Store::open_on(path, Access::ReadWrite, Some("NFS")).expect("opened")
}

fn is_logged(path: &Path) -> bool {
    // The version of the file's format that a writer has to know.
    fs::read(path).expect("a file")[18] == 2
}

#[test]
fn there_is_no_log_and_nothing_else_changes() {
    let (dir, path) = place();
    let events = history();
    let run = events[0].run;
    for event in &events {
        let store = open_shared(&path);
        assert_eq!(store.remarks(), [Remark::Shared("NFS")]);
        append(&store, vec![event.clone()]);
        assert!(!dir.path().join("state.db-wal").exists());
        assert!(!dir.path().join("state.db-shm").exists());
    }
    assert!(!is_logged(&path));
    let (one, other) = (open_shared(&path), open_shared(&path));
    append(&one, vec![beginning(RunId::from_u128(9))]);
    assert_eq!(other.events(run).expect("events"), events);
    append(&other, vec![resumed(RunId::from_u128(9), 1)]);
    assert_eq!(one.runs(&RunFilter::default()).expect("runs").len(), 2);
    assert!(matches!(one.verify(run), Ok(Some(Verdict::Whole { .. }))));
    assert_eq!(one.damage().expect("read"), [""; 0]);
}

/// A folder that is moved from one file system to another takes its state along.
#[test]
fn a_file_changes_with_its_file_system() {
    let (dir, path) = place();
    let run = RunId::from_u128(1);
    let store = open(&path);
    append(&store, vec![beginning(run)]);
    drop(store);
    assert!(is_logged(&path));
    append(&open_shared(&path), vec![resumed(run, 1)]);
    assert!(!is_logged(&path));
    assert!(!dir.path().join("state.db-wal").exists());
    append(&open(&path), vec![resumed(run, 2)]);
    assert!(is_logged(&path));
    assert_eq!(open(&path).events(run).expect("events").len(), 3);
}

/// The journal of a process that died within a transaction is no obstacle to
/// those that only read.
#[test]
fn what_a_dead_process_left_half_written_is_taken_back() {
    let (dir, path) = place();
    let run = RunId::from_u128(1);
    append(&open_shared(&path), vec![beginning(run)]);
    // Written to the file, and not committed.
    let shell = Connection::open(&path).expect("opened");
    shell
        .execute_batch(
            "PRAGMA cache_size = 1; BEGIN IMMEDIATE;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
             INSERT INTO event (run, seq, at, body) SELECT 1, i, 0, hex(zeroblob(100)) FROM n",
        )
        .expect("within a transaction");
    let copy = tempfile::tempdir().expect("a folder");
    for name in ["state.db", "state.db-journal"] {
        let to = copy.path().join(name);
        fs::copy(dir.path().join(name), &to).expect("copied");
    }
    drop(shell);
    let path = copy.path().join("state.db");
    assert!(
        copy.path()
            .join("state.db-journal")
            .metadata()
            .expect("there")
            .len()
            > 0
    );
    for access in [Access::ReadOnly, Access::ReadWrite] {
        let store = Store::open_on(&path, access, Some("NFS")).expect("opened");
        assert_eq!(store.events(run).expect("events").len(), 1, "{access:?}");
    }
}
