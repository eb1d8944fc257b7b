//! Which run is meant, and how commands that are printed name it.

use std::fs;

use super::harness::{Home, KEYCLOAK, MAX, finish};

const SPEED: [&str; 2] = ["--sandbox-speed", "max"];

/// A create that waits for a person, of a cluster in a region.
#[track_caller]
fn suspended(home: &Home, cluster: &str, region: &str) -> String {
    let once = ["--error", "ExpiredToken", "--times", "1"];
    home.fault(&[&["--operation", "CreateDBCluster"], &once[..]].concat());
    let place = ["--cluster", cluster, "--region", region];
    home.max(3, &[&["aurora", "create"], &place[..]].concat());
    home.newest()
}

#[test]
fn the_only_unfinished_run_is_taken() {
    let home = Home::new();
    let run = suspended(&home, "one", "eu-west-1");
    // What ended later is not meant.
    home.create(0, &[]);
    home.expect(0, &[&["resume"], &SPEED[..]].concat());
    assert_eq!(home.show(&run)["status"], "succeeded");
    let none = home.expect(1, &["resume", "-o", "json"]);
    assert_eq!(none.error()["code"], "no_such_run");

    let run = suspended(&home, "two", "eu-west-1");
    home.create(1, &[]);
    home.expect(0, &[&["rollback", "--yes"], &SPEED[..]].concat());
    assert_eq!(home.show(&run)["status"], "rolled_back");
    assert_eq!(home.count("db-cluster"), 2);
}

#[test]
fn several_are_listed_and_none_is_taken() {
    let home = Home::new();
    let runs = [
        suspended(&home, "one", "eu-west-1"),
        suspended(&home, "two", "eu-west-1"),
        suspended(&home, "two", "eu-west-2"),
    ];
    for verb in ["resume", "rollback"] {
        let refused = home.expect(8, &[verb, "--yes"]);
        refused.says("3 runs are unfinished");
        for (run, target) in runs.iter().zip([
            "aurora/eu-west-1/one",
            "aurora/eu-west-1/two",
            "aurora/eu-west-2/two",
        ]) {
            let command = format!(
                "stepwell {verb} {}    # aurora create of {target}",
                &run[..13]
            );
            refused.says(&command);
        }
        refused.says("suspended, sandbox ");
        let json = home.expect(8, &[verb, "--cluster", "two", "-o", "json"]);
        assert_eq!(json.error()["code"], "several_runs");
        home.expect(8, &[verb, "--cluster", "two"])
            .says("2 runs of cluster two are unfinished");
        home.expect(1, &[verb, "--cluster", "one", "--region", "eu-west-2"])
            .says("there is no unfinished run of cluster one in eu-west-2")
            .says(&format!("stepwell {verb} {}", &runs[0][..13]));
        // A run that is named has its place.
        home.expect(64, &[verb, "latest", "--cluster", "two"]);
    }
    for run in &runs {
        assert_eq!(home.show(run)["status"], "suspended");
    }
    let two = ["--cluster", "TWO", "--region", "eu-west-2"];
    home.expect(0, &[&["rollback"], &two[..], &SPEED].concat());
    assert_eq!(home.show(&runs[2])["status"], "rolled_back");
    // A variable says so, too; that of the region of all else does not.
    let mut command = home.command(&[&["resume"], &SPEED[..]].concat());
    command
        .env("AURORA_CLUSTER", "two")
        .env("AWS_REGION", "us-east-1");
    assert_eq!(finish(command).code, 0);
    assert_eq!(home.show(&runs[1])["status"], "succeeded");
    assert_eq!(home.show(&runs[0])["status"], "suspended");
}

#[test]
fn without_a_run() {
    let home = Home::new();
    for command in ["resume", "rollback"] {
        let done = home.expect(1, &[command, "-o", "json"]);
        assert_eq!(done.error()["code"], "no_such_run");
        let path = home.state().display().to_string();
        home.expect(1, &[command, "latest"])
            .says(&format!("there is no state file {path}"))
            .says("--state");
    }
    assert!(!home.path().join(".local").exists(), "no file, no folder");
    home.expect(1, &["runs", "show"])
        .says("there is no run yet");
    home.expect(0, &["runs", "list"]).says("no runs");
    let list = home.expect(0, &["runs", "list", "-o", "json"]).json();
    assert_eq!(list["runs"].as_array().map(Vec::len), Some(0));
    home.create(0, &[]);
    home.expect(1, &["runs", "show", "ffff"])
        .says("there is no run");
}

