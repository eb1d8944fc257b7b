//! SIGINT, SIGTERM and SIGHUP.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::harness::{Home, KEYCLOAK, MAX, Running};

/// Longer than a burst of signals.
const NOT_A_BURST: Duration = Duration::from_millis(1200);

fn begin(home: &Home) -> Running {
    let words = ["--sandbox", "aurora", "create"];
    home.start(&[&words, &KEYCLOAK[..]].concat())
}

fn interrupted(signal: Signal, name: &str, code: i32) {
    let home = Home::new();
    let mut run = begin(&home);
    run.until("started cluster-available");
    run.signal(signal);
    let done = run.end();
    assert_eq!(done.code, code, "{done:?}");
    done.says(name).says("stepwell resume ").says("interrupted");
    assert_eq!(done.stdout, "");
    assert_eq!(home.runs()[0]["status"], "interrupted");
    let json = home.show("latest");
    assert!(
        json["resume"]
            .as_str()
            .is_some_and(|line| line.starts_with("stepwell resume "))
    );
    home.resume(0);
    assert_eq!(home.count("vpc"), 1);
}

#[test]
fn sigint_suspends_and_is_130() {
    interrupted(Signal::INT, "SIGINT", 130);
}

#[test]
fn sigterm_suspends_and_is_143() {
    interrupted(Signal::TERM, "SIGTERM", 143);
}

#[test]
fn sighup_suspends_and_is_129() {
    interrupted(Signal::HUP, "SIGHUP", 129);
}

/// A call that takes an hour of simulated time, a minute here: longer than any
/// of these tests.
fn slow(home: &Home, operation: &str) {
    let words = ["--latency", "1h", "--times", "1", "--operation", operation];
    home.fault(&words);
}

/// Waits until the step `vpc` has looked around and its call is in flight.
fn called(run: &mut Running) {
    run.until("started vpc");
    sleep(Duration::from_millis(1500));
}

#[test]
fn a_burst_is_one_signal() {
    let home = Home::new();
    slow(&home, "CreateVpc");
    let mut run = begin(&home);
    called(&mut run);
    run.signal(Signal::INT);
    run.until("SIGINT: nothing new is started; waiting for the calls of vpc, for ");
    assert!(
        run.seen()
            .last()
            .is_some_and(|line| line.contains(" at most"))
    );
    run.signal(Signal::INT);
    run.signal(Signal::TERM);
    sleep(NOT_A_BURST);
    assert!(!run.is_over(), "{:?}", run.seen());
    run.signal(Signal::INT);
    let done = run.end();
    assert_eq!(done.code, 130, "{done:?}");
    done.says("stopped at once").says("stepwell resume ");
}

#[test]
fn who_waits_for_a_call_hears_of_it_again() {
    let home = Home::new();
    slow(&home, "CreateVpc");
    let mut run = begin(&home);
    called(&mut run);
    run.signal(Signal::TERM);
    run.until("SIGTERM: nothing new is started");
    run.until(" waiting for the calls of vpc, for ");
}

#[test]
fn a_run_that_was_hung_up_locks_nobody_out() {
    let home = Home::new();
    let mut run = begin(&home);
    run.until("started cluster-available");
    run.signal(Signal::HUP);
    assert_eq!(run.end().code, 129);
    // Another state file knows nothing of the run, and asks AWS who is at work.
    let other = home
        .state()
        .with_file_name("other.db")
        .display()
        .to_string();
    let words = ["--state", &other, "aurora", "delete", "--yes"];
    let words = [&words, &["--skip-final-snapshot"][..], &KEYCLOAK].concat();
    home.max(0, &words);
    assert_eq!(home.count(""), 0);
}

/// A command whose shell has these signals ignored.
fn ignoring(home: &Home, signals: &str, words: &[&str]) -> Running {
    let plain = home.command(words);
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", &format!("trap '' {signals}; exec \"$@\""), "sh"])
        .arg(plain.get_program())
        .args(plain.get_args())
        .env_clear()
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(home.path())
        .stdin(Stdio::null());
    Running::of(command, home)
}

#[test]
fn what_was_ignored_at_the_start_stays_ignored() {
    let home = Home::new();
    slow(&home, "CreateVpc");
    let words = ["--sandbox", "aurora", "create"];
    let mut run = ignoring(&home, "INT HUP", &[&words, &KEYCLOAK[..]].concat());
    called(&mut run);
    run.signal(Signal::INT);
    run.signal(Signal::HUP);
    sleep(Duration::from_millis(300));
    run.signal(Signal::TERM);
    run.until("nothing new is started");
    let heard: Vec<_> = (run.seen().iter())
        .filter(|line| line.contains("SIG"))
        .collect();
    assert!(
        heard.len() == 1 && heard[0].contains("SIGTERM: "),
        "{heard:?}"
    );
}

