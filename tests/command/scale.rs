//! More readers, and fewer.

use super::harness::{Done, Home, KEYCLOAK};

#[track_caller]
fn scale(home: &Home, code: i32, more: &[&str]) -> Done {
    home.max(code, &[&["aurora", "scale"], &KEYCLOAK[..], more].concat())
}

#[test]
fn readers_are_added_and_taken_away() {
    let home = Home::new();
    home.create(0, &[]);
    let plan = scale(
        &home,
        2,
        &["--instances", "3", "--plan", "--detailed-exitcode"],
    );
    plan.prints("instance-2").prints("instance-3");
    assert_eq!(home.count("db-instance"), 1, "a plan does nothing");

    let json = scale(&home, 0, &["--instances", "3", "-o", "json"]).json();
    assert_eq!(json["workflow"], "aurora scale");
    assert_eq!(
        json["outputs"]["instances"].as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(home.count("db-instance"), 3);
    scale(&home, 0, &["--instances", "3"]).says("nothing to do");
    let same = scale(&home, 0, &["--instances", "3", "-o", "json"]);
    assert!(same.json()["run"].is_null());
    assert_eq!(home.runs().len(), 2, "no run was begun");

    let asked = scale(&home, 8, &["--instances", "1"]);
    asked
        .says("readers keycloak-instance-3, keycloak-instance-2 of cluster \"keycloak\"")
        .says("--yes");
    assert_eq!(home.count("db-instance"), 3);
    scale(
        &home,
        64,
        &["--instances", "1", "--yes", "--on-failure", "rollback"],
    );
    let json = scale(&home, 0, &["--instances", "1", "--yes", "-o", "json"]).json();
    assert_eq!(json["outputs"]["removed"].as_array().map(Vec::len), Some(2));
    assert_eq!(home.count("db-instance"), 1);
    let refused = home.expect(8, &["rollback", &home.newest(), "--yes"]);
    refused.says("only goes forward");
}

#[test]
fn what_was_added_can_be_undone_and_that_is_asked() {
    let home = Home::new();
    home.create(0, &[]);
    scale(&home, 0, &["--instances", "2"]);
    let run = home.newest();
    let rollback = ["rollback", &run, "--sandbox-speed", "max"];
    home.expect(8, &rollback)
        .says("the deletion of instance keycloak-instance-2 of cluster keycloak");
    home.expect(0, &[&rollback[..], &["--yes"]].concat());
    assert_eq!(home.count("db-instance"), 1);
}

#[test]
fn what_can_not_be_scaled() {
    let home = Home::new();
    scale(&home, 8, &["--instances", "2"]).says("there is no cluster \"keycloak\" in eu-west-1");
    scale(&home, 64, &[]).says("--instances");
    for number in ["0", "17", "-1", "x"] {
        let given = format!("--instances={number}");
        scale(&home, 64, &[&given]).says("1 to 16");
    }
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    scale(&home, 1, &["--instances", "2"]).says("an unfinished run of aurora create exists");
}

/// A lack of capacity stops the second instance; it is made of another class.
#[test]
fn a_run_goes_on_with_another_class() {
    let home = Home::new();
    let second = "DBInstanceIdentifier=keycloak-instance-2";
    let large = "DBInstanceClass=db.r7g.xlarge";
    let lacking = ["--error", "InsufficientDBInstanceCapacity"];
    let which = ["--match", second, "--match", large];
    home.fault(
        &[
            &["--operation", "CreateDBInstance"],
            &lacking[..],
            &which[..],
        ]
        .concat(),
    );
    home.create(3, &["--instances", "2"]);
    let resume = |code: i32, more: &[&str]| {
        let words = ["resume", "latest", "--sandbox-speed", "max"];
        home.expect(code, &[&words, more].concat())
    };
    let small = ["--instance-class", "db.r6g.xlarge"];
    let mixed = [&small[..], &["--allow-mixed-classes"]].concat();
    resume(64, &["--allow-mixed-classes"]);
    resume(64, &["--instance-class", "db.r99.large"]).says("--instance-class");
    resume(8, &small)
        .says("keycloak-instance-1 db.r7g.xlarge, keycloak-instance-2 db.r6g.xlarge")
        .says("--allow-mixed-classes");
    assert_eq!(home.show("latest")["status"], "suspended");
    resume(0, &mixed);
    assert_eq!(home.count("db-instance"), 2);
    let reason = "keycloak-instance-2 db.r6g.xlarge instead of db.r7g.xlarge";
    let story = home.show("latest");
    assert_eq!(story["changes"][0]["reason"], reason);
    assert_eq!(
        story["parameters"]["instances"][1]["class"],
        "db.r6g.xlarge"
    );
    home.expect(0, &["runs", "show"]).prints(reason);
    home.expect(0, &["runs", "events"]).prints(reason);
    home.expect(0, &["runs", "verify"]).prints("whole");
    // It is undone with the graph that it ended with.
    let run = home.newest();
    let words = ["rollback", &run, "--yes", "--sandbox-speed", "max"];
    home.expect(0, &words);
    assert_eq!(home.count(""), 0);
}

#[test]
fn a_class_is_only_for_what_makes_instances() {
    let home = Home::new();
    home.create(0, &[]);
    home.fault(&["--operation", "DeleteDBInstance", "--error", "ExpiredToken"]);
    home.delete(3, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    let class = ["--instance-class", "db.r6g.xlarge"];
    let words = ["resume", "latest", "--sandbox-speed", "max"];
    home.expect(64, &[&words[..], &class].concat())
        .says("is not for a run of aurora delete");
    home.resume(0);
    assert_eq!(home.count(""), 0);
}
