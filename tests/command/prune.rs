//! Which runs are listed, which are forgotten, and what is told at their end.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::harness::Home;

/// How many runs a list on stdout has.
fn listed(home: &Home, words: &[&str]) -> usize {
    let done = home.expect(0, &[&["runs", "list"], words].concat());
    done.stdout.lines().count().saturating_sub(1)
}

fn in_json(home: &Home, words: &[&str]) -> Vec<Value> {
    let words = [&["runs", "list", "-o", "json"], words].concat();
    let list = home.expect(0, &words).json();
    list["runs"].as_array().expect("runs").clone()
}

/// Creates and deletes the cluster so often, and then leaves another half made.
fn history(home: &Home, times: usize) {
    for _ in 0..times {
        home.create(0, &[]);
        home.delete(0, &[]);
    }
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    let words = [
        "aurora",
        "create",
        "--cluster",
        "kept",
        "--region",
        "eu-west-1",
    ];
    home.max(3, &words);
    home.max(0, &["sandbox", "fault", "clear"]);
}

fn lock_files(home: &Home) -> usize {
    let folder = home.state().with_file_name("state.db.locks");
    fs::read_dir(folder).expect("a folder").count()
}

#[test]
fn the_newest_are_kept_and_the_file_becomes_smaller() {
    let mut home = Home::new();
    home.set("USER", "ada");
    history(&home, 6);
    let size = || fs::metadata(home.state()).expect("a file").len();
    let before = size();

    let doctor = home.max(0, &["doctor", "-o", "json"]).json();
    let checks = doctor["checks"].as_array().expect("checks");
    let told = checks.iter().find(|check| check["name"] == "history");
    let told = told.expect("the history")["message"].to_string();
    assert!(told.contains(" with 13 runs, 12 of them ended"), "{told}");

    // Without --yes nothing goes.
    let done = home.expect(0, &["runs", "prune", "--keep", "2"]);
    assert_eq!(done.stdout.lines().count(), 11, "{done:#?}");
    done.says("10 runs would be removed, 3 kept; --yes removes them");
    assert_eq!(size(), before);
    assert_eq!(home.runs().len(), 13);
    home.expect(64, &["runs", "prune", "--yes"]).says("--keep");
    home.expect(64, &["runs", "prune", "--older-than", "soon"])
        .says("is not an age");
    // None is so old.
    home.expect(0, &["runs", "prune", "--older-than", "3650d", "--yes"])
        .says("0 runs removed, 13 kept");

    let kept: Vec<Value> = home.runs()[..3].to_vec();
    home.expect(0, &["runs", "prune", "--keep", "2", "--yes"])
        .says("10 runs removed, 3 kept");
    assert_eq!(home.runs(), kept);
    assert!(size() < before, "{before} {}", size());
    assert!(lock_files(&home) <= 4, "{}", lock_files(&home));

    // The chains of the others mean what they meant.
    let verified = home.expect(0, &["runs", "verify"]);
    verified.says("10 earlier runs were removed");
    assert_eq!(verified.stdout.matches("whole").count(), 3);
    let json = home.expect(0, &["runs", "verify", "-o", "json"]).json();
    assert_eq!(
        (&json["whole"], &json["removed"]),
        (&Value::from(true), &Value::from(10))
    );

    // What is unfinished goes on, and only then it may go.
    let json = home
        .expect(0, &["runs", "prune", "--keep", "0", "--yes", "-o", "json"])
        .json();
    assert_eq!(json["runs"].as_array().expect("runs").len(), 2);
    assert_eq!(
        (&json["removed"], &json["kept"]),
        (&Value::from(true), &Value::from(1))
    );
    assert!(json["bytes"].as_u64() < json["bytes_before"].as_u64());
    home.resume(0);
    let json = home
        .expect(0, &["runs", "prune", "--keep", "0", "-o", "json"])
        .json();
    assert_eq!(
        (&json["removed"], &json["kept"]),
        (&Value::from(false), &Value::from(0))
    );
    home.expect(0, &["runs", "prune", "--keep", "0", "--yes"])
        .says("1 run removed, 0 kept");
    home.expect(0, &["runs", "list"]).says("no runs");
    // A state file that is not there is not made.
    let nowhere = home.path().join("nowhere/state.db").display().to_string();
    home.expect(
        0,
        &["--state", &nowhere, "runs", "prune", "--keep", "0", "--yes"],
    );
    assert!(!Path::new(&nowhere).exists());
}

/// What something else wrote is for a person to look at.
#[test]
fn a_run_that_is_not_as_it_was_recorded_is_kept() {
    let home = Home::new();
    home.create(0, &[]);
    home.delete(0, &[]);
    let file = rusqlite::Connection::open(home.state()).expect("opened");
    file.execute_batch("UPDATE event SET at = at + 1 WHERE run = 1 AND seq = 0")
        .expect("changed");
    drop(file);
    home.expect(0, &["runs", "prune", "--keep", "0", "--yes"])
        .says("is kept, since it is not as it was recorded")
        .says("1 run removed, 1 kept");
}

