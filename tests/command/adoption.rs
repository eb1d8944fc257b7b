//! Two state files and one account: runs that know nothing of each other.

use rustix::process::Signal;

use super::harness::{Done, Home, KEYCLOAK, MAX, Running};

/// A command of another host: with another state file on the same sandbox.
#[track_caller]
fn elsewhere(home: &Home, code: i32, words: &[&str]) -> Done {
    let state = home
        .state()
        .with_file_name("other.db")
        .display()
        .to_string();
    home.expect(
        code,
        &[&["--state", &state], &MAX[..], words, &KEYCLOAK].concat(),
    )
}

/// A create that has made its network and waits for the cluster.
fn at_work(home: &Home) -> Running {
    let mut run = home.start(&[&["--sandbox", "aurora", "create"], &KEYCLOAK[..]].concat());
    run.until("started cluster-available");
    run
}

/// A run that was taken over does not go on, and its rollback leaves what is the
/// other's by now.
#[track_caller]
fn is_brought_to_its_end(home: &Home) {
    home.resume(8)
        .says("belongs to run ")
        .says("`stepwell rollback ");
    home.expect(0, &["--sandbox-speed", "max", "rollback", "--yes"])
        .says("stays:")
        .says("belongs to run ")
        .says("kept cluster");
    for kind in ["vpc", "db-cluster", "db-instance"] {
        assert_eq!(home.count(kind), 1, "{kind}");
    }
}

const DELETE: [&str; 4] = ["aurora", "delete", "--yes", "--skip-final-snapshot"];

#[test]
fn a_run_of_another_host_is_not_disturbed() {
    let home = Home::new();
    let first = at_work(&home);
    let pid = format!("process {} on ", first.pid());
    let run = home.runs()[0]["id"].as_str().expect("an id").to_owned();
    elsewhere(&home, 6, &["aurora", "create"])
        .says(&pid)
        .says(&run)
        .says("sign of life")
        .says("--take-over");
    let json = elsewhere(&home, 6, &["aurora", "create", "-o", "json"]);
    assert_eq!(json.error()["code"], "alive_elsewhere");
    elsewhere(&home, 6, &["aurora", "create", "--plan"]).says(&pid);
    elsewhere(&home, 6, &DELETE).says(&pid);
    assert_eq!(home.count("vpc"), 1);
    first.signal(Signal::INT);
    let done = first.end();
    assert_eq!(done.code, 130, "{done:?}");
    // Nobody is at work any more, and what there is is completed.
    elsewhere(&home, 0, &["aurora", "create"]).prints("endpoint keycloak.cluster-");
    assert_eq!(home.count("vpc"), 1);
    assert_eq!(home.count("db-instance"), 1);
    is_brought_to_its_end(&home);
}

#[test]
fn a_dead_run_of_another_host_is_taken_over_by_whoever_knows() {
    let home = Home::new();
    at_work(&home).kill();
    elsewhere(&home, 6, &["aurora", "create"]);
    elsewhere(&home, 0, &["aurora", "create", "--take-over"]).says("take-over");
    assert_eq!(home.count("vpc"), 1);
    is_brought_to_its_end(&home);
}

#[test]
fn a_dead_run_of_another_host_is_deleted_by_whoever_knows() {
    let home = Home::new();
    at_work(&home).kill();
    elsewhere(&home, 6, &DELETE);
    elsewhere(&home, 0, &[&DELETE[..], &["--take-over"]].concat());
    assert_eq!(home.count(""), 0);
}

#[test]
fn a_run_that_is_known_to_be_dead_is_in_nobodys_way() {
    let home = Home::new();
    at_work(&home).kill();
    home.delete(0, &[]).says("is given up");
    assert_eq!(home.count(""), 0);

    at_work(&home).kill();
    home.expect(0, &["--sandbox-speed", "max", "rollback", "--yes"]);
    assert_eq!(home.count(""), 0);
}

#[test]
fn going_on_beside_a_run_of_another_host_is_refused() {
    let home = Home::new();
    at_work(&home).kill();
    // Another host has taken it over and is at work on it.
    let state = home
        .state()
        .with_file_name("other.db")
        .display()
        .to_string();
    let words = [
        "--state",
        &state,
        "--sandbox",
        "aurora",
        "create",
        "--take-over",
    ];
    let mut other = home.start(&[&words, &KEYCLOAK[..]].concat());
    other.until("started instance-1-available");
    let pid = format!("process {} on ", other.pid());
    let resume = ["--sandbox-speed", "max", "resume"];
    home.expect(6, &resume).says(&pid);
    home.expect(6, &["--sandbox-speed", "max", "rollback", "--yes"])
        .says(&pid);
    let done = other.end();
    assert_eq!(done.code, 0, "{done:?}");
    is_brought_to_its_end(&home);
}

/// The one that gave it up may die before it has given a sign of its own.
#[test]
fn a_run_that_was_given_up_is_in_nobodys_way() {
    let home = Home::new();
    at_work(&home).kill();
    home.fault(&["--operation", "CreateTags", "--error", "Unavailable"]);
    for _ in 0..2 {
        let words = [&["--sandbox"], &DELETE[..], &KEYCLOAK].concat();
        let mut delete = home.start(&words);
        delete.until("started delete-");
        delete.kill();
    }
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.resume(0);
    assert_eq!(home.count(""), 0);
}
