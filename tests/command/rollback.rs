//! Undoing what a run made.

use super::harness::{Done, Home};

#[track_caller]
fn rollback(home: &Home, code: i32, more: &[&str]) -> Done {
    home.expect(
        code,
        &[&["rollback", "--sandbox-speed", "max"], more].concat(),
    )
}

/// A create that was stopped at its last step, when its instances were there.
fn suspended_with_instances() -> Home {
    let home = Home::new();
    let expired = ["--error", "ExpiredToken"];
    home.fault(&[&["--operation", "ModifyDBCluster"], &expired[..]].concat());
    home.create(3, &["--instances", "2", "--deletion-protection"]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    home
}

#[test]
fn a_cluster_goes_only_when_that_is_confirmed() {
    let home = suspended_with_instances();
    let before = home.count("");
    let done = rollback(&home, 8, &["-o", "json"]);
    let error = done.error();
    assert_eq!(error["code"], "not_confirmed");
    let words = error["error"].as_str().expect("words");
    for part in [
        "cluster \"keycloak\" in eu-west-1",
        "(cluster-",
        "created ",
        "keycloak-instance-1 (",
        "with all its data",
    ] {
        assert!(words.contains(part), "{words}");
    }
    done.says("--yes").says("--final-snapshot NAME");
    assert_eq!(home.count(""), before, "nothing is touched");
    assert_eq!(home.show("latest")["status"], "suspended");
    rollback(&home, 0, &["--yes"]);
    assert_eq!(home.count(""), 0);
}

#[test]
fn without_a_cluster_nothing_is_asked() {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBCluster", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    let keep = ["--final-snapshot", "last", "--yes"];
    rollback(&home, 8, &keep).says("deletes no cluster");
    rollback(&home, 0, &[]);
    assert_eq!(home.count(""), 0);
}

#[test]
fn the_data_is_kept_in_a_last_snapshot() {
    let home = suspended_with_instances();
    rollback(&home, 64, &["--yes", "--final-snapshot", "-"]).says("--final-snapshot");
    let keep = ["--final-snapshot", "last"];
    rollback(&home, 8, &keep).says("whose data is kept in snapshot \"last\"");
    rollback(&home, 0, &["--yes", "--final-snapshot", "last"]).says("final_snapshot last");
    assert_eq!(home.count("db-cluster-snapshot"), 1);
    assert_eq!(home.count(""), 1);
    let story = home.show("latest");
    assert_eq!(story["rollback"]["options"]["final_snapshot"], "last");
    home.expect(0, &["runs", "show"])
        .prints("undo with final_snapshot last");
    home.expect(0, &["runs", "events"])
        .prints("said how to undo it: final_snapshot last");
    home.expect(0, &["runs", "verify"]).prints("whole");

    // The name is taken now.
    home.create(0, &[]);
    rollback(
        &home,
        8,
        &[&home.newest(), "--yes", "--final-snapshot", "last"],
    )
    .says("there is a snapshot \"last\" in eu-west-1");
    assert_eq!(home.count("db-cluster"), 1);
}

#[test]
fn a_rollback_that_was_killed_still_keeps_the_data() {
    let home = suspended_with_instances();
    let words = ["rollback", "--yes", "--final-snapshot", "last"];
    let mut run = home.start(&words);
    run.until("undoing cluster");
    run.kill();
    home.resume(0);
    assert_eq!(home.count("db-cluster-snapshot"), 1);
    assert_eq!(home.count(""), 1);
}

/// A suspended rollback is resumed as one: what would keep it from ending is
/// asked for again.
#[test]
fn a_rollback_that_is_resumed_is_refused_what_a_rollback_is() {
    let home = Home::new();
    home.create(0, &[]);
    let expired = ["--error", "ExpiredToken"];
    home.fault(&[&["--operation", "DeleteDBInstance"], &expired[..]].concat());
    rollback(&home, 3, &[&home.newest(), "--yes"]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    protect(&home, true);
    for command in ["resume", "rollback"] {
        let words = [command, "latest", "--yes", "--sandbox-speed", "max"];
        home.expect(8, &words).says("is protected against deletion");
    }
    assert_eq!(home.count("db-instance"), 1);
    protect(&home, false);
    home.resume(0);
    assert_eq!(home.count(""), 0);
}

#[test]
fn a_suspended_run_can_be_undone() {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.expect(0, &["rollback", "--yes", "--sandbox-speed", "max"])
        .says("rolled back");
    assert_eq!(home.count(""), 0);
    let json = home.show("latest");
    assert_eq!(json["status"], "rolled_back");
    assert_eq!(json["rollback"]["cause"], "requested");
    home.expect(0, &["runs", "show"]).prints("asked for by");
    for command in ["rollback", "resume"] {
        home.expect(1, &[command, "latest"]).says("is rolled back");
        home.expect(1, &[command])
            .says("there is no unfinished run");
    }
}

#[test]
fn a_succeeded_run_is_undone_only_when_confirmed() {
    let home = Home::new();
    home.create(0, &["--instances", "2"]);
    let run = home.newest();
    rollback(&home, 8, &[&run]).says("--yes");
    assert_eq!(home.count("db-cluster"), 1);
    let json = rollback(&home, 0, &[&run, "--yes", "-o", "json"]).json();
    assert_eq!(json["status"], "rolled_back");
    assert!(json["outputs"].is_null(), "what is gone is no output");
    assert_eq!(home.count(""), 0);
}

/// `create || rollback --yes`, where the create was refused.
#[test]
fn a_run_that_succeeded_is_undone_only_by_its_id() {
    let home = Home::new();
    home.create(0, &[]);
    home.create(1, &[]);
    let before = home.count("");
    let none = rollback(&home, 1, &["--yes", "-o", "json"]);
    assert_eq!(none.error()["code"], "no_such_run");
    rollback(&home, 1, &["--yes"])
        .says("there is no unfinished run")
        .says("`stepwell runs list`");
    let run = home.newest();
    for latest in ["latest", "LATEST"] {
        let refused = rollback(&home, 8, &[latest, "--yes", "-o", "json"]);
        assert_eq!(refused.error()["code"], "not_named");
        rollback(&home, 8, &[latest, "--yes"]).says(&format!("stepwell rollback {}", &run[..13]));
    }
    assert_eq!(home.count(""), before, "nothing is touched");
    assert_eq!(home.show("latest")["status"], "succeeded");
    rollback(&home, 0, &[&run[..13], "--yes"]);
    assert_eq!(home.count(""), 0);
}

/// What a rollback would do is asked of AWS, and nothing is done.
#[test]
fn a_plan_says_what_goes_and_what_stays() {
    let home = suspended_with_instances();
    let before = home.count("");
    let runs = home.runs();
    let plan = rollback(&home, 0, &["--plan", "--final-snapshot", "last"]);
    plan.prints("of aurora create on aurora/eu-west-1/keycloak in sandbox ")
        .prints("goes, in this order:")
        .prints("cluster                 keycloak")
        .prints("vpc-")
        .prints("stays:")
        .prints("keeps the data");
    let json = rollback(&home, 2, &["--plan", "--detailed-exitcode", "-o", "json"]).json();
    assert_eq!(json["changes"], true);
    assert_eq!(json["account"]["kind"], "sandbox");
    let steps = json["plan"].as_array().expect("a plan");
    let place = |name: &str| steps.iter().position(|step| step["name"] == name);
    assert!(place("instance-2") < place("cluster"), "{json}");
    assert!(place("cluster") < place("vpc"), "{json}");
    assert!(steps.iter().all(|step| step["change"] != "keep"), "{json}");
    let keep = ["--plan", "--waive", "vpc", "--reason", "x", "-o", "json"];
    let json = rollback(&home, 0, &keep).json();
    let vpc = (json["plan"].as_array().expect("a plan").iter())
        .find(|step| step["name"] == "vpc")
        .expect("the vpc");
    assert_eq!(
        (&vpc["change"], &vpc["why"]),
        (&"keep".into(), &"waived".into())
    );
    assert_eq!(home.count(""), before);
    assert_eq!(home.runs(), runs, "a plan is no event");
    // The same stands above the question.
    rollback(&home, 8, &[])
        .says("goes, in this order:")
        .says(&format!("by the rollback of run {}", &home.newest()[..13]))
        .says("[eu-west-1 of sandbox ");
}

/// Switches the protection of the simulated cluster on or off.
fn protect(home: &Home, on: bool) {
    let file = std::fs::read_to_string(home.sandbox()).expect("the account");
    let field = |on: bool| format!("\"deletion_protection\":{on}");
    let changed = file.replace(&field(!on), &field(on));
    assert_ne!(changed, file, "there is a cluster");
    std::fs::write(home.sandbox(), changed).expect("written");
}