#[test]
fn before_a_run_exists_a_signal_ends_every_command() {
    let home = Home::new();
    home.fault(&["--operation", "DescribeVpcs", "--latency", "10h"]);
    let create = [&["--sandbox", "aurora", "create", "--plan"], &KEYCLOAK[..]].concat();
    let delete = [
        "--sandbox",
        "aurora",
        "delete",
        "--yes",
        "--skip-final-snapshot",
    ];
    let delete = [&delete, &KEYCLOAK[..]].concat();
    let list = ["--sandbox", "aurora", "list", "--region", "eu-west-1"];
    for words in [&create[..], &delete, &list] {
        for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
            let mut command = home.command(words);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().expect("the command starts");
            sleep(Duration::from_millis(400));
            assert!(child.try_wait().expect("the child").is_none(), "{words:?}");
            let pid = Pid::from_child(&child);
            kill_process(pid, signal).expect("it lives");
            let status = child.wait().expect("the end");
            // By the signal, so that a shell's loop ends as well.
            assert_eq!(
                status.signal(),
                Some(signal.as_raw()),
                "{words:?}: {status}"
            );
        }
    }
    assert_eq!(home.runs().len(), 0);
}

/// The command as the first process of a container, which has no default
/// actions for signals. None where the machine does not let anybody make one.
fn first_process(home: &Home, words: &[&str]) -> Option<(Running, Pid)> {
    let plain = home.command(words);
    let mut command = Command::new("unshare");
    if !rustix::process::getuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
        .args(["--pid", "--fork", "--kill-child"])
        .arg(plain.get_program())
        .args(plain.get_args())
        .envs(
            plain
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(home.path())
        .stdin(Stdio::null());
    let mut run = Running::of(command, home);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) && !run.is_over() {
        let children = format!("/proc/{0}/task/{0}/children", run.pid());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        if let Some(child) = children.split_whitespace().next() {
            let child = child.parse().ok().and_then(Pid::from_raw);
            return Some((run, child.expect("a process id")));
        }
        sleep(Duration::from_millis(5));
    }
    let done = run.end();
    assert!(std::env::var_os("CI").is_none(), "{done:?}");
    eprintln!("skipped: no process namespace: {}", done.stderr);
    None
}

#[test]
fn the_first_process_of_a_container_hears_signals() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "DescribeVpcs",
        "--latency",
        "10h",
        "--times",
        "1",
    ]);
    let words = [&["--sandbox", "aurora", "create"], &KEYCLOAK[..]].concat();
    let Some((run, child)) = first_process(&home, &words) else {
        return;
    };
    sleep(Duration::from_millis(1000));
    kill_process(child, Signal::TERM).expect("it lives");
    assert_eq!(run.end().code, 143);
    home.max(0, &["sandbox", "fault", "clear"]);
    // With a run the ladder holds as everywhere.
    slow(&home, "CreateVpc");
    let Some((mut run, child)) = first_process(&home, &words) else {
        return;
    };
    called(&mut run);
    kill_process(child, Signal::INT).expect("it lives");
    run.until("SIGINT: nothing new is started");
    sleep(NOT_A_BURST);
    kill_process(child, Signal::TERM).expect("it lives");
    let done = run.end();
    assert_eq!(done.code, 143, "{done:?}");
    done.says("stopped at once");
}

#[test]
fn a_signal_at_a_question_ends_it() {
    let home = Home::new();
    home.create(0, &[]);
    let words = [
        &MAX,
        &["aurora", "delete", "--skip-final-snapshot"][..],
        &KEYCLOAK,
    ]
    .concat();
    let pty = super::terminal::Pty::open();
    let mut command = home.command(&words);
    command
        .stdin(pty.stdio())
        .stderr(pty.stdio())
        .stdout(Stdio::null());
    let mut child = command.spawn().expect("the command starts");
    pty.until("to confirm: ");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it lives");
    let status = child.wait().expect("the end");
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));
    assert_eq!(home.count("db-cluster"), 1);
}

#[test]
fn the_first_signal_lets_a_call_return_and_the_second_does_not() {
    let home = Home::new();
    slow(&home, "CreateVpc");
    let mut run = begin(&home);
    called(&mut run);
    run.signal(Signal::INT);
    run.until("SIGINT: nothing new is started");
    sleep(NOT_A_BURST);
    run.signal(Signal::TERM);
    let done = run.end();
    assert_eq!(done.code, 143, "{done:?}");
    done.says("stopped at once").says("stepwell resume ");
    let json = home.show("latest");
    assert_eq!(json["status"], "interrupted");
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.resume(0);
    assert_eq!(home.count("vpc"), 1);
}

#[test]
fn the_document_says_interrupted() {
    let home = Home::new();
    let words = ["--sandbox", "aurora", "create", "-o", "json"];
    let mut run = home.start(&[&words, &KEYCLOAK[..]].concat());
    run.until("started cluster-available");
    run.signal(Signal::INT);
    let done = run.end();
    assert_eq!(done.code, 130);
    let json = done.json();
    assert_eq!(json["status"], "interrupted");
    assert!(json["resume"].is_string());
    assert!(json["outputs"].is_null());
}
