//! Death at any moment: what Keycloak has made since the schema was dropped
//! must survive.

use super::stage::{Stage, Whole};

/// Runs a reset until stderr says `moment` and there were so many calls that make
/// pods, and kills it.
#[track_caller]
fn killed_at(stage: &Stage, moment: &str, pods: usize) {
    killed_once(stage, moment, |stage| stage.count("create") >= pods);
}

/// The same once something is so. What the process has started dies with it, so
/// that it was asked for is not enough where it has to be there.
#[track_caller]
fn killed_once(stage: &Stage, moment: &str, ready: impl Fn(&Stage) -> bool) {
    let mut run = stage.home.start(&Stage::words(&["--yes"]));
    run.until(moment);
    stage.until(ready);
    let killed = run.kill();
    assert_eq!(killed.code, 137, "{killed:?}");
    assert_eq!(stage.home.runs()[0]["status"], "interrupted");
}

#[test]
fn killed_between_the_drop_and_the_restart() {
    let Some(whole) = Whole::new() else { return };
    let stage = &whole.stage;
    whole.fill("old");
    stage.strike_at("patch", "dc1", "\"replicas\":2", "hang");
    killed_at(stage, "started start-dc1", 2);
    assert_eq!(whole.database.tables(), [""; 0]);
    let show = stage.home.expect(0, &["runs", "show", "latest"]);
    show.prints("keycloak is stopped in dc1, dc2");
    // Somebody has started another one meanwhile.
    whole.fill("realm");
    stage.calm();
    stage
        .home
        .expect(0, &["resume"])
        .prints("restarted dc1,dc2");
    assert_eq!(whole.database.tables(), ["realm"]);
    assert_eq!(stage.state()["created"], 1);
    assert_eq!(stage.replicas("dc1"), 2);
    assert_eq!(stage.replicas("dc2"), 2);
}

#[test]
fn killed_when_the_pod_was_made_and_nobody_heard_of_it() {
    let Some(whole) = Whole::new() else { return };
    let stage = &whole.stage;
    whole.fill("old");
    // The first pod only looks.
    stage.strike_second("create", "dc1", "lose");
    killed_once(stage, "started drop-schema", |stage| {
        stage.count("create") >= 2 && !stage.pods().is_empty()
    });
    drop_takes_place(stage, &whole);
    whole.fill("realm");
    let done = stage.home.expect(0, &["resume"]);
    done.says("drop-schema");
    assert_eq!(whole.database.tables(), ["realm"], "dropped twice");
    assert_eq!(stage.state()["created"], 1);
}

#[test]
fn killed_and_the_pod_has_vanished() {
    let Some(whole) = Whole::new() else { return };
    let stage = &whole.stage;
    whole.fill("old");
    // The first pod only looks.
    stage.strike_second("create", "dc1", "lose");
    killed_once(stage, "started drop-schema", |stage| {
        stage.count("create") >= 2 && !stage.pods().is_empty()
    });
    drop_takes_place(stage, &whole);
    whole.fill("realm");
    let pod = stage.pods().pop().expect("a pod");
    stage.kubectl(&["--context=dc1", "delete", "pod", &pod]);
    stage.home.expect(0, &["resume"]);
    // Another pod was made, and its statement saw that it had nothing to do.
    assert_eq!(stage.state()["created"], 2);
    assert_eq!(whole.database.tables(), ["realm"], "dropped twice");
}

/// The pod does its work, although nobody waits for it.
#[track_caller]
fn drop_takes_place(stage: &Stage, whole: &Whole) {
    stage.until(|stage| !stage.pods().is_empty());
    let pod = stage.pods().pop().expect("a pod");
    let seen = stage.kubectl(&["--context=dc1", "get", "pod", &pod, "--output=json"]);
    seen.prints("Succeeded");
    assert_eq!(whole.database.tables(), [""; 0]);
}

#[test]
fn killed_while_keycloak_comes_up() {
    let stage = Stage::without_database();
    stage.change(|state| {
        state["clusters"]["dc2"]["keycloak"]["statefulset/keycloak"]["slow"] = 1000.into();
    });
    killed_at(&stage, "done start-dc1", 2);
    stage.change(|state| {
        state["clusters"]["dc2"]["keycloak"]["statefulset/keycloak"]["slow"] = 0.into();
    });
    stage
        .home
        .expect(0, &["resume"])
        .prints("restarted dc1,dc2");
    let state = stage.state();
    assert_eq!((&state["drops"], &state["created"]), (&1.into(), &1.into()));
    // Each was stopped and started once.
    assert_eq!(stage.count("patch"), 4);
}

#[test]
fn stopped_by_a_person_while_keycloak_comes_up() {
    let stage = Stage::without_database();
    stage.change(|state| {
        state["clusters"]["dc2"]["keycloak"]["statefulset/keycloak"]["slow"] = 1000.into();
    });
    let mut run = stage.home.start(&Stage::words(&["--yes"]));
    run.until("done start-dc1");
    run.signal(rustix::process::Signal::INT);
    let done = run.end();
    assert_eq!(done.code, 130, "{done:?}");
    done.says("stepwell resume ");
    stage.change(|state| {
        state["clusters"]["dc2"]["keycloak"]["statefulset/keycloak"]["slow"] = 0.into();
    });
    stage.home.expect(0, &["resume"]);
    assert_eq!(stage.state()["drops"], 1);
}
