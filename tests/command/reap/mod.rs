//! Reaping.

mod runs;

use rustix::process::Signal;
use serde_json::Value;

use super::harness::{Done, Home};

/// Whatever its age.
const ALL: [&str; 3] = ["--yes", "--older-than", "0m"];

#[track_caller]
fn create(home: &Home, code: i32, cluster: &str, region: &str, more: &[&str]) -> Done {
    let words = ["aurora", "create", "--cluster", cluster, "--region", region];
    home.max(code, &[&words, more].concat())
}

#[track_caller]
fn reap(home: &Home, code: i32, more: &[&str]) -> Done {
    home.max(code, &[&["aurora", "reap"], more].concat())
}

#[track_caller]
fn candidate<'a>(document: &'a Value, cluster: &str) -> &'a Value {
    let candidates = document["candidates"].as_array().expect("candidates");
    (candidates.iter())
        .find(|one| one["cluster"] == cluster)
        .unwrap_or_else(|| panic!("no {cluster}: {document}"))
}

#[track_caller]
fn run<'a>(document: &'a Value, cluster: &str) -> &'a Value {
    let runs = document["runs"].as_array().expect("runs");
    (runs.iter())
        .find(|one| one["cluster"] == cluster)
        .unwrap_or_else(|| panic!("no run for {cluster}: {document}"))
}

#[test]
fn it_lists_and_deletes_only_when_told() {
    let home = Home::new();
    reap(&home, 0, &[]).says("nothing to reap");
    create(&home, 0, "one", "eu-west-1", &["--instances", "2"]);
    create(&home, 0, "two", "us-west-1", &[]);
    create(&home, 0, "kept", "eu-west-1", &["--tag", "keepalive="]);
    create(&home, 0, "safe", "eu-west-1", &["--deletion-protection"]);
    let before = home.count("");
    let runs = home.runs().len();

    let list = reap(&home, 0, &[]);
    list.prints("available, 2 instances, 1 vpc, 1 subnet group")
        .prints("spared: tagged keepalive")
        .prints("spared: protected against deletion")
        .says("hint: say --yes");
    assert_eq!(list.stderr.matches("looked in sandbox ").count(), 1);
    list.says("regions ap-northeast-1, ");
    reap(&home, 2, &["--plan", "--detailed-exitcode", "--yes"]);
    // All of the account has to be meant.
    reap(&home, 64, &["--yes"])
        .says("--yes alone would delete in every region")
        .says("allowed: with --older-than AGE, --region REGION or both");
    assert_eq!(home.count(""), before);
    let json = reap(&home, 0, &["-o", "json"]).json();
    assert_eq!(json["schema"], 1);
    assert!(json["regions"].as_array().is_some_and(|all| all.len() > 10));
    let one = candidate(&json, "one");
    assert_eq!(one["verdict"], "delete");
    assert_eq!(one["region"], "eu-west-1");
    assert_eq!(one["made_by"], "stepwell");
    assert_eq!(one["instances"].as_array().map(Vec::len), Some(2));
    assert!(one["age_seconds"].is_u64(), "{one}");
    assert!(
        one["created_at"]
            .as_str()
            .is_some_and(|at| at.ends_with('Z'))
    );
    assert_eq!(candidate(&json, "kept")["verdict"], "spared");
    assert_eq!(json["runs"].as_array().map(Vec::len), Some(0));
    assert_eq!(home.count(""), before);
    assert_eq!(home.runs().len(), runs, "a listing is no run");

    let done = reap(&home, 0, &ALL);
    done.says("the data is lost").says("eu-west-1/one started");
    let deleted = done.stdout.lines().filter(|line| line.contains("deleted"));
    assert_eq!(deleted.count(), 2, "{done:#?}");
    assert_eq!(home.count("db-cluster"), 2);
    let after = home.runs();
    assert_eq!(after.len(), runs + 2, "each deletion is a run");
    for run in &after[..2] {
        assert_eq!(run["workflow"], "aurora delete");
        assert_eq!(run["status"], "succeeded");
    }
    assert_ne!(after[0]["id"], after[1]["id"]);
    reap(&home, 0, &["--yes", "--region", "us-west-1"]).says("nothing to reap");
}

#[test]
fn one_failure_does_not_stop_the_rest() {
    let home = Home::new();
    for (name, region) in [("a", "eu-west-1"), ("b", "eu-west-2"), ("c", "us-east-2")] {
        create(&home, 0, name, region, &[]);
    }
    home.fault(&[
        "--operation",
        "DeleteVpc",
        "--error",
        "UnauthorizedOperation",
        "--match",
        "region=eu-west-1",
    ]);
    let json = reap(&home, 3, &[&ALL[..], &["-o", "json"]].concat()).json();
    assert_eq!(run(&json, "a")["status"], "suspended");
    assert_eq!(run(&json, "a")["code"], "UnauthorizedOperation");
    assert_eq!(run(&json, "b")["status"], "succeeded");
    assert_eq!(run(&json, "c")["status"], "succeeded");
    assert_eq!(home.count(""), 1, "the vpc that could not be deleted");
    home.expect(0, &["sandbox", "fault", "clear"]);
    let resume = run(&json, "a")["resume"].as_str().expect("a command");
    let id = resume.split(' ').next_back().expect("an id");
    home.expect(0, &["--sandbox-speed", "max", "resume", id]);
    assert_eq!(home.count(""), 0);
}

