//! Waiting for others, and waking up late.

use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::harness::{Home, KEYCLOAK, Running};

/// A create in the sandbox, sixty times as fast as real time.
fn begin(home: &Home) -> Running {
    let words = ["--sandbox", "aurora", "create"];
    home.start(&[&words, &KEYCLOAK[..]].concat())
}

/// The state file of another host that uses the same account.
fn elsewhere(home: &Home) -> String {
    home.state().with_file_name("two.db").display().to_string()
}

/// A deletion on another host.
fn deletion<'a>(state: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let words = ["--state", state, "aurora", "delete", "--yes"];
    [&words[..], &["--skip-final-snapshot"], &KEYCLOAK, more].concat()
}

#[test]
fn a_lock_of_this_host_is_waited_for() {
    let home = Home::new();
    let mut first = begin(&home);
    first.until("started vpc");
    let pid = format!("process {}", first.pid());
    // In real time: the process that has it is another.
    home.delete(6, &["--wait", "1s"])
        .says("waiting for at most 1.0s")
        .says(&pid)
        .says("since")
        .says("in vain");
    let done = home.delete(0, &["--wait", "10m"]);
    done.says("waiting for at most 10m 00s").says(&pid);
    assert_eq!(first.end().code, 0, "it was waited for");
    assert_eq!(home.count(""), 0);
    home.create(64, &["--wait", "soon"]).says("--wait");
}

#[test]
fn a_sign_of_life_from_elsewhere_is_waited_for() {
    let home = Home::new();
    let mut first = begin(&home);
    first.until("started cluster-available");
    let id = home.runs()[0]["id"].as_str().expect("an id").to_owned();
    first.kill();
    let two = elsewhere(&home);
    home.max(6, &deletion(&two, &["--wait", "1m"])).says(&id);
    home.max(0, &deletion(&two, &["--wait", "30m"]))
        .says("waiting for at most 30m 00s: run ")
        .says(&id);
    assert_eq!(home.count(""), 0);
}

/// A process that stood still for longer than its sign of life counts.
fn asleep(home: &Home) -> Running {
    let mut sleeper = begin(home);
    sleeper.until("started cluster-available");
    thread::sleep(Duration::from_secs(1));
    sleeper.signal(Signal::STOP);
    // Ten minutes of the sandbox's time, and a little more.
    thread::sleep(Duration::from_secs(11));
    sleeper
}

#[test]
fn who_sleeps_long_ends_with_6_and_names_who_took_over() {
    let home = Home::new();
    let sleeper = asleep(&home);
    let two = elsewhere(&home);
    let words = deletion(&two, &[]);
    let mut other = home.start(&[&["--sandbox"], &words[..]].concat());
    other.until("started");
    thread::sleep(Duration::from_secs(2));
    let pid = other.pid();
    sleeper.signal(Signal::CONT);
    let done = sleeper.end();
    assert_eq!(done.code, 6, "{done:?}");
    done.says("is at work on cluster")
        .says(&format!("process {pid}"));
    done.says("nothing more is started")
        .says("stepwell resume ");
    assert_eq!(home.runs()[0]["status"], "interrupted");
    assert_eq!(other.end().code, 0, "it was not disturbed");
    assert_eq!(home.count(""), 0);
}

#[test]
fn who_sleeps_long_and_finds_nobody_ends_with_6_too() {
    let home = Home::new();
    let sleeper = asleep(&home);
    sleeper.signal(Signal::CONT);
    let done = sleeper.end();
    assert_eq!(done.code, 6, "{done:?}");
    done.says("gave no sign of life for").says("none is now");
    home.resume(0);
}

#[test]
fn a_run_is_suspended_before_its_time_is_over() {
    let home = Home::new();
    home.create(64, &["--until", "2020-01-01T00:00:00Z"])
        .says("is over");
    home.create(64, &["--until", "tomorrow"])
        .says("allowed: 18:30");
    assert_eq!(home.count(""), 0);
    let done = home.create(3, &["--until", "6m"]);
    done.says("the time until ").says("to go on later: ");
    let json = home.show("latest");
    assert_eq!(json["status"], "suspended");
    home.expect(0, &["runs", "events"])
        .prints("suspended: its time ends at ");
    home.resume(0);
}

/// A create at a served sandbox, with credentials that the home has by now and
/// that end soon.
fn must_be_suspended_before_its_credentials_end(home: &mut Home) {
    let serve = ["sandbox", "serve", "--port", "0", "--sandbox-speed", "10"];
    let mut server = home.start(&serve);
    server.until("Ctrl-C");
    let url = server.stdout().trim().to_owned();
    let words = [
        "--endpoint-url",
        &url,
        "--sandbox-speed",
        "10",
        "aurora",
        "create",
    ];
    let done = home.expect(3, &[&words, &KEYCLOAK[..]].concat());
    done.says("the credentials end at ")
        .says("to go on later: ");
    home.expect(0, &["runs", "events"])
        .prints("suspended: the credentials end at ");
    let shown = home.expect(0, &["runs", "show"]);
    shown.prints("  suspended the credentials end at ");
    assert_eq!(home.show("latest")["suspended"]["of"], "credentials");
}

fn soon() -> String {
    let at = jiff::Timestamp::now() + Duration::from_secs(30);
    at.to_string()
}

/// Credentials that a program of the person's own gives.
#[test]
fn a_run_is_suspended_before_the_credentials_of_a_program_end() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut home = Home::new();
    let script = home.path().join("credentials");
    let text = format!(
        "#!/bin/sh\necho '{{\"Version\":1,\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"b\",\"SessionToken\":\"c\",\"Expiration\":\"{}\"}}'\n",
        soon()
    );
    std::fs::write(&script, text).expect("a script");
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).expect("a mode");
    let config = home.path().join("config");
    let process = format!("[default]\ncredential_process = {}\n", script.display());
    std::fs::write(&config, process).expect("written");
    let config = config.display().to_string();
    home.set("AWS_CONFIG_FILE", &config);
    home.set("PATH", "/usr/bin:/bin");
    must_be_suspended_before_its_credentials_end(&mut home);
}

/// Credentials as `aws configure export-credentials --format env` puts them.
#[test]
fn a_run_is_suspended_before_exported_credentials_end() {
    let mut home = Home::new();
    home.set("AWS_ACCESS_KEY_ID", "a");
    home.set("AWS_SECRET_ACCESS_KEY", "b");
    home.set("AWS_SESSION_TOKEN", "c");
    home.set("AWS_CREDENTIAL_EXPIRATION", &soon());
    must_be_suspended_before_its_credentials_end(&mut home);
}

#[test]
fn waiting_is_possible_for_all_that_works_on_a_target() {
    let home = Home::new();
    let commands: [&[&str]; 10] = [
        &["aurora", "create"],
        &["aurora", "delete"],
        &["aurora", "scale"],
        &["aurora", "reset"],
        &["aurora", "reap"],
        &["peering", "create"],
        &["peering", "delete"],
        &["resume"],
        &["rollback"],
        &["step", "done"],
    ];
    for command in commands {
        let help = home.expect(0, &[command, &["--help"]].concat());
        help.prints("--wait <DURATION>");
    }
}
