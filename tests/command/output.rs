//! Readers that take nothing, disks that are full, terminals that are gone:
//! they cost what was to be printed, and hold up nothing else.

use std::fs::OpenOptions;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::process::{Child, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::harness::{Home, KEYCLOAK};
use super::terminal::Pty;

/// A pipe that has room for nothing more.
fn full() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().expect("a pipe");
    block(&writer, false);
    while writer.write(&[b'\n'; 64]).is_ok() {}
    block(&writer, true);
    (reader, writer)
}

fn block(writer: &PipeWriter, block: bool) {
    let mut flags = fcntl_getfl(writer).expect("flags");
    flags.set(OFlags::NONBLOCK, !block);
    fcntl_setfl(writer, flags).expect("flags");
}

fn create<'a>(form: &'a str, speed: &'a str) -> Vec<&'a str> {
    let words = ["--sandbox", "--sandbox-speed", speed, "-o", form];
    [&words[..], &["aurora", "create"], &KEYCLOAK].concat()
}

fn start(home: &Home, words: &[&str], out: impl Into<Stdio>, err: impl Into<Stdio>) -> Child {
    let mut command = home.command(words);
    command.stdout(out).stderr(err);
    command.spawn().expect("the command starts")
}

/// Waits until the run that is under way has succeeded.
#[track_caller]
fn succeeds(home: &Home) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(120) {
        let shown = home.run(&["-o", "json", "runs", "show", "latest"]);
        let shown: Value = serde_json::from_str(&shown.stdout).unwrap_or_default();
        if shown["status"] == "succeeded" {
            return;
        }
        sleep(Duration::from_millis(100));
    }
    panic!("the run is held up");
}

#[test]
fn a_reader_that_takes_nothing_holds_up_no_run() {
    let home = Home::new();
    let (_reader, stdout) = full();
    let child = start(&home, &create("jsonl", "6000"), stdout, Stdio::piped());
    succeeds(&home);
    let done = child.wait_with_output().expect("the end");
    let said = String::from_utf8(done.stderr).expect("text");
    assert_eq!(done.status.code(), Some(74), "{said}");
    assert!(
        said.contains("waiting for stdout") || said.contains("not printed: "),
        "{said}"
    );
    let lost = said.split("not printed: ").nth(1).expect("a count");
    let lost: usize = lost
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number");
    assert!(lost > 20, "{said}");
    assert!(said.contains("stepwell runs show "), "{said}");
}

#[test]
fn a_terminal_that_takes_nothing_holds_up_no_run() {
    let home = Home::new();
    let (_reader, stderr) = full();
    let child = start(&home, &create("text", "6000"), Stdio::piped(), stderr);
    succeeds(&home);
    let done = child.wait_with_output().expect("the end");
    assert_eq!(done.status.code(), Some(0));
    let said = String::from_utf8(done.stdout).expect("text");
    assert!(said.contains("endpoint"), "{said}");
}

#[test]
fn a_signal_is_heard_while_nobody_reads() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "CreateVpc",
        "--latency",
        "1h",
        "--times",
        "1",
    ]);
    let ((_one, stdout), (_other, stderr)) = (full(), full());
    let mut child = start(&home, &create("jsonl", "60"), stdout, stderr);
    let begun = Instant::now();
    while home.runs().is_empty() && begun.elapsed() < Duration::from_secs(60) {
        sleep(Duration::from_millis(50));
    }
    // The call is in flight by then.
    sleep(Duration::from_millis(1500));
    let signal = || kill_process(Pid::from_child(&child), Signal::TERM);
    signal().expect("it lives");
    sleep(Duration::from_millis(1200));
    signal().expect("it lives");
    assert_eq!(child.wait().expect("the end").code(), Some(143));
    assert_eq!(home.show("latest")["status"], "interrupted");
}

