//! A foreign writer that holds the database: for a while, and for ever.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::deed::{Deed, Tally, Told};
use super::ground::Ground;
use crate::command::harness::{KEYCLOAK, Running, finish};

fn shell(ground: &Ground, sql: &str) -> Connection {
    let shell = Connection::open(ground.home.state()).expect("opened");
    shell.busy_timeout(Duration::from_secs(5)).expect("patient");
    shell.execute_batch(sql).expect("locked");
    shell
}

/// Before a command: it waits, and then says who is in the way.
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

#[test]
fn a_writer_that_comes_during_a_run() {
    let mut tally = Tally::default();
    for (kind, long) in [
        ("IMMEDIATE", true),
        ("EXCLUSIVE", true),
        ("IMMEDIATE", false),
    ] {
        let ground = Ground::new();
        let before = ground.look();
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
        let held = shell(&ground, &format!("BEGIN {kind}"));
        if !long {
            thread::sleep(Duration::from_millis(1500));
            held.execute_batch("COMMIT").expect("unlocked");
        }
        let done = run.end();
        let told = Deed::Create.must_be_told(&ground, &done);
        if long {
            done.says("is locked by another process").says("resume");
            held.execute_batch("ROLLBACK").expect("unlocked");
        }
        assert_eq!(told == Told::Done, !long, "{done:#?}");
        tally.add(told, ground.must_be_recorded(&before));
        Deed::Create.must_end(&ground);
    }
    println!(
        "foreign writer during a run, for 1.5 s and for ever: {}",
        tally.text()
    );
    assert_eq!((tally.failed, tally.done), (2, 1));
}
