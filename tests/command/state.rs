//! Trouble with the state file.

use std::fs;

use super::harness::{Home, KEYCLOAK};

#[test]
fn a_damaged_file_is_an_error_and_nothing_is_done() {
    let home = Home::new();
    fs::create_dir_all(home.state().parent().expect("a folder")).expect("a folder");
    fs::write(
        home.state(),
        "this is no database, but long enough to be looked at ".repeat(100),
    )
    .expect("a file");
    home.create(1, &[]).says("error: ").says("hint: ");
    let json = home.create(1, &["-o", "json"]);
    assert_eq!(json.error()["code"], "state_corrupt");
    home.expect(1, &["runs", "list"]).says("damaged");
    fs::remove_file(home.state()).expect("it goes");
    assert_eq!(home.count(""), 0);
}

#[test]
fn a_folder_is_no_state_file() {
    let home = Home::new();
    fs::create_dir_all(home.state()).expect("a folder");
    home.create(1, &[]).says("is not a file").says("hint: ");
}

#[test]
fn state_can_be_named_and_the_resume_line_names_it_too() {
    let home = Home::new();
    let path = home.path().join("other place/runs.db");
    let path = path.display().to_string();
    home.max(
        0,
        &[
            "--state",
            &path,
            "sandbox",
            "fault",
            "add",
            "--operation",
            "CreateVpc",
            "--error",
            "ExpiredToken",
        ],
    );
    let done = home.max(
        3,
        &[&["--state", &path, "aurora", "create"], &KEYCLOAK[..]].concat(),
    );
    done.says(&format!("stepwell --state '{path}' resume "));
    home.expect(0, &["--state", &path, "runs", "list"])
        .prints("suspended");
    assert!(!home.state().exists());
}

#[test]
fn the_default_place_is_the_xdg_state_home() {
    let home = Home::new();
    let command = home.command(&[
        "--sandbox",
        "--sandbox-speed",
        "max",
        "aurora",
        "create",
        "--cluster",
        "c",
        "--region",
        "eu-west-1",
    ]);
    assert_eq!(super::harness::finish(command).code, 0);
    let folder = home.path().join(".local/state/stepwell");
    assert!(folder.join("state.db").exists());
    assert!(folder.join("sandbox.json").exists());
}
