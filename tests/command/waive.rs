//! A rollback that gets stuck, is gone on with, or passes over a step.

use super::harness::{Done, Home};

const SPEED: [&str; 2] = ["--sandbox-speed", "max"];

/// A create that failed and whose security group can't be deleted.
fn stuck() -> Home {
    let home = Home::new();
    let refused = ["--error", "InvalidParameterCombination"];
    home.fault(&[&["--operation", "CreateDBInstance"], &refused[..]].concat());
    home.fault(&[&["--operation", "DeleteSecurityGroup"], &refused[..]].concat());
    home.create(5, &[]).says("left behind");
    home
}

#[track_caller]
fn rollback(home: &Home, code: i32, more: &[&str]) -> Done {
    home.expect(code, &[&["rollback"], &SPEED[..], more].concat())
}

#[test]
fn a_stuck_rollback_is_gone_on_with() {
    let home = stuck();
    assert_eq!(home.show("latest")["status"], "stuck");
    // The same fault again.
    rollback(&home, 5, &[]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    rollback(&home, 0, &[]);
    assert_eq!(home.count(""), 0);
}

/// The command that is named is run as it stands.
#[test]
fn what_is_left_can_be_left_by_the_command_that_is_named() {
    let home = stuck();
    let show = home.show("latest");
    let command = show["waive"].as_str().expect("a command");
    home.expect(0, &["runs", "show"]).prints(command);
    let done = home.shell(&format!("{command} --sandbox-speed max"));
    assert_eq!(done.code, 0, "{command}: {done:#?}");
    assert_eq!(home.show("latest")["status"], "rolled_back");
}

#[test]
fn a_rollback_that_lacks_a_permission_names_it_and_how_to_do_without() {
    let home = Home::new();
    let failing = ["--error", "InvalidParameterCombination"];
    home.fault(&[&["--operation", "CreateDBInstance"], &failing[..]].concat());
    let denied = ["--error", "UnauthorizedOperation"];
    home.fault(&[&["--operation", "DeleteSecurityGroup"], &denied[..]].concat());
    let done = home.create(3, &[]);
    done.says("ec2:DeleteSecurityGroup").says("iam-policy.json");
    done.says("--waive security-group");
    let show = home.show("latest");
    let hint = show["hint"].as_str().expect("a hint");
    assert!(hint.contains("ec2:DeleteSecurityGroup"), "{hint}");
    let command = show["waive"].as_str().expect("a command");
    let done = home.shell(&format!("{command} --sandbox-speed max -o json"));
    assert!([0, 5].contains(&done.code), "{command}: {done:#?}");
    assert_eq!(done.json()["waived"][0]["reason"], "it may stay");
}

#[test]
fn a_step_is_passed_over_with_a_reason_that_is_recorded() {
    let home = stuck();
    rollback(&home, 64, &["--waive", "security-group"]).says("--reason");
    rollback(&home, 64, &["--waive", "security-group", "--reason", " "]).says("--reason");
    rollback(&home, 64, &["--waive", "nothing", "--reason", "x"])
        .says("is no step of the run; allowed: address-range, vpc");
    // The VPC holds the group, so it is not its turn.
    let early = rollback(&home, 8, &["--waive", "vpc", "--reason", "x"]);
    early.says("not undone yet: security-group");
    assert_eq!(home.show("latest")["status"], "stuck");

    // The VPC can't go while the group is there, which is said before all retries.
    let reason = ["--reason", "the auditors want to see it"];
    let half = [&["--waive", "security-group"], &reason[..]].concat();
    let refused = rollback(&home, 8, &half);
    refused
        .says("vpc can't be undone while security-group is left")
        .says("--waive security-group --waive vpc --reason 'the auditors want to see it'");
    assert_eq!(home.show("latest")["status"], "stuck");
    // In whatever order.
    let waive = ["--waive", "vpc", "--waive", "security-group", "-o", "json"];
    let waive = [&waive[..], &reason].concat();
    let json = rollback(&home, 0, &waive).json();
    assert_eq!(json["status"], "rolled_back");
    let waived: Vec<&str> = (json["waived"].as_array().expect("a list").iter())
        .map(|waived| waived["step"].as_str().expect("a step"))
        .collect();
    assert_eq!(waived, ["vpc", "security-group"]);
    assert_eq!((home.count("vpc"), home.count("security-group")), (1, 1));
    assert_eq!(home.count(""), 2);
    home.expect(0, &["runs", "show"])
        .prints("waived, so still there")
        .prints("the auditors want to see it");
    let show = home.show("latest");
    assert_eq!(show["waived"][0]["reason"], "the auditors want to see it");
    assert_eq!(show["steps"][1]["status"], "waived");
    home.expect(0, &["runs", "events"])
        .prints("waived security-group by");
    home.expect(0, &["runs", "verify"]).prints("whole");

    home.expect(0, &["sandbox", "fault", "clear"]);
    home.delete(0, &[]);
    assert_eq!(home.count(""), 0);
}
