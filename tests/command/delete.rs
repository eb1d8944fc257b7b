//! Deleting.

use super::harness::{Home, KEYCLOAK};

#[test]
fn what_becomes_of_the_data_must_be_said_and_confirmed() {
    let home = Home::new();
    home.create(0, &[]);
    let delete = [&["aurora", "delete"], &KEYCLOAK[..]].concat();
    home.max(64, &delete)
        .says("--final-snapshot NAME or --skip-final-snapshot");
    home.max(
        64,
        &[
            &delete[..],
            &["--skip-final-snapshot", "--final-snapshot", "x"],
        ]
        .concat(),
    );
    let refused = home.max(8, &[&delete[..], &["--skip-final-snapshot"]].concat());
    refused.says("not confirmed").says("hint: ").says("--yes");
    let json = home.max(
        8,
        &[&delete[..], &["--skip-final-snapshot", "-o", "json"]].concat(),
    );
    assert_eq!(json.error()["code"], "not_confirmed");
    assert_eq!(json.stderr.lines().count(), 1, "errors alone: {json:?}");
    assert_eq!(home.count("db-cluster"), 1);

    home.max(
        0,
        &[&delete[..], &["--final-snapshot", "the-end", "--yes"]].concat(),
    );
    assert_eq!(home.count("db-cluster-snapshot"), 1);
    assert_eq!(home.count(""), 1);
}

#[test]
fn a_protected_cluster_is_not_touched() {
    let home = Home::new();
    home.create(0, &["--deletion-protection"]);
    let before = home.count("");
    home.delete(8, &[]).says("protect");
    assert_eq!(home.count(""), before);
    home.expect(8, &["rollback", "--yes", "--sandbox-speed", "max"])
        .says("protect");
    assert_eq!(home.count(""), before);
}

#[test]
fn an_unfinished_run_is_given_up() {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    assert_eq!(home.count("vpc"), 1);
    let words = ["aurora", "delete", "--skip-final-snapshot"];
    let asked = home.max(8, &[&words, &KEYCLOAK[..]].concat());
    asked.says("unfinished run");
    assert_eq!(
        home.runs()[0]["status"],
        "suspended",
        "not confirmed, not given up"
    );

    home.delete(0, &[]).says("is given up");
    assert_eq!(home.count(""), 0);
    let runs = home.runs();
    assert_eq!(runs[0]["status"], "succeeded");
    assert_eq!(runs[0]["workflow"], "aurora delete");
    assert_eq!(runs[1]["status"], "abandoned");
    let id = runs[1]["id"].as_str().expect("an id");
    home.expect(0, &["runs", "show", id]).prints("given up");
    home.expect(1, &["resume", id]).says("was given up");
    home.expect(1, &["rollback", id]).says("was given up");
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.create(0, &[]);
}

#[test]
fn a_failed_deletion_is_suspended_and_goes_on() {
    let home = Home::new();
    home.create(0, &[]);
    home.fault(&[
        "--operation",
        "DeleteVpc",
        "--error",
        "UnauthorizedOperation",
    ]);
    home.delete(3, &["--on-failure", "suspend"]);
    assert_eq!(home.count("vpc"), 1);
    home.expect(8, &["rollback", "latest", "--yes"])
        .says("only goes forward");
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.resume(0);
    assert_eq!(home.count(""), 0);
    home.delete(64, &["--on-failure", "rollback"]);
}