#[test]
fn a_slow_reader_gets_every_event() {
    let home = Home::new();
    for blocks in [true, false] {
        let (mut reader, stdout) = pipe().expect("a pipe");
        // As a program leaves it that shares the pipe and uses it in its own way.
        block(&stdout, blocks);
        let words = create("jsonl", "max");
        let child = start(&home, &words, stdout, Stdio::piped());
        let read = thread::spawn(move || {
            let (mut text, mut some) = (Vec::new(), [0; 512]);
            while let Ok(count @ 1..) = reader.read(&mut some) {
                text.extend_from_slice(&some[..count]);
                sleep(Duration::from_millis(2));
            }
            String::from_utf8(text).expect("text")
        });
        let done = child.wait_with_output().expect("the end");
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        let text = read.join().expect("the reader");
        let lines: Vec<Value> = (text.lines())
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect();
        let (document, events) = lines.split_last().expect("lines");
        assert_eq!(document["status"], "succeeded");
        for (place, event) in events.iter().enumerate() {
            assert_eq!(event["seq"], place, "an event is missing");
        }
        home.delete(0, &[]);
    }
}

#[test]
fn a_result_that_can_not_be_printed_has_a_code_of_its_own() {
    for form in ["text", "json"] {
        let home = Home::new();
        let full = OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("a disk");
        let child = start(&home, &create(form, "max"), full, Stdio::piped());
        let done = child.wait_with_output().expect("the end");
        let said = String::from_utf8(done.stderr).expect("text");
        assert_eq!(done.status.code(), Some(74), "{said}");
        assert!(
            said.contains("succeeded, but the result could not be printed"),
            "{said}"
        );
        if form == "json" {
            let error: Value =
                serde_json::from_str(said.lines().last().expect("lines")).expect("JSON");
            assert_eq!(error["exit_code"], 74);
            assert_eq!(error["code"], "unprinted");
        }
        // What it says is how to read it.
        let read = said
            .split("to read it: stepwell ")
            .nth(1)
            .expect("a command");
        let words: Vec<&str> = read
            .split(['\n', '"'])
            .next()
            .expect("it")
            .split(' ')
            .collect();
        home.expect(0, &words).prints("succeeded");
        assert_eq!(home.runs()[0]["status"], "succeeded");
    }
}

#[test]
fn what_only_prints_and_can_not_is_an_error() {
    let home = Home::new();
    home.create(0, &[]);
    let full = OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("a disk");
    let child = start(&home, &["runs", "list"], full, Stdio::piped());
    let done = child.wait_with_output().expect("the end");
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("could not write to stdout"));
}

#[test]
fn a_pager_may_take_its_time() {
    let home = Home::new();
    home.create(0, &[]);
    let (mut reader, stdout) = full();
    let child = start(&home, &["runs", "events"], stdout, Stdio::piped());
    // Longer than what a run gives its reader at the end.
    sleep(Duration::from_secs(11));
    let mut text = String::new();
    let read = thread::spawn(move || reader.read_to_string(&mut text).map(|_| text));
    let done = child.wait_with_output().expect("the end");
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let text = read.join().expect("the reader").expect("text");
    let expected = home.expect(0, &["runs", "events"]).stdout;
    assert_eq!(text.trim(), expected.trim());
}

#[test]
fn a_terminal_that_is_gone_holds_up_no_run() {
    let home = Home::new();
    let pty = Pty::open();
    let stderr = pty.stdio();
    drop(pty);
    let child = start(&home, &create("text", "max"), Stdio::piped(), stderr);
    let done = child.wait_with_output().expect("the end");
    assert_eq!(done.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&done.stdout).contains("endpoint"));
}

/// Ctrl-S: the person wants to read, the run goes on, and Ctrl-Q shows how it
/// stands by then, not each frame since.
#[test]
fn frames_for_a_terminal_that_takes_nothing_are_merged() {
    const FRAME: &str = "\x1b[?2026h";
    let home = Home::new();
    let mut pty = Pty::open();
    let mut command = home.command(&create("text", "200"));
    command.env("TERM", "xterm").env_remove("CI");
    command.stdin(pty.stdio()).stdout(Stdio::null());
    command.stderr(pty.stdio());
    let mut child = command.spawn().expect("the command starts");
    pty.until("  cluster-available 0.");
    pty.types("\x13");
    let before = pty.seen().matches(FRAME).count();
    succeeds(&home);
    pty.types("\x11");
    assert_eq!(child.wait().expect("the end").code(), Some(0));
    pty.until("succeeded");
    let frames = pty.seen().matches(FRAME).count() - before;
    // What was on its way when it stopped, what waited, and the last.
    assert!(frames <= 4, "{frames} frames: {:?}", pty.seen());
}