#[test]
fn what_has_no_run_to_resume_is_an_error() {
    let home = Home::new();
    create(&home, 0, "a", "eu-west-1", &[]);
    create(&home, 0, "b", "eu-west-2", &[]);
    // Lists go through; what is asked once more of one cluster does not.
    home.fault(&[
        "--operation",
        "DescribeDBClusters",
        "--match",
        "DBClusterIdentifier=a",
        "--error",
        "AccessDenied",
    ]);
    let json = reap(&home, 1, &[&ALL[..], &["-o", "json"]].concat()).json();
    assert_eq!(candidate(&json, "a")["verdict"], "blocked");
    let reason = candidate(&json, "a")["reason"].as_str().expect("a reason");
    assert!(reason.contains("AccessDenied"), "{reason}");
    assert_eq!(run(&json, "b")["status"], "succeeded");
    assert_eq!(home.count("db-cluster"), 1);
}

#[test]
fn a_dead_run_is_given_up_and_a_live_one_left_alone() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "CreateDBInstance",
        "--error",
        "ExpiredToken",
        "--times",
        "1",
    ]);
    create(&home, 3, "dead", "eu-west-1", &[]);
    let words = [
        "--sandbox",
        "aurora",
        "create",
        "--cluster",
        "live",
        "--region",
        "eu-west-1",
    ];
    let mut live = home.start(&words);
    live.until("done cluster ");
    let list = reap(&home, 0, &[]);
    list.prints("is under way").prints("delete");
    let done = reap(&home, 0, &ALL);
    done.says("eu-west-1/dead: the unfinished run")
        .prints("spared: run ");
    let runs = home.runs();
    let status = |target: &str, workflow: &str| {
        let found = (runs.iter())
            .find(|run| run["target"] == target && run["workflow"] == workflow)
            .unwrap_or_else(|| panic!("no {workflow} of {target}: {runs:#?}"));
        found["status"].clone()
    };
    assert_eq!(
        status("aurora/eu-west-1/dead", "aurora create"),
        "abandoned"
    );
    assert_eq!(
        status("aurora/eu-west-1/dead", "aurora delete"),
        "succeeded"
    );
    assert_eq!(status("aurora/eu-west-1/live", "aurora create"), "running");
    live.kill();
    reap(&home, 0, &ALL);
    assert_eq!(home.count(""), 0);
}

#[test]
fn a_region_that_fails_is_left_out() {
    let home = Home::new();
    create(&home, 0, "one", "eu-west-1", &[]);
    home.fault(&[
        "--operation",
        "DescribeDBClusters",
        "--match",
        "region=us-east-2",
        "--error",
        "AccessDenied",
    ]);
    let done = reap(&home, 0, &[]);
    done.says("region us-east-2 is left out").prints("one");
    let json = reap(&home, 0, &["-o", "json"]).json();
    assert_eq!(json["skipped"][0]["region"], "us-east-2");
    assert_eq!(json["skipped"][0]["fault"]["code"], "AccessDenied");
    // Whoever names a region wants to know.
    let named = ["--region", "eu-west-1", "--region", "us-east-2", "--yes"];
    reap(&home, 1, &named);
    assert_eq!(home.count(""), 0);
    // What meets every region is an error.
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.fault(&[
        "--operation",
        "DescribeDBClusters",
        "--error",
        "ExpiredToken",
    ]);
    let failed = reap(&home, 7, &["-o", "json"]);
    assert_eq!(failed.error()["code"], "ExpiredToken");
    assert_eq!(failed.stdout, "");
}

#[test]
fn age_and_inputs() {
    let home = Home::new();
    create(&home, 0, "one", "eu-west-1", &[]);
    let list = reap(&home, 0, &["--older-than", "2d"]);
    list.prints("spared: too young");
    reap(&home, 0, &["--older-than", "2d", "--yes"]);
    assert_eq!(home.count("db-cluster"), 1);
    reap(&home, 0, &["--older-than", "0m"]).prints("delete");
    reap(&home, 64, &["--older-than", "soon"]).says("--older-than \"soon\" is not an age");
    reap(&home, 64, &["--region", "Europe"]).says("--region \"Europe\"");
}

#[test]
fn a_signal_stops_all_in_good_order() {
    let home = Home::new();
    create(&home, 0, "one", "eu-west-1", &["--instances", "2"]);
    create(&home, 0, "two", "eu-west-2", &[]);
    let mut running =
        home.start(&[&["--sandbox", "aurora", "reap", "-o", "json"], &ALL[..]].concat());
    running.until("one-instance-1-gone");
    running.signal(Signal::INT);
    let done = running.end();
    assert_eq!(done.code, 130, "{done:#?}");
    let json = done.json();
    for cluster in ["one", "two"] {
        let run = run(&json, cluster);
        assert_eq!(run["status"], "interrupted", "{json}");
        let id = run["id"].as_str().expect("an id");
        home.expect(0, &["--sandbox-speed", "max", "resume", &id[..13]]);
    }
    assert_eq!(home.count(""), 0);
}

#[test]
fn events_come_as_lines_each_with_its_run() {
    let home = Home::new();
    create(&home, 0, "one", "eu-west-1", &[]);
    create(&home, 0, "two", "eu-west-2", &[]);
    let lines = reap(&home, 0, &[&ALL[..], &["-o", "jsonl"]].concat()).lines();
    let (document, events) = lines.split_last().expect("lines");
    for cluster in ["one", "two"] {
        let id = &run(document, cluster)["id"];
        let own: Vec<&Value> = events.iter().filter(|event| event["run"] == *id).collect();
        assert!(own.len() > 10, "{}", own.len());
        for (place, event) in own.iter().enumerate() {
            assert_eq!(event["seq"], place);
        }
    }
}
