//! SIGINT and SIGTERM.

use rustix::process::Signal;

use super::harness::{Home, KEYCLOAK, Running};

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
fn the_first_signal_lets_a_call_return_and_the_second_does_not() {
    let home = Home::new();
    // An hour of simulated time is a minute here: longer than this test.
    home.fault(&[
        "--operation",
        "CreateVpc",
        "--latency",
        "1h",
        "--times",
        "1",
    ]);
    let mut run = begin(&home);
    run.until("started vpc");
    run.signal(Signal::INT);
    run.until("SIGINT: nothing new is started");
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
