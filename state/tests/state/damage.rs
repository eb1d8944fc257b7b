//! Files that are not what they should be, and files in use.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rusqlite::Connection;
use stepwell_engine::{Journal as _, RunId};
use stepwell_state::{Access, OpenError, RunFilter, Store};

use crate::support::{append, beginning, block, open, place, resumed, started, story};

fn refused(path: &std::path::Path, access: Access) -> OpenError {
    match Store::open(path, access) {
        Ok(_) => panic!("{} is opened", path.display()),
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(&*path.to_string_lossy()), "{text}");
            assert!(text.starts_with(|c: char| c.is_lowercase()), "{text}");
            assert!(error.hint().is_some(), "{text}");
            error
        }
    }
}

const BOTH: [Access; 2] = [Access::ReadWrite, Access::ReadOnly];

#[test]
fn a_fresh_file_is_for_its_owner_alone() {
    let (dir, _) = place();
    let path = dir.path().join("deep/er/state.db");
    let store = open(&path);
    append(&store, vec![beginning(RunId::from_u128(1))]);
    let mode = |name: &str| {
        let found = fs::metadata(dir.path().join("deep/er").join(name)).expect(name);
        found.permissions().mode() & 0o777
    };
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert_eq!(mode("."), 0o700);
    assert_eq!(mode(".."), 0o700);
    assert_eq!(mode("state.db.locks"), 0o700);
    drop(store);
    assert!(!dir.path().join("deep/er/state.db-wal").exists());
}

#[test]
fn reading_what_is_not_there_makes_nothing() {
    let (dir, path) = place();
    let store = Store::open(&path, Access::ReadOnly).expect("an empty store");
    assert!(
        store
            .runs(&RunFilter::default())
            .expect("a list")
            .is_empty()
    );
    assert!(
        store
            .events(RunId::from_u128(1))
            .expect("events")
            .is_empty()
    );
    assert_eq!(store.run_holder(RunId::from_u128(1)).expect("a look"), None);
    let error = block(store.append(vec![beginning(RunId::from_u128(1))])).expect_err("no writing");
    assert!(story(&error).contains("read-only"), "{}", story(&error));
    assert_eq!(fs::read_dir(dir.path()).expect("a list").count(), 0);

    // Once another process has made it, it is seen.
    append(&open(&path), vec![beginning(RunId::from_u128(1))]);
    assert_eq!(store.runs(&RunFilter::default()).expect("a list").len(), 1);
}

#[test]
fn text_is_not_a_database() {
    let (_dir, path) = place();
    fs::write(&path, "this is a text, and a rather long one\n".repeat(100)).expect("written");
    for access in BOTH {
        let error = refused(&path, access);
        assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
        assert!(
            story(&error).ends_with("file is not a database"),
            "{}",
            story(&error)
        );
    }
}

#[test]
fn a_truncated_database_is_damaged() {
    let (_dir, path) = place();
    let run = RunId::from_u128(1);
    let store = open(&path);
    append(&store, vec![beginning(run)]);
    append(&store, (1..2000).map(|seq| started(run, seq)).collect());
    drop(store);
    let length = fs::metadata(&path).expect("a file").len();
    for part in [length / 2, 4096 * 2, 4000, 100] {
        let file = fs::File::options().write(true).open(&path).expect("opened");
        file.set_len(part).expect("cut");
        for access in BOTH {
            let error = refused(&path, access);
            assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
        }
    }
}

#[test]
fn damage_within_is_told_when_it_is_met() {
    let (_dir, path) = place();
    let run = RunId::from_u128(1);
    append(&open(&path), vec![beginning(run), resumed(run, 1)]);
    let raw = Connection::open(&path).expect("opened");
    raw.execute(
        "UPDATE event SET body = '{\"kind\":\"?\"}' WHERE seq = 1",
        [],
    )
    .expect("changed");
    let error = open(&path).events(run).expect_err("unreadable");
    let text = story(&error);
    assert!(
        text.contains("damaged") && text.contains("event 1 of run"),
        "{text}"
    );
    raw.execute(
        "UPDATE event SET body = CAST(x'7bff7d' AS TEXT) WHERE seq = 1",
        [],
    )
    .expect("changed");
    let error = open(&path).events(run).expect_err("unreadable");
    assert!(
        matches!(error, OpenError::Corrupt { .. }) && error.hint().is_some(),
        "{error:?}"
    );
    for (status, why) in [
        ("'merry'", "unknown status \"merry\""),
        ("CAST(x'7bff7d' AS TEXT)", "invalid utf-8"),
    ] {
        raw.execute(&format!("UPDATE run SET status = {status}"), [])
            .expect("changed");
        let store = open(&path);
        // It keeps no other from being listed.
        assert_eq!(store.runs(&RunFilter::default()).expect("a list"), []);
        let unreadable = store.unreadable().expect("a list");
        assert_eq!(unreadable.len(), 1);
        assert_eq!(unreadable[0].id, run.to_string());
        assert!(unreadable[0].why.contains(why), "{unreadable:?}");
    }
}

#[test]
fn a_folder_is_not_a_file() {
    let (dir, _) = place();
    for access in BOTH {
        for path in [dir.path(), std::path::Path::new("/dev/null")] {
            let error = refused(path, access);
            assert!(matches!(error, OpenError::NotAFile { .. }), "{error:?}");
        }
    }
    // A file where a folder should be.
    let file = dir.path().join("file");
    fs::write(&file, "x").expect("written");
    let path = file.join("state.db");
    let error = Store::open(&path, Access::ReadWrite).expect_err("refused");
    assert!(matches!(error, OpenError::NotAFile { .. }), "{error:?}");
}

#[test]
fn another_programs_database_is_left_alone() {
    let (_dir, path) = place();
    let other = Connection::open(&path).expect("opened");
    other.execute_batch("CREATE TABLE t (x)").expect("a table");
    for access in BOTH {
        let error = refused(&path, access);
        assert!(matches!(error, OpenError::Foreign { .. }), "{error:?}");
    }
}

#[test]
fn a_foreign_writer_is_waited_for_and_then_named() {
    let (_dir, path) = place();
    let run = RunId::from_u128(1);
    let store = open(&path);
    append(&store, vec![beginning(run)]);
    let shell = Connection::open(&path).expect("opened");
    shell.execute_batch("BEGIN EXCLUSIVE").expect("locked");
    let error = block(store.append(vec![resumed(run, 1)])).expect_err("locked");
    let text = story(&error);
    assert!(text.contains("is locked by another process"), "{text}");
    // Readers are not hindered, and once the shell is done, neither is the writer.
    assert_eq!(store.events(run).expect("events").len(), 1);
    shell.execute_batch("ROLLBACK").expect("unlocked");
    append(&store, vec![resumed(run, 1)]);
}
