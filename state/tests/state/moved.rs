//! Files that are taken away under a process that writes them: nothing may be
//! told as recorded that nobody will find.

use std::fs;
use std::path::Path;

use stepwell_engine::{Journal as _, RunId};
use stepwell_state::{RunFilter, Store};

use crate::support::{append, beginning, block, open, place, resumed, story};

fn run() -> RunId {
    RunId::from_u128(1)
}

/// What is said of an append now.
#[track_caller]
fn noticed(store: &Store, file: &Path) {
    let error = block(store.append(vec![resumed(run(), 2)])).expect_err("it is gone");
    let text = story(&error);
    let said = format!(
        "the state file {} was removed or replaced while it was in use",
        file.display()
    );
    assert!(text.contains(&said), "{text}");
    // Nor is another story told in its place.
    for error in [
        store.events(run()).expect_err("it is gone"),
        store.runs(&RunFilter::default()).expect_err("it is gone"),
    ] {
        assert!(story(&error).contains(&said), "{error:?}");
        assert!(error.hint().expect("a hint").contains("put it back"));
    }
}

fn begun() -> (tempfile::TempDir, std::path::PathBuf, Store) {
    let (dir, path) = place();
    let path = dir
        .path()
        .join("folder")
        .join(path.file_name().expect("a name"));
    let store = open(&path);
    append(&store, vec![beginning(run()), resumed(run(), 1)]);
    (dir, path, store)
}

#[track_caller]
fn is_whole(path: &Path) {
    let store = open(path);
    assert_eq!(store.events(run()).expect("events").len(), 2);
    append(&store, vec![resumed(run(), 2)]);
}

#[test]
fn a_removed_file_takes_nothing_more() {
    let (_dir, path, store) = begun();
    fs::remove_file(&path).expect("removed");
    noticed(&store, &path);
    drop(store);
    assert!(!path.exists(), "and nothing is made in its place");
}

#[test]
fn a_file_that_was_moved_away_and_back_is_whole() {
    let (dir, path, store) = begun();
    let aside = dir.path().join("aside.db");
    fs::rename(&path, &aside).expect("moved");
    noticed(&store, &path);
    drop(store);
    fs::rename(&aside, &path).expect("moved back");
    is_whole(&path);
}

#[test]
fn a_replaced_file_is_left_as_it_is() {
    let (dir, path, store) = begun();
    let other = dir.path().join("other.db");
    append(&open(&other), vec![beginning(RunId::from_u128(2))]);
    let bytes = fs::read(&other).expect("read");
    fs::rename(&other, &path).expect("replaced");
    noticed(&store, &path);
    drop(store);
    assert_eq!(fs::read(&path).expect("read"), bytes);
}

#[test]
fn a_folder_that_was_moved_away_and_back_is_whole() {
    let (dir, path, store) = begun();
    let folder = path.parent().expect("a folder").to_owned();
    let aside = dir.path().join("aside");
    fs::rename(&folder, &aside).expect("moved");
    noticed(&store, &path);
    drop(store);
    fs::rename(&aside, &folder).expect("moved back");
    is_whole(&path);
}

#[test]
fn a_removed_folder_takes_nothing_more() {
    let (_dir, path, store) = begun();
    let folder = path.parent().expect("a folder").to_owned();
    fs::remove_dir_all(&folder).expect("removed");
    noticed(&store, &path);
    drop(store);
    assert!(!folder.exists(), "and nothing is made in its place");
}

/// What was recorded is in the log that nobody finds by its name any more; the
/// last to close the database brings it home all the same.
#[test]
fn a_removed_log_is_noticed_and_loses_nothing() {
    for name in ["state.db-wal", "state.db-shm"] {
        let (_dir, path, store) = begun();
        let log = path.with_file_name(name);
        fs::remove_file(&log).expect("removed");
        noticed(&store, &log);
        drop(store);
        is_whole(&path);
    }
}

#[test]
fn what_is_moved_while_an_append_waits_takes_nothing_more() {
    let (dir, path, store) = begun();
    let aside = dir.path().join("aside.db");
    let other = rusqlite::Connection::open(&path).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("a turn");
    let done = std::thread::scope(|scope| {
        let append = scope.spawn(|| block(store.append(vec![resumed(run(), 2)])));
        // Whether it waits by now or comes too late is all the same.
        (0..10_000).for_each(|_| std::thread::yield_now());
        fs::rename(&path, &aside).expect("moved");
        other.execute_batch("ROLLBACK").expect("its end");
        append.join().expect("no panic")
    });
    let text = story(&done.expect_err("it is gone"));
    assert!(text.contains("was removed or replaced"), "{text}");
    drop((other, store));
    fs::rename(&aside, &path).expect("moved back");
    is_whole(&path);
}
