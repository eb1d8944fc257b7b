//! What a person says of a step by hand.

use super::harness::{Home, KEYCLOAK};

/// A create whose last step needs a person: to protect the cluster.
fn suspended() -> (Home, String) {
    let home = Home::new();
    home.fault(&["--operation", "ModifyDBCluster", "--error", "ExpiredToken"]);
    home.create(3, &["--deletion-protection"]);
    home.expect(0, &["sandbox", "fault", "clear"]);
    let json = home.show("latest");
    let steps = json["steps"].as_array().expect("steps");
    let waiting = steps.iter().find(|step| step["status"] != "done");
    let step = waiting.expect("a step")["name"].as_str().expect("a name");
    (home, step.to_owned())
}

#[test]
fn a_step_that_was_done_by_hand_is_not_done_again() {
    let (home, step) = suspended();
    let done = [
        "step",
        "done",
        "latest",
        &step,
        "--reason",
        "in the console",
    ];
    let done = |code, more: &[&str]| {
        home.expect(
            code,
            &[&["--sandbox-speed", "max"], &done[..], more].concat(),
        )
    };
    done(8, &[])
        .says("is not found in aws")
        .says("--output JSON");
    done(64, &["--output", "{nothing"]).says("--output is not JSON");
    done(64, &["--output", "[{\"no\": 1}]"]).says("is not what step");
    let early = ["step", "done", "latest", "vpc", "--reason", "x"];
    home.expect(8, &early).says("done already");
    let none = ["step", "done", "latest", "nothing", "--reason", "x"];
    home.expect(8, &none).says("has no step");
    home.expect(64, &["step", "done", "latest", &step])
        .says("--reason");

    let json = done(0, &["--output", "null", "-o", "json"]).json();
    assert_eq!(
        (&json["done"], &json["checked"]),
        (&true.into(), &false.into())
    );
    let show = home.show("latest");
    assert_eq!(show["status"], "suspended");
    let steps = show["steps"].as_array().expect("steps");
    let shown = steps
        .iter()
        .find(|one| one["name"] == *step)
        .expect("the step");
    assert_eq!(shown["status"], "adopted");
    assert_eq!(shown["by_hand"]["reason"], "in the console");
    assert_eq!(shown["by_hand"]["checked"], false);
    assert!(shown["by_hand"]["by"]["user"].is_string());
    home.expect(0, &["runs", "show"])
        .prints("done by hand at ")
        .prints("in the console");
    home.expect(0, &["runs", "events"]).prints("done by hand ");
    home.expect(0, &["runs", "verify"]).prints("whole");
    home.resume(0);
    home.expect(0, &["runs", "verify"]).prints("whole");
    done(8, &["--output", "null"]).says("the run has ended");
}

#[test]
fn a_pause_is_cut_short_from_another_terminal() {
    let home = Home::new();
    // In real time, the tenth pause would take most of a minute.
    let throttled = ["--error", "Throttling", "--times", "7"];
    home.fault(&[&["--operation", "CreateVpc"], &throttled[..]].concat());
    let words = ["--sandbox", "--sandbox-speed", "1", "aurora", "create"];
    let mut run = home.start(&[&words, &KEYCLOAK[..]].concat());
    for _ in 0..4 {
        run.until("retry in");
    }
    let retry = [
        "step",
        "retry",
        "latest",
        "vpc",
        "--reason",
        "the limit is raised",
    ];
    home.expect(0, &retry).says("is tried again now");
    run.until("to be tried again vpc");
    let other = ["step", "retry", "latest", "nothing"];
    home.expect(8, &other).says("has no step");
    let early = ["step", "retry", "latest", "cluster"];
    home.expect(8, &early).says("has not failed");
    // One process writes a run's history.
    let done = ["step", "done", "latest", "vpc", "--reason", "x"];
    home.expect(6, &done)
        .says(&format!("process {}", run.pid()));
    run.kill();
    let show = home.show("latest");
    let vpc = show["steps"].as_array().expect("steps").iter();
    let vpc = vpc
        .into_iter()
        .find(|step| step["name"] == "vpc")
        .expect("the step");
    assert_eq!(vpc["retried"][0]["reason"], "the limit is raised");
    home.expect(0, &["runs", "verify"]).prints("whole");
    home.expect(0, &["sandbox", "fault", "clear"]);
    home.resume(0);
}

#[test]
fn a_step_of_a_suspended_run_is_tried_again_when_it_goes_on() {
    let (home, step) = suspended();
    let retry = ["step", "retry", "latest", &step, "--reason", "logged in"];
    let json = home
        .expect(0, &[&["-o", "json"], &retry[..]].concat())
        .json();
    assert!(
        json["resume"]
            .as_str()
            .is_some_and(|line| line.contains("resume"))
    );
    home.expect(8, &retry).says("has not failed");
    home.expect(0, &["runs", "show"])
        .prints("to be tried again at ");
    home.resume(0);
}
