//! A foreign writer that holds the database: for a while, and for ever.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rustix::process::Signal;

use super::deed::{Deed, Tally, Told};
use super::ground::Ground;
use crate::command::harness::{KEYCLOAK, Running, finish};

fn shell(ground: &Ground, sql: &str) -> Connection {
    let shell = Connection::open(ground.home.state()).expect("opened");
    shell.busy_timeout(Duration::from_secs(5)).expect("patient");
    shell.execute_batch(sql).expect("locked");
    shell
}

/// Before a command: it waits for seconds, and then says who is in the way.
#[test]
fn a_writer_that_was_there_before() {
    let mut tally = Tally::default();
    for deed in [Deed::Delete, Deed::Rollback, Deed::Resume] {
        let ground = Ground::new();
        deed.prepare(&ground);
        let before = ground.look();
        let held = shell(&ground, "BEGIN IMMEDIATE");
        let begun = Instant::now();
        let done = finish(ground.command(&[], &deed.words()));
        assert!(begun.elapsed() > Duration::from_secs(4), "it did not wait");
        let told = deed.must_be_told(&ground, &done);
        assert_eq!(told, Told::Failed);
        done.says("is locked by another process");
        assert_eq!(ground.look(), before, "something was done");
        ground.expect(0, &["runs", "list"]);
        held.execute_batch("ROLLBACK").expect("unlocked");
        tally.add(told, ground.must_be_recorded(&before));
        deed.must_end(&ground);
    }
    println!(
        "foreign writer before a command, for ever: {}",
        tally.text()
    );
    assert_eq!(tally.failed, 3);
}

/// During a run: it waits, attends to signals meanwhile, and goes on.
#[test]
fn a_writer_that_comes_during_a_run() {
    let mut tally = Tally::default();
    for (kind, long) in [
        ("IMMEDIATE", 1500),
        ("EXCLUSIVE", 1500),
        ("IMMEDIATE", 12_000),
    ] {
        let ground = Ground::new();
        let before = ground.look();
        let run = begun(&ground);
        let held = shell(&ground, &format!("BEGIN {kind}"));
        thread::sleep(Duration::from_millis(long));
        held.execute_batch("COMMIT").expect("unlocked");
        let done = run.end();
        let told = Deed::Create.must_be_told(&ground, &done);
        assert_eq!(told, Told::Done, "{done:#?}");
        let line =
            "is locked by another process: waiting for it for 2 s so far, for 10 min at most";
        assert_eq!(
            done.stderr.matches(line).count(),
            usize::from(long > 5000),
            "{done:#?}"
        );
        tally.add(told, ground.must_be_recorded(&before));
        Deed::Create.must_end(&ground);
    }
    println!("foreign writer during a run, for a while: {}", tally.text());
    assert_eq!(tally.done, 3);
}

fn begun(ground: &Ground) -> Running {
    let words = [
        "--sandbox",
        "--sandbox-speed",
        "200",
        "aurora",
        "create",
        "-o",
        "json",
    ];
    let command = ground.command(&[], &[&words[..], &KEYCLOAK].concat());
    let mut run = Running::of(command, &ground.home);
    run.until("started vpc");
    run
}

/// A person need not wait for the end of the wait.
#[test]
fn a_wait_for_a_writer_can_be_left() {
    let ground = Ground::new();
    let before = ground.look();
    let mut run = begun(&ground);
    let held = shell(&ground, "BEGIN IMMEDIATE");
    run.until("waiting for it");
    run.signal(Signal::INT);
    run.until("SIGINT");
    // Of one burst with the first, a second would count for nothing.
    thread::sleep(Duration::from_millis(1500));
    run.signal(Signal::INT);
    assert_eq!(run.end().code, 130);
    held.execute_batch("ROLLBACK").expect("unlocked");
    assert_eq!(ground.runs()[0]["status"], "interrupted");
    ground.must_be_recorded(&before);
    Deed::Create.must_end(&ground);
}

/// Ten minutes, which is for the long campaigns only: `session/journal.rs` has
/// the same in no time.
#[test]
fn a_writer_that_never_ends_stops_the_run() {
    if std::env::var_os("STEPWELL_EXHAUSTIVE").is_none() {
        println!("a foreign writer for ever: skipped, with STEPWELL_EXHAUSTIVE=1 it is tried");
        return;
    }
    let ground = Ground::new();
    let before = ground.look();
    let run = begun(&ground);
    let held = shell(&ground, "BEGIN IMMEDIATE");
    let done = run.end();
    assert_eq!(done.code, 3, "{done:#?}");
    assert_eq!(done.error()["code"], "state_busy");
    assert_eq!(
        done.stderr.matches("waiting for it").count(),
        10,
        "{done:#?}"
    );
    done.says("resume");
    assert_eq!(ground.runs()[0]["status"], "interrupted");
    held.execute_batch("ROLLBACK").expect("unlocked");
    ground.must_be_recorded(&before);
    Deed::Create.must_end(&ground);
}
