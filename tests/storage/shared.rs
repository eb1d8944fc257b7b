//! A file system that several machines may share; FUSE stands for them all.

use super::deed::Deed;
use super::disk::{Disk, Kind};
use crate::command::harness::{KEYCLOAK, Running};

#[test]
fn there_is_no_write_ahead_log_and_doctor_says_so() {
    let Some((ground, _disk)) = Disk::over(Kind::Fuse, 400_000) else {
        return;
    };
    ground.expect(0, &Deed::Create.words());
    ground.expect(0, &Deed::Delete.words());
    assert_eq!(ground.shell("ls -d state.db*"), "state.db\nstate.db.locks");
    let done = ground.expect(0, &["doctor", "--sandbox", "-o", "json"]);
    let json = done.json();
    let checks = json["checks"].as_array().expect("checks");
    let state = (checks.iter())
        .find(|check| check["name"] == "state")
        .expect("a check");
    assert_eq!(state["status"], "warn");
    let text = state["message"].as_str().expect("text");
    assert!(text.contains("is on FUSE or virtiofs"), "{text}");
    assert!(text.contains("a rollback journal"), "{text}");

    // Killed within a run, it goes on, and is read before it does.
    let words = ["--sandbox", "--sandbox-speed", "60", "aurora", "create"];
    let command = ground.command(&[], &[&words[..], &KEYCLOAK].concat());
    let mut run = Running::of(command, &ground.home);
    run.until("started subnet-group");
    ground.expect(0, &["runs", "list"]).prints("running");
    run.kill();
    ground.expect(0, &["runs", "list"]).prints("interrupted");
    ground.expect(0, &["--sandbox-speed", "max", "resume"]);
    ground.expect(0, &["runs", "verify"]);
    assert_eq!(ground.count("db-instance"), 1);
}
