//! Unfinished runs that this program does not understand, because an older or a
//! newer one recorded them: they are named, refused, and can be given up.

use std::fs;
use std::sync::Arc;

use rusqlite::Connection;
use serde_json::Value;
use stepwell_engine::event::EventBody;
use stepwell_engine::{Event, Journal as _};
use stepwell_state::{Access, Store};

use super::harness::{Done, Home, KEYCLOAK};

/// A state file of schema version 1, whose run was recorded without the data of
/// its steps.
const OLD: &str = include_str!("../../state/tests/fixtures/v1.sql");

/// Puts another state file in the place of the home's.
fn forget(home: &Home) {
    for suffix in ["", "-wal", "-shm"] {
        let path = format!("{}{suffix}", home.state().display());
        let _ = fs::remove_file(path);
    }
}

/// A home whose cluster's only run is an old one, suspended in the middle.
fn with_an_old_run() -> Home {
    let home = Home::new();
    home.create(0, &[]);
    let account = home.runs()[0]["account"].to_string();
    forget(&home);
    let file = Connection::open(home.state()).expect("a state file");
    let recorded = r#"{"id":"000000000001","kind":"sandbox"}"#;
    assert!(OLD.contains(recorded));
    file.execute_batch(&OLD.replace(recorded, &account))
        .expect("the fixture loads");
    file.execute_batch(
        "DELETE FROM event WHERE seq > 17;
         UPDATE run SET status = 'suspended', ended_at = NULL",
    )
    .expect("cut");
    home
}

/// A home whose suspended create was recorded by a later program: a step that is
/// still to be done is of a kind of its own, and the data of another is too.
fn with_a_later_run() -> Home {
    let home = Home::new();
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    let store = Store::open(&home.state(), Access::ReadOnly).expect("opened");
    let run = store.find("latest").expect("a run").id;
    let mut events: Vec<Event> = store.events(run).expect("events");
    drop(store);
    let EventBody::RunCreated(created) = &mut events[0].body else {
        panic!("no beginning");
    };
    let created = Arc::make_mut(created);
    created.by.version = "stepwell 9.9.9 (abc1234)".to_owned();
    let mut steps = created.steps.to_vec();
    for step in &mut steps {
        match &*step.kind {
            "create-instance" => step.kind = "create-instance-of-tomorrow".to_owned(),
            "verify-endpoint" => step.data = Value::from(7),
            _ => {}
        }
    }
    created.steps = steps.into();
    forget(&home);
    let store = Store::open(&home.state(), Access::ReadWrite).expect("opened");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(store.append(events)).expect("appended");
    home
}

fn events(home: &Home) -> usize {
    let told = home.expect(0, &["-o", "jsonl", "runs", "events"]);
    told.lines().len()
}

/// The run is named by what lists runs, refused by whatever would go on with it,
/// without a trace of that, and ends by what its hint says.
fn named_refused_and_given_up(home: &Home, why: &[&str], version: &str, step: &str) {
    let names = |text: &str| {
        for why in why {
            assert!(text.contains(why), "{why:?} is not in {text:?}");
        }
    };
    let list = home.expect(0, &["runs", "list"]);
    list.prints("suspended, not understood");
    names(&list.stderr);
    let run = &home.runs()[0];
    assert_eq!(run["understood"], false);
    names(run["not_understood"].as_str().expect("a reason"));

    let (recorded, left) = (events(home), home.count(""));
    let give_up = "aurora delete --cluster keycloak --region eu-west-1 --final-snapshot";
    let shown = home.expect(0, &["runs", "show"]);
    shown
        .prints("this program can't go on with it")
        .prints(version)
        .prints(give_up);
    names(&shown.stdout);
    let shown = home.show("latest");
    assert_eq!(shown["understood"], false);
    assert_eq!(shown["resume"], Value::Null);

    let by_hand = ["step", "done", "latest", step, "--reason", "by hand"];
    for command in [
        &["resume", "latest"][..],
        &["rollback", "latest", "--yes"],
        &["rollback", "latest", "--plan"],
        &by_hand,
        &["step", "retry", "latest", step],
    ] {
        let pace: &[&str] = match command[0] {
            "step" => &[],
            _ => &["--sandbox-speed", "max"],
        };
        let done: Done = home.expect(1, &[pace, command, &["-o", "json"]].concat());
        let error = done.error();
        assert_eq!(error["code"], "not_understood", "{command:?}: {done:#?}");
        names(&error["causes"].to_string().replace("\\\"", "\""));
        let hint = error["hint"].as_str().expect("a hint");
        assert!(hint.contains(version), "{hint}");
        assert!(hint.contains("aurora delete"), "{hint}");
    }
    assert_eq!(events(home), recorded, "nothing is recorded");
    assert_eq!(home.count(""), left, "nothing is done");

    let check = doctor(home);
    assert_eq!(check["status"], "warn");
    assert_eq!(check["code"], "not_understood");
    names(check["message"].as_str().expect("a message"));

    home.delete(0, &[]);
    assert_eq!(home.count(""), 0);
    for run in home.runs() {
        assert_eq!(run["understood"], true, "{run}");
        assert_ne!(run["status"], "suspended", "{run}");
    }
    assert_eq!(doctor(home)["status"], "ok");
}

