//! The unfinished runs of what is reaped.

use serde_json::Value;

use super::{ALL, candidate, create, reap, run};
use crate::command::harness::Home;

/// A create that stops at the first call of an operation.
#[track_caller]
fn stopped(home: &Home, cluster: &str, at: &str, more: &[&str]) {
    let once = ["--operation", at, "--error", "ExpiredToken", "--times", "1"];
    home.fault(&once);
    create(home, 3, cluster, "eu-west-1", more);
}

/// The newest run of a workflow on a cluster in eu-west-1.
#[track_caller]
fn newest(home: &Home, workflow: &str, cluster: &str) -> Value {
    let runs = home.runs();
    let target = format!("aurora/eu-west-1/{cluster}");
    let is_it = |run: &&Value| run["workflow"] == workflow && run["target"] == *target;
    (runs.iter().find(is_it))
        .unwrap_or_else(|| panic!("no {workflow} of {target}: {runs:#?}"))
        .clone()
}

#[test]
fn a_create_that_made_nothing_is_given_up() {
    let home = Home::new();
    stopped(&home, "one", "CreateVpc", &[]);
    let keep = ["--tag", "KeepAlive=no"];
    stopped(&home, "kept", "CreateVpc", &keep);
    assert_eq!(home.count(""), 0);

    let list = reap(&home, 0, &["-o", "json"]).json();
    let one = candidate(&list, "one");
    assert_eq!(one["verdict"], "delete");
    assert_eq!(one["status"], "absent");
    assert!(one["age_seconds"].is_u64(), "{one}");
    assert_eq!(candidate(&list, "kept")["verdict"], "spared");
    reap(&home, 2, &["--plan", "--detailed-exitcode", "--yes"])
        .prints("unfinished run")
        .prints("give up")
        .prints("spared: to be tagged keepalive");
    // What is elsewhere, or young, is left alone.
    reap(&home, 0, &["--yes", "--region", "eu-west-2"]).says("nothing to reap");
    reap(&home, 0, &["--yes", "--older-than", "1d"]).prints("spared: too young");
    assert_eq!(newest(&home, "aurora create", "one")["status"], "suspended");

    let done = reap(&home, 0, &ALL);
    done.says("eu-west-1/one: the unfinished run")
        .prints("nothing left; its unfinished run is given up");
    assert!(!done.stderr.contains("the data is lost"), "{done:#?}");
    assert_eq!(newest(&home, "aurora create", "one")["status"], "abandoned");
    // The same as a document.
    stopped(&home, "one", "CreateVpc", &[]);
    let document = reap(&home, 0, &[&ALL[..], &["-o", "json"]].concat()).json();
    let given_up = newest(&home, "aurora create", "one");
    assert_eq!(given_up["status"], "abandoned");
    let removal = run(&document, "one");
    assert_eq!(removal["id"], Value::Null, "no run was needed");
    assert_eq!(removal["status"], "succeeded");
    assert_eq!(
        removal["given_up"],
        Value::from(vec![given_up["id"].clone()])
    );
    assert_eq!(
        newest(&home, "aurora create", "kept")["status"],
        "suspended"
    );
    create(&home, 0, "one", "eu-west-1", &[]);
}

/// A reap is killed when it has deleted the last thing, and has not recorded
/// the end: no resource tells of its run any more.
#[test]
fn a_deletion_that_died_after_its_last_call_is_given_up() {
    let words = ["aurora", "reap", "--yes", "--region", "eu-west-1"];
    // Only one append is left to do, and it may come before the kill.
    let died = || {
        let home = Home::new();
        stopped(&home, "one", "CreateSubnet", &[]);
        let slow = ["--sandbox", "--sandbox-speed", "5"];
        let mut first = home.start(&[&slow, &words[..]].concat());
        first.until("done delete-vpc-");
        first.kill();
        assert_eq!(home.count(""), 0);
        let deletion = newest(&home, "aurora delete", "one");
        (deletion["status"] == "interrupted").then_some(home)
    };
    let home = (0..20).find_map(|_| died()).expect("a kill in time");

    let done = home.max(0, &words);
    done.says("eu-west-1/one: the unfinished run")
        .prints("nothing left; its unfinished run is given up");
    assert_eq!(newest(&home, "aurora delete", "one")["status"], "abandoned");
    assert_eq!(newest(&home, "aurora create", "one")["status"], "abandoned");
    home.max(0, &words).says("nothing to reap");
}

/// A candidate goes after it was looked for and before it is deleted.
#[test]
fn what_vanishes_meanwhile_ends_its_run_too() {
    let home = Home::new();
    stopped(&home, "one", "CreateSubnet", &[]);
    let words = ["aurora", "reap", "--yes", "--region", "eu-west-1"];
    // Both looks, the one for the list and the one for the deletion, take their
    // time for this call, when they have seen the VPC.
    home.fault(&[
        "--operation",
        "DescribeDBInstances",
        "--match",
        "Filters.Filter.1.Values.Value.1=one",
        "--latency",
        "20s",
        "--times",
        "2",
    ]);
    let slow = ["--sandbox", "--sandbox-speed", "10"];
    let reaping = home.start(&[&slow, &words[..]].concat());
    let faults = || {
        home.expect(0, &["sandbox", "fault", "list", "-o", "json"])
            .json()
    };
    while faults()["faults"] != Value::from(Vec::<Value>::new()) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    home.expect(0, &["sandbox", "reset"]);
    let done = reaping.end();
    assert_eq!(done.code, 0, "{done:#?}");
    done.prints("nothing left; its unfinished run is given up");
    assert_eq!(newest(&home, "aurora create", "one")["status"], "abandoned");
}

#[test]
fn what_is_not_reaped_keeps_its_run() {
    let home = Home::new();
    // A finished cluster of the name, which lost the tags that make it ours.
    create(&home, 0, "one", "eu-west-1", &[]);
    home.fault(&["--operation", "DeleteDBCluster", "--error", "ExpiredToken"]);
    reap(&home, 3, &ALL);
    home.expect(0, &["sandbox", "fault", "clear"]);
    let state = std::fs::read_to_string(home.sandbox()).expect("the sandbox");
    let foreign = state
        .replace("AuroraCluster", "Formerly")
        .replace("stepwell:deployment", "formerly");
    std::fs::write(home.sandbox(), foreign).expect("the sandbox");
    let before = home.count("");
    assert!(before > 1, "{before}");
    reap(&home, 0, &ALL).says("nothing to reap");
    assert_eq!(newest(&home, "aurora delete", "one")["status"], "suspended");
    assert_eq!(home.count(""), before);
}
