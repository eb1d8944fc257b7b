//! Death at any moment.

use serde_json::Value;

use super::harness::{Done, Home, KEYCLOAK};

/// Runs a create at 600 times the speed of time, kills it as soon as stderr
/// says `moment`, and goes on with it.
fn kill_and_resume(moment: &str) -> (Home, Value) {
    let home = Home::new();
    let words = [
        "--sandbox",
        "--sandbox-speed",
        "600",
        "aurora",
        "create",
        "--instances",
        "2",
    ];
    let mut run = home.start(&[&words, &KEYCLOAK[..]].concat());
    run.until(moment);
    let killed: Done = run.kill();
    assert_eq!(killed.code, 137, "{killed:?}");
    assert_eq!(home.runs()[0]["status"], "interrupted");
    let crashed = home.show("latest");
    home.expect(0, &["runs", "show"]).prints("stepwell resume ");
    home.resume(0).prints("endpoint ");
    assert_eq!(home.count("vpc"), 1);
    assert_eq!(home.count("subnet"), 3);
    assert_eq!(home.count("db-instance"), 2);
    home.max(0, &[&["aurora", "endpoint"], &KEYCLOAK[..]].concat());
    (home, crashed)
}

fn outcomes(document: &Value, step: &str) -> Vec<String> {
    let steps = document["steps"].as_array().expect("steps");
    let step = steps
        .iter()
        .find(|found| found["name"] == step)
        .expect("the step");
    let attempts = step["attempts"].as_array().expect("attempts");
    attempts
        .iter()
        .map(|attempt| attempt["outcome"].as_str().expect("an outcome").to_owned())
        .collect()
}

#[test]
fn killed_while_the_vpc_is_made() {
    let (home, crashed) = kill_and_resume("started vpc");
    if outcomes(&crashed, "vpc") == ["crashed"] {
        let after = home.show("latest");
        let outcomes = outcomes(&after, "vpc");
        assert_eq!(outcomes[0], "crashed");
        assert!(
            matches!(outcomes[1].as_str(), "made" | "ours"),
            "{outcomes:?}"
        );
        home.expect(0, &["runs", "show"]).prints("crashed");
    }
}

#[test]
fn killed_among_the_subnets() {
    kill_and_resume("started subnet-eu-west-1b");
}

#[test]
fn killed_while_the_cluster_is_made() {
    kill_and_resume("started cluster");
}

#[test]
fn killed_while_it_waits() {
    let (_, crashed) = kill_and_resume("started instance-1-available");
    assert_eq!(outcomes(&crashed, "instance-1-available"), ["crashed"]);
}

#[test]
fn killed_twice_and_on_the_way_back() {
    let home = Home::new();
    home.fault(&[
        "--operation",
        "CreateDBInstance",
        "--match",
        "DBInstanceIdentifier=keycloak-instance-2",
        "--error",
        "InvalidParameterCombination",
    ]);
    let words = [
        "--sandbox",
        "--sandbox-speed",
        "6000",
        "aurora",
        "create",
        "--instances",
        "2",
    ];
    let mut run = home.start(&[&words, &KEYCLOAK[..]].concat());
    run.until("undoing instance-1");
    run.kill();
    let mut run = home.start(&["--sandbox-speed", "600", "resume"]);
    run.until("undoing instance-1");
    run.kill();
    home.resume(4);
    assert_eq!(home.count(""), 0);
    let json = home.show("latest");
    let steps = json["steps"].as_array().expect("steps");
    let step = steps
        .iter()
        .find(|step| step["name"] == "instance-1")
        .expect("it");
    assert_eq!(step["undo"]["attempts"], 3);
    assert_eq!(json["resumed"].as_array().expect("resumed").len(), 2);
}

#[test]
fn a_killed_deletion_goes_on() {
    let home = Home::new();
    home.create(0, &[]);
    let words = [
        "--sandbox",
        "--sandbox-speed",
        "600",
        "aurora",
        "delete",
        "--skip-final-snapshot",
        "--yes",
    ];
    let mut run = home.start(&[&words, &KEYCLOAK[..]].concat());
    run.until("done delete-cluster");
    run.kill();
    home.resume(0);
    assert_eq!(home.count(""), 0);
}
