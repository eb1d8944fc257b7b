//! Undoing what a run made.

use super::harness::Home;

#[test]
fn a_suspended_run_can_be_undone() {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.expect(0, &["rollback", "--sandbox-speed", "max"])
        .says("rolled back");
    assert_eq!(home.count(""), 0);
    let json = home.show("latest");
    assert_eq!(json["status"], "rolled_back");
    assert_eq!(json["rollback"]["cause"], "requested");
    home.expect(0, &["runs", "show"]).prints("asked for by");
    home.expect(1, &["rollback"]).says("is rolled back");
    home.expect(1, &["resume"]).says("is rolled back");
}

#[test]
fn a_succeeded_run_is_undone_only_when_confirmed() {
    let home = Home::new();
    home.create(0, &["--instances", "2"]);
    home.expect(8, &["rollback", "--sandbox-speed", "max"])
        .says("--yes");
    assert_eq!(home.count("db-cluster"), 1);
    let done = home.expect(
        0,
        &["rollback", "--yes", "--sandbox-speed", "max", "-o", "json"],
    );
    let json = done.json();
    assert_eq!(json["status"], "rolled_back");
    assert!(json["outputs"].is_null(), "what is gone is no output");
    assert_eq!(home.count(""), 0);
}

#[test]
fn without_a_run() {
    let home = Home::new();
    for command in ["resume", "rollback"] {
        let done = home.expect(1, &[command, "-o", "json"]);
        assert_eq!(done.error()["code"], "no_such_run");
    }
    home.expect(1, &["runs", "show"])
        .says("there is no run yet");
    home.expect(0, &["runs", "list"]).says("no runs");
    let list = home.expect(0, &["runs", "list", "-o", "json"]).json();
    assert_eq!(list["runs"].as_array().map(Vec::len), Some(0));
    home.create(0, &[]);
    home.expect(1, &["runs", "show", "ffff"])
        .says("there is no run");
}
