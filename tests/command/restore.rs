//! Restoring a snapshot.

use std::fs;

use super::harness::{Home, KEYCLOAK};

const PASSWORD: &str = "correct-horse-battery-7";

/// A home in whose sandbox there is a snapshot and nothing else.
fn saved() -> Home {
    let home = Home::new();
    home.create(
        0,
        &[
            "--engine-version",
            "16.6",
            "--username",
            "saver",
            "--database",
            "saved",
        ],
    );
    let words = ["aurora", "delete", "--yes", "--final-snapshot", "farewell"];
    home.max(0, &[&words, &KEYCLOAK[..]].concat());
    assert_eq!(home.count(""), home.count("db-cluster-snapshot"));
    home
}

#[test]
fn a_snapshot_is_restored() {
    let mut home = saved();
    // As the scripts name it; what goes with an empty cluster is left alone.
    home.set("AURORA_DB_SNAPSHOT_ID", "farewell");
    home.set("AURORA_USERNAME", "somebody");
    let done = home.create(0, &["--instances", "2"]);
    done.prints("username saver\n")
        .prints("database saved\n")
        .prints("endpoint keycloak.cluster-")
        .says("AURORA_USERNAME is ignored")
        .says("the password stays")
        .says("done restore cluster-");
    let list = ["aurora", "list", "--region", "eu-west-1", "-o", "json"];
    let list = home.max(0, &list).json();
    assert_eq!(list["clusters"][0]["engine_version"], "16.6");
    home.create(1, &[]).says("exists");
    assert_eq!(home.show("latest")["parameters"]["snapshot"], "farewell");

    home.delete(0, &[]);
    assert_eq!(home.count(""), 1, "the snapshot stays");
}

#[test]
fn a_password_for_a_restore_is_set_and_nowhere_recorded() {
    let home = saved();
    let path = home.path().join("password");
    fs::write(&path, format!("{PASSWORD}\n")).expect("a file");
    let path = path.display().to_string();
    home.fault(&[
        "--operation",
        "ModifyDBCluster",
        "--error",
        "ExpiredToken",
        "--times",
        "1",
    ]);
    let snapshot = ["--snapshot", "farewell", "--password-file", &path];
    let first = home.create(3, &snapshot);
    let without = home.resume(3);
    without.says("the database password is needed");
    let done = home.expect(
        0,
        &["--sandbox-speed", "max", "resume", "--password-file", &path],
    );
    done.says("done password cluster-");
    let events = home.expect(0, &["runs", "events", "-o", "jsonl"]);
    for text in [
        first.stderr,
        without.stderr,
        done.stdout,
        done.stderr,
        events.stdout,
    ] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    let state = fs::read(home.state()).expect("the state");
    let found = state
        .windows(PASSWORD.len())
        .any(|part| part == PASSWORD.as_bytes());
    assert!(!found);
}

#[test]
fn rds_keeps_a_new_password_if_asked() {
    let mut home = saved();
    let snapshot = ["--snapshot", "farewell", "--managed-password"];
    home.create(64, &[&snapshot[..], &["--password-file", "x"]].concat());
    // A flag wins over a variable.
    home.set("AURORA_PASSWORD", PASSWORD);
    home.create(0, &snapshot)
        .prints("password_secret arn:aws:secretsmanager:");
}

#[test]
fn what_does_not_go_with_a_snapshot_is_refused() {
    let home = saved();
    for (flag, value) in [("--username", "somebody"), ("--database", "other")] {
        home.create(64, &["--snapshot", "farewell", flag, value])
            .says(flag)
            .says("snapshot");
    }
    home.create(64, &["--snapshot", "farewell", "--engine-version", "16.4"])
        .says("--engine-version \"16.4\" is older than the snapshot's, 16.6");
    home.create(64, &["--snapshot", "no-such"])
        .says("--snapshot \"no-such\" does not exist in eu-west-1");
    let instance = "arn:aws:rds:eu-west-1:123456789012:snapshot:x";
    home.create(64, &["--snapshot", instance])
        .says("is not a DB cluster snapshot's ARN");
    let elsewhere = "arn:aws:rds:us-east-1:123456789012:cluster-snapshot:x";
    home.create(64, &["--snapshot", elsewhere])
        .says("is in \"us-east-1\"");
    assert_eq!(home.runs().len(), 2, "none of these is a run");
    assert_eq!(home.count(""), 1);
}

#[test]
fn a_snapshot_that_vanishes_ends_in_a_rollback() {
    let home = saved();
    home.fault(&[
        "--operation",
        "RestoreDBClusterFromSnapshot",
        "--error",
        "DBClusterSnapshotNotFoundFault",
    ]);
    home.create(4, &["--snapshot", "farewell"])
        .says("restore: RestoreDBClusterFromSnapshot failed")
        .says("DBClusterSnapshotNotFoundFault");
    assert_eq!(home.count(""), 1);
}

#[test]
fn a_plan_of_a_restore() {
    let home = saved();
    let plan = home.create(
        0,
        &["--snapshot", "farewell", "--managed-password", "--plan"],
    );
    plan.prints("restore ").prints("password ");
    assert_eq!(home.count(""), 1);
}