/// What the doctor says of the runs.
fn doctor(home: &Home) -> Value {
    let done = home.max(0, &[&["doctor", "-o", "json"], &KEYCLOAK[2..]].concat());
    let document = done.json();
    let checks = document["checks"].as_array().expect("checks");
    let check = checks.iter().find(|check| check["name"] == "runs");
    check.expect("a check of the runs").clone()
}

#[test]
fn a_run_of_an_older_form_is_named_refused_and_given_up() {
    let why =
        ["it was recorded before version 0.1.0, in a form that does not hold the steps' data"];
    named_refused_and_given_up(&with_an_old_run(), &why, "stepwell 0.1.0", "zone");
}

#[test]
fn a_run_of_a_later_program_is_named_refused_and_given_up() {
    let home = with_a_later_run();
    let shown = home.show("latest");
    let steps = shown["steps"].as_array().expect("steps");
    let instance = steps
        .iter()
        .find(|step| step["type"] == "create-instance-of-tomorrow");
    let step = instance.expect("an instance")["name"]
        .as_str()
        .expect("a name");
    let why = [
        r#"there is no kind "create-instance-of-tomorrow""#,
        r#"this is no "verify-endpoint""#,
    ];
    named_refused_and_given_up(&home, &why, "stepwell 9.9.9 (abc1234)", step);
}

/// What is over is nobody's business: not a run that is rolled back, and not one
/// that this program began.
#[test]
fn what_is_understood_or_over_is_not_marked() {
    let home = Home::new();
    fs::create_dir_all(home.state().parent().expect("a folder")).expect("a folder");
    let file = Connection::open(home.state()).expect("a state file");
    file.execute_batch(OLD).expect("the fixture loads");
    drop(file);
    assert_eq!(home.runs()[0]["understood"], true);
    assert_eq!(home.runs()[0]["not_understood"], Value::Null);
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.create(3, &[]);
    let list = home.expect(0, &["runs", "list"]);
    assert!(!list.stdout.contains("not understood"), "{list:?}");
    assert_eq!(doctor(&home)["status"], "ok");
    assert_eq!(home.show("latest")["understood"], true);
}

/// The version names the commit, wherever it is told.
#[test]
fn the_version_names_the_commit() {
    let home = Home::new();
    let version = format!("stepwell {}", stepwell::VERSION);
    home.expect(0, &["--version"])
        .prints(&format!("{version}\n"));
    home.create(0, &[]);
    assert_eq!(home.show("latest")["by"]["version"], version);
    home.expect(0, &["runs", "show"]).prints(&version);
    let package = env!("CARGO_PKG_VERSION");
    match stepwell::VERSION.strip_prefix(package) {
        // Built from a package, without a repository.
        Some("") => {}
        Some(commit) => {
            let commit = commit
                .strip_prefix(" (")
                .and_then(|rest| rest.strip_suffix(')'));
            let commit = commit.expect("a commit in brackets");
            assert!(
                commit.len() >= 7 && commit.chars().all(|letter| letter.is_ascii_alphanumeric())
            );
        }
        None => panic!("{} is not of {package}", stepwell::VERSION),
    }
}