#[test]
fn people_are_shown_the_newest_twenty() {
    let mut home = Home::new();
    home.set("USER", "ada");
    history(&home, 11);
    let done = home.expect(0, &["runs", "list"]);
    assert_eq!(done.stdout.lines().count(), 21);
    done.says("3 older runs are not listed; --all lists them");
    assert_eq!(listed(&home, &["--all"]), 23);
    assert_eq!(listed(&home, &["--limit", "22"]), 22);
    assert_eq!(home.runs().len(), 23);
    assert_eq!(in_json(&home, &["--limit", "2"]).len(), 2);
    home.expect(64, &["runs", "list", "--all", "--limit", "2"]);

    // By what they are.
    let count = |words: &[&str]| in_json(&home, words).len();
    assert_eq!(count(&["--workflow", "aurora create"]), 12);
    assert_eq!(count(&["--workflow", "aurora d*"]), 11);
    assert_eq!(count(&["--target", "*/kept"]), 1);
    assert_eq!(count(&["--target", "aurora/eu-west-1/keycloak"]), 22);
    assert_eq!(count(&["--target", "keycloak"]), 0);
    assert_eq!(count(&["--status", "suspended"]), 1);
    assert_eq!(count(&["--status", "suspended,succeeded"]), 23);
    assert_eq!(count(&["--status", "stuck", "--status", "rolled_back"]), 0);
    home.expect(64, &["runs", "list", "--status", "asleep"]);
    // By whom and when.
    home.set("USER", "bob");
    home.create(0, &[]);
    let count = |words: &[&str]| in_json(&home, words).len();
    assert_eq!(count(&["--user", "b?b"]), 1);
    assert_eq!(count(&["--user", "a*"]), 23);
    assert_eq!(in_json(&home, &[])[0]["user"], "bob");
    assert_eq!(count(&["--since", "2d"]), 24);
    assert_eq!(count(&["--since", "2020-01-01"]), 24);
    assert_eq!(count(&["--since", "2999-01-01T00:00:00Z"]), 0);
    home.expect(64, &["runs", "list", "--since", "yesterday"])
        .says("is not a time");
}

/// What the hook was told, a document each.
fn told(home: &Home) -> Vec<Value> {
    let text = fs::read_to_string(home.path().join("told")).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn every_end_and_suspension_is_told() {
    let mut home = Home::new();
    home.set(
        "STEPWELL_ON_FINISH",
        "cat >> told; env >> known; echo heard",
    );
    home.set("AURORA_PASSWORD", "Needle-in-a-haystack-1");
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    let done = home.create(3, &["-o", "json"]);
    // What it prints is not data.
    done.says("heard");
    let suspended = done.json();
    assert_eq!(told(&home), [suspended]);
    home.max(0, &["sandbox", "fault", "clear"]);
    home.resume(0);
    // Nothing is told where no run is begun.
    home.create(1, &[]);
    home.delete(0, &["--plan"]);
    assert_eq!(told(&home).len(), 2);
    home.delete(0, &[]);
    home.fault(&[
        "--operation",
        "CreateDBInstance",
        "--error",
        "InvalidParameterValue",
    ]);
    home.create(4, &[]);
    home.max(0, &["sandbox", "fault", "clear"]);
    let states: Vec<Value> = told(&home)
        .iter()
        .map(|one| one["status"].clone())
        .collect();
    assert_eq!(
        states,
        ["suspended", "succeeded", "succeeded", "rolled_back"]
    );
    assert!(told(&home)[0]["resume"].is_string());
    // A secret is none of its business.
    for name in ["told", "known"] {
        let text = fs::read_to_string(home.path().join(name)).expect("text");
        assert!(!text.contains("Needle"), "{name}");
    }
}

/// Also with several runs at once.
#[test]
fn each_of_many_runs_is_told() {
    let mut home = Home::new();
    home.create(0, &[]);
    home.max(
        0,
        &[
            "aurora",
            "create",
            "--cluster",
            "other",
            "--region",
            "eu-west-1",
        ],
    );
    home.set("STEPWELL_ON_FINISH", "cat >> told");
    home.max(0, &["aurora", "reap", "--region", "eu-west-1", "--yes"]);
    let mut targets: Vec<String> = (told(&home).iter())
        .map(|one| one["target"].as_str().expect("a target").to_owned())
        .collect();
    targets.sort();
    assert_eq!(
        targets,
        ["aurora/eu-west-1/keycloak", "aurora/eu-west-1/other"]
    );
}

#[test]
fn a_hook_that_fails_changes_nothing() {
    let home = Home::new();
    for (number, command) in ["exit 7", "/no/such/program", "kill -9 $$", "exec <&-"]
        .iter()
        .enumerate()
    {
        let cluster = format!("kc-{number}");
        let words = [
            "aurora",
            "create",
            "--cluster",
            &cluster,
            "--region",
            "eu-west-1",
        ];
        let more = ["--on-finish", command];
        let done = home.max(0, &[&words[..], &more].concat());
        done.prints("endpoint ");
        assert_eq!(
            done.stderr
                .contains("warning: the command of --on-finish failed"),
            number != 3,
            "{done:#?}"
        );
    }
}
