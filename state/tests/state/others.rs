//! Other programs that have to do with the file, for example a person's
//! `sqlite3` shell or copy.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use stepwell_engine::RunId;
use stepwell_state::RunFilter;

use crate::support::{append, beginning, open, place, resumed};

/// Many a version of the `sqlite3` shell that finds no lock on a database takes
/// itself for the last user and removes the log when it is closed; what is
/// appended afterwards is lost. So a process that writes has to keep its lock,
/// whatever it opens and closes meanwhile.
#[cfg(target_os = "linux")]
#[test]
fn others_see_that_the_file_is_in_use() {
    let (_dir, path) = place();
    let run = RunId::from_u128(1);
    append(&open(&path), vec![beginning(run)]);
    let store = open(&path);
    let inode = format!(":{} ", fs::metadata(&path).expect("a file").ino());
    let is_locked = || {
        let locks = fs::read_to_string("/proc/locks").expect("the kernel's list");
        let mut locks = locks.lines().filter(|lock| lock.contains(" POSIX "));
        locks.any(|lock| lock.contains(&inode))
    };
    assert!(is_locked(), "it is not locked at all");
    // What a command does with the file while it writes it.
    assert_eq!(store.runs(&RunFilter::default()).expect("a list").len(), 1);
    append(&store, vec![resumed(run, 1)]);
    assert_eq!(store.events(run).expect("events").len(), 2);
    assert!(is_locked(), "the lock is lost");
}

/// What is closed in good order is one whole file, to be copied as it is.
#[test]
fn the_last_to_close_leaves_one_file() {
    let (dir, path) = place();
    let run = RunId::from_u128(1);
    let store = open(&path);
    append(&store, vec![beginning(run), resumed(run, 1)]);
    assert_eq!(store.events(run).expect("events").len(), 2);
    drop(store);
    assert!(!dir.path().join("state.db-wal").exists());
    let copy = dir.path().join("copy.db");
    fs::copy(&path, &copy).expect("copied");
    assert_eq!(open(&copy).events(run).expect("events").len(), 2);
}
