//! An older file that is upgraded while others use it.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use stepwell_engine::RunId;
use stepwell_state::{Access, OpenError, RunFilter, Store, Verdict};

use crate::schema::{FIRST, history, load};
use crate::support::{append, open, place, resumed, story};

fn run() -> RunId {
    history()[0].run
}

/// A reader keeps what it has begun to read, and sees the rest afterwards.
#[test]
fn a_reader_is_not_disturbed() {
    let (_dir, path) = place();
    drop(load(&path, FIRST));
    let looking = Store::open(&path, Access::ReadOnly).expect("opened");
    assert!(matches!(
        looking.verify(run()).expect("read"),
        Some(Verdict::Unchained { .. })
    ));
    let reading = rusqlite::Connection::open(&path).expect("opened");
    reading
        .execute_batch("PRAGMA journal_mode = WAL; BEGIN")
        .expect("begun");
    let count = || -> i64 {
        let sql = "SELECT count(*) FROM event";
        reading.query_row(sql, [], |row| row.get(0)).expect("read")
    };
    let before = count();
    let writer = open(&path);
    assert_eq!(count(), before);
    let next = u32::try_from(history().len()).expect("few");
    append(&writer, vec![resumed(run(), next)]);
    assert_eq!(count(), before, "what was begun is one moment");
    reading.execute_batch("COMMIT").expect("ended");
    assert_eq!(count(), before + 1);
    // The same handle as before understands the file as it is now.
    assert_eq!(looking.runs(&RunFilter::default()).expect("read").len(), 1);
    assert!(matches!(
        looking.verify(run()).expect("read"),
        Some(Verdict::Whole { events, .. }) if events == next + 1
    ));
}

/// A writer of the older version is waited for, and what it wrote is taken in.
#[test]
fn an_older_writer_is_waited_for() {
    let (_dir, path) = place();
    drop(load(&path, FIRST));
    let (locked, go_on) = channel();
    let old = thread::spawn({
        let path = path.clone();
        move || {
            let old = rusqlite::Connection::open(&path).expect("opened");
            old.execute_batch(
                "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;
                 INSERT INTO event (run, seq, at, body)
                 SELECT run, (SELECT max(seq) + 1 FROM event), at, body FROM event
                 WHERE body LIKE '%run_resumed%' LIMIT 1;
                 UPDATE run SET status = 'running', ended_at = NULL",
            )
            .expect("written");
            locked.send(()).expect("heard");
            thread::sleep(Duration::from_millis(300));
            old.execute_batch("COMMIT").expect("committed");
        }
    });
    go_on.recv().expect("locked");
    let store = open(&path);
    old.join().expect("ended");
    assert_eq!(
        store.events(run()).expect("events").len(),
        history().len() + 1
    );
    assert!(matches!(
        store.verify(run()).expect("read"),
        Some(Verdict::Whole { .. })
    ));
}

/// One that never lets go: the upgrade is given up, with nothing changed.
#[test]
fn an_older_writer_that_stays_is_named_and_nothing_is_changed() {
    let (_dir, path) = place();
    drop(load(&path, FIRST));
    let old = rusqlite::Connection::open(&path).expect("opened");
    old.execute_batch("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE")
        .expect("locked");
    let error = Store::open(&path, Access::ReadWrite).expect_err("locked");
    assert!(matches!(error, OpenError::Busy { .. }), "{error:?}");
    assert!(story(&error).contains("locked by another process"));
    old.execute_batch("COMMIT").expect("ended");
    let version: u32 = old
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .expect("read");
    assert_eq!(version, 1);
    open(&path);
}

/// A program of the older version that goes on writing after the upgrade leaves
/// events without a link. They are not taken for recorded ones.
#[test]
fn an_older_writer_that_goes_on_is_noticed() {
    let (_dir, path) = place();
    let old = load(&path, FIRST);
    let store = open(&path);
    old.execute_batch(
        "INSERT INTO event (run, seq, at, body)
         SELECT run, seq + 1, at + 1, body FROM event ORDER BY seq DESC LIMIT 1",
    )
    .expect("written");
    let last = u32::try_from(history().len()).expect("few");
    assert!(matches!(
        store.verify(run()).expect("read"),
        Some(Verdict::Broken { seq, .. }) if seq == last
    ));
}

/// Everybody who comes at once finds one upgraded file.
#[test]
fn many_may_upgrade_at_once() {
    for _ in 0..5 {
        let (_dir, path) = place();
        drop(load(&path, FIRST));
        thread::scope(|scope| {
            for number in 0..8 {
                let path = &path;
                scope.spawn(move || {
                    if number % 2 == 0 {
                        drop(open(path));
                    } else {
                        let store = Store::open(path, Access::ReadOnly).expect("opened");
                        let events = store.events(run()).expect("events");
                        assert_eq!(events.len(), history().len());
                    }
                });
            }
        });
        let store = open(&path);
        assert!(matches!(
            store.verify(run()).expect("read"),
            Some(Verdict::Whole { .. })
        ));
    }
}