/// The commands that are printed are run from another folder, without the
/// variable that named the state.
#[test]
fn printed_commands_work_from_anywhere() {
    let home = Home::new();
    let folder = home.path().join("a place");
    fs::create_dir(&folder).expect("a folder");
    let begun = |name: &str, by: &dyn Fn(&mut std::process::Command, &str)| {
        let mut fault = home.command(
            &[
                &MAX[..],
                &["sandbox", "fault", "add"],
                &[
                    "--operation",
                    "CreateDBCluster",
                    "--error",
                    "ExpiredToken",
                    "--times",
                    "1",
                ],
            ]
            .concat(),
        );
        let mut create = home.command(&[&MAX[..], &["aurora", "create"], &KEYCLOAK].concat());
        for command in [&mut fault, &mut create] {
            command.current_dir(&folder);
            by(command, name);
        }
        assert_eq!(finish(fault).code, 0);
        let done = finish(create);
        assert_eq!(done.code, 3, "{done:#?}");
        let line = done
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("to go on: "));
        line.expect("a command").to_owned()
    };
    let by_variable = begun("one/it's.db", &|command, name| {
        command.env("STEPWELL_STATE", name);
    });
    let by_home = begun("", &|command, _| {
        command.env("XDG_STATE_HOME", home.path().join("x"));
    });
    let by_flag = begun("two/flag.db", &|command, name| {
        // What stands last counts for nothing: a flag may stand anywhere.
        command.args(["--state", name]);
    });
    let usual = begun("", &|_, _| {});
    assert!(usual.starts_with("stepwell resume "), "{usual}");
    for line in [by_variable, by_home, by_flag, usual] {
        let done = home.shell(&format!("cd / && {line} --sandbox-speed max"));
        assert_eq!(done.code, 0, "{line}: {done:#?}");
    }
}

#[test]
fn a_tilde_is_not_taken_by_its_letter() {
    let home = Home::new();
    let create = [&MAX[..], &["aurora", "create"], &KEYCLOAK].concat();
    for (name, value) in [
        ("STEPWELL_STATE", "~/state.db"),
        ("XDG_STATE_HOME", "~/state"),
    ] {
        let mut command = home.command(&create);
        command.env(name, value);
        let done = finish(command);
        assert_eq!(done.code, 64, "{done:#?}");
        done.says(name).says("tilde");
    }
    home.expect(64, &[&create[..], &["--state", "~/state.db"]].concat())
        .says("--state \"~/state.db\"");
    home.expect(
        64,
        &[&create[..], &["--password-file", "~/password"]].concat(),
    )
    .says("--password-file \"~/password\"");
    let env = ["--sandbox", "keycloak", "env", "--output-file", "~/env"];
    home.expect(64, &[&env[..], &KEYCLOAK].concat())
        .says("--output-file \"~/env\"");
    assert!(!home.path().join("~").exists());
}

/// A shrink can't be undone, and nothing says that it can.
#[test]
fn what_can_not_be_undone_is_not_offered_to_be() {
    let home = Home::new();
    home.create(0, &["--instances", "2"]);
    home.fault(&["--operation", "DeleteDBInstance", "--error", "ExpiredToken"]);
    let scale = [&["aurora", "scale", "--yes"], &KEYCLOAK[..]].concat();
    home.max(3, &[&scale[..], &["--instances", "1"]].concat());
    home.expect(0, &["sandbox", "fault", "clear"]);
    let refused = home.max(1, &[&scale[..], &["--instances", "3"]].concat());
    refused.says(&format!(
        "go on with it: stepwell resume {}",
        &home.newest()[..13]
    ));
    assert!(!refused.stderr.contains("rollback"), "{refused:#?}");
    home.expect(8, &["rollback", "--yes"])
        .says("only goes forward");
    home.expect(0, &[&["resume"], &SPEED[..]].concat());
    assert_eq!(home.count("db-instance"), 1);
    // A growth can, until it is being undone.
    home.fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    home.max(3, &[&scale[..], &["--instances", "2"]].concat());
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.max(1, &[&scale[..], &["--instances", "3"]].concat())
        .says("or undo it: stepwell rollback ");
}

/// A sandbox and AWS are never mistaken for each other.
#[test]
fn the_account_stands_at_the_head_of_a_run_and_in_the_list() {
    let home = Home::new();
    let path = home.sandbox().display().to_string();
    let account = |text: &str| {
        let id = text.split("sandbox ").nth(1).expect("an account");
        id.split(' ').next().expect("an id").to_owned()
    };
    suspended(&home, "one", "eu-west-1");
    let done = home.expect(0, &[&["resume"], &SPEED[..]].concat());
    let head = done.stderr.lines().next().expect("a head");
    assert!(head.contains(&format!("({path})")), "{head}");
    let done = home.create(0, &[]);
    let head = done
        .stderr
        .lines()
        .find(|line| line.contains(" steps"))
        .expect("a head");
    assert!(head.contains(" of aurora create on aurora/eu-west-1/keycloak in sandbox "));
    assert!(head.contains(&format!("({path})")), "{head}");
    let list = home.expect(0, &["runs", "list"]);
    list.prints("ACCOUNT")
        .prints(&format!("sandbox {}", account(head)));
    // And in each question.
    let words = ["aurora", "delete", "--skip-final-snapshot"];
    home.max(8, &[&words[..], &KEYCLOAK].concat())
        .says(&format!("[eu-west-1 of sandbox {}", account(head)));
}
