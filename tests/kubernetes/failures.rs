//! A reset that fails on the way, and how it goes on.

use serde_json::json;

use super::database::PASSWORD;
use super::stage::{Stage, Whole, base64};

#[test]
fn a_wrong_password_is_psqls_to_tell_and_the_run_goes_on_with_the_right_one() {
    let Some(whole) = Whole::new() else { return };
    let stage = &whole.stage;
    whole.fill("realm");
    let set = |password: &str| {
        stage.change(|state| {
            state["clusters"]["dc1"]["keycloak"]["secret/keycloak-db-secret"]["data"]["password"] =
                json!(base64(password));
        });
    };
    set("not-the-right-one-9");
    let failed = stage.reset(3, &["-o", "json"]);
    let document = failed.json();
    assert_eq!(document["status"], "suspended");
    assert_eq!(document["fault"]["step"], "look-at-schema");
    assert_eq!(document["fault"]["code"], "PodFailed");
    let hint = document["hint"].as_str().expect("a hint");
    assert!(hint.contains("every seven days"), "{hint}");
    let causes = document["fault"]["causes"].to_string();
    assert!(
        causes.contains("password authentication failed"),
        "{causes}"
    );
    assert!(!failed.stdout.contains("not-the-right-one-9"));
    assert_eq!(whole.database.tables(), ["realm"]);
    assert_eq!(
        stage.pods(),
        [""; 0],
        "a pod that failed is not left behind"
    );
    assert_eq!(stage.count("patch"), 0);

    // A second reset beside it is not begun.
    let beside = stage.reset(1, &[]);
    beside
        .says("an unfinished run of aurora reset exists")
        .says("--anew");
    set(PASSWORD);
    stage
        .home
        .expect(0, &["resume"])
        .prints("restarted dc1,dc2");
    assert_eq!(whole.database.tables(), [""; 0]);
    assert_eq!(stage.state()["created"], 1);
    assert_eq!(stage.pods(), [""; 0]);
}

#[test]
fn a_schema_that_is_anothers_is_found_out_before_anything_is_stopped() {
    let Some(whole) = Whole::new() else { return };
    whole.fill("realm");
    whole
        .database
        .ask("ALTER SCHEMA public OWNER TO auditor; GRANT ALL ON SCHEMA public TO keycloak");
    let failed = whole.stage.reset(3, &[]);
    failed
        .says("schema public belongs to auditor")
        .says("stepwell resume");
    assert_eq!(whole.database.tables(), ["realm"]);
    assert_eq!(whole.stage.count("patch"), 0);
}

#[test]
fn what_keeps_the_pod_from_starting_is_said_while_it_waits() {
    let stage = Stage::without_database();
    let failed = stage.reset(3, &["--image", "postgres:INVALID"]);
    failed
        .says("does not start: InvalidImageName: ")
        .says("--image");
    assert_eq!(stage.pods(), [""; 0], "it must not start later");

    // The image is part of the run, so that it can only be given up.
    let given_up = stage.reset(0, &["--anew"]);
    given_up.says("is given up with it");
    assert_eq!(stage.state()["drops"], 1);
    let runs = stage.home.runs();
    assert_eq!(runs[0]["status"], "succeeded");
    assert_eq!(runs[1]["status"], "abandoned");
}

#[test]
fn an_image_that_can_not_be_pulled() {
    let stage = Stage::without_database();
    let failed = stage.reset(3, &["--image", "registry.invalid/postgres:17"]);
    failed
        .says("does not start: ")
        .says(": Failed to pull image");
    assert_eq!(stage.pods(), [""; 0]);
    assert_eq!(stage.state()["drops"], json!(null));
}

#[test]
fn a_secret_that_goes_after_the_look_around() {
    let stage = Stage::without_database();
    // The first create is lost, which leaves the time to take it away.
    stage.strike_second("create", "dc1", "hang");
    let mut run = stage.home.start(&Stage::words(&["--yes"]));
    run.until("started drop-schema");
    stage.until(|stage| stage.count("create") > 1);
    run.kill();
    stage.change(|state| {
        let secret = &mut state["clusters"]["dc1"]["keycloak"]["secret/keycloak-db-secret"];
        secret["data"] = json!({ "username": base64("keycloak") });
    });
    let failed = stage.home.expect(3, &["resume"]);
    failed
        .says("does not start: CreateContainerConfigError: couldn't find key password")
        .says("see whether the secret has the keys")
        .says("keycloak is started again as it was");
    stage.change(|state| {
        let secret = &mut state["clusters"]["dc1"]["keycloak"]["secret/keycloak-db-secret"];
        secret["data"]["password"] = json!(base64(PASSWORD));
    });
    stage.home.expect(0, &["resume"]);
    assert_eq!(stage.state()["drops"], 1);
}

#[test]
fn where_one_data_centre_can_not_be_stopped_the_others_are_started_again() {
    let stage = Stage::without_database();
    stage.strike("patch", "dc2", 1000, "forbidden");
    let failed = stage.reset(3, &[]);
    failed
        .says("stop-keycloak")
        .says("(Forbidden)")
        .says("context dc2")
        .says("keycloak is started again as it was");
    assert_eq!(stage.replicas("dc1"), 2);
    assert_eq!(stage.uids("dc2"), ["dc2-0", "dc2-1"]);
    assert_eq!(stage.state()["drops"], json!(null));
    stage.calm();
    stage.home.expect(0, &["resume"]);
    assert_eq!(stage.state()["drops"], 1);
    assert_ne!(stage.uids("dc1"), ["dc1-0", "dc1-1"]);
    assert_ne!(stage.uids("dc2"), ["dc2-0", "dc2-1"]);
    assert_eq!(stage.pods(), [""; 0]);
}

#[test]
fn what_can_not_be_started_is_named_and_goes_on() {
    let stage = Stage::without_database();
    stage.strike_at("patch", "dc2", "\"replicas\":2", "forbidden");
    let failed = stage.reset(3, &["-o", "json"]);
    let document = failed.json();
    assert_eq!(document["fault"]["step"], "start-dc2");
    assert_eq!(document["stopped"], json!(["dc2"]));
    assert_eq!(stage.pods().len(), 1, "until nobody can doubt it any more");
    stage.calm();
    let done = stage.home.expect(0, &["resume", "-o", "json"]);
    assert_eq!(done.json()["stopped"], json!(null));
    assert_eq!(stage.state()["drops"], 1);
    assert_eq!(stage.state()["created"], 1);
    assert_eq!(stage.replicas("dc2"), 2);
    assert_eq!(stage.pods(), [""; 0]);
}

#[test]
fn a_run_that_is_given_up_leaves_the_number_of_pods_to_the_next() {
    let stage = Stage::without_database();
    stage.strike_at("patch", "dc1", "\"replicas\":2", "forbidden");
    stage.reset(3, &[]).says("keycloak is stopped in dc1, dc2");
    stage.calm();
    stage.reset(0, &["--anew"]);
    for context in ["dc1", "dc2"] {
        assert_eq!(stage.replicas(context), 2, "{context}");
    }
}

#[test]
fn a_drop_that_fails_for_good_gives_keycloak_back() {
    let stage = Stage::without_database();
    stage.strike_second("create", "dc1", "forbidden");
    let failed = stage.reset(3, &[]);
    failed
        .says("drop-schema")
        .says("keycloak is started again as it was");
    assert!(
        !failed.stderr.contains("keycloak is stopped in"),
        "{failed:?}"
    );
    assert_eq!(stage.replicas("dc1"), 2);
    assert_eq!(stage.replicas("dc2"), 2);
    assert_eq!(stage.state()["drops"], json!(null));
    stage.home.expect(0, &["resume"]);
    assert_eq!(stage.state()["drops"], 1);
    assert_eq!(stage.replicas("dc1"), 2);
}

#[test]
fn what_passes_makes_no_difference() {
    let stage = Stage::without_database();
    for (verb, how) in [
        ("get", "refused"),
        ("create", "busy"),
        ("patch", "refused"),
        ("delete", "busy"),
    ] {
        stage.strike(verb, "dc1", 1, how);
    }
    stage.reset(0, &[]);
    assert_eq!(stage.state()["drops"], 1);
    assert_eq!(stage.state()["created"], 1);
    assert_eq!(stage.pods(), [""; 0]);
}

#[test]
fn an_expired_login_waits_for_a_person() {
    let stage = Stage::without_database();
    stage.strike("patch", "dc1", 1, "unauthorized");
    let failed = stage.reset(3, &[]);
    failed.says("log in again for context dc1");
    stage.home.expect(0, &["resume"]);
    assert_eq!(stage.state()["drops"], 1);
}

#[test]
fn a_pod_of_a_reset_that_is_under_way_is_somebodys() {
    let stage = Stage::without_database();
    stage.change(|state| {
        let space = &mut state["clusters"]["dc1"]["keycloak"];
        space["pod/stepwell-reset-of-another"] = json!({
            "metadata": {
                "name": "stepwell-reset-of-another", "uid": "x",
                "labels": {
                    "app.kubernetes.io/managed-by": "stepwell",
                    "app.kubernetes.io/component": "reset",
                    "stepwell.io/cluster": "keycloak",
                    "stepwell.io/region": "eu-west-1",
                },
            },
            "spec": { "containers": [{ "name": "psql" }] },
            "status": { "phase": "Running" },
        });
    });
    stage
        .reset(8, &[])
        .says("another reset is under way")
        .says("--anew");
    stage.untouched();
    stage.reset(0, &["--anew"]);
    assert_eq!(stage.pods(), [""; 0]);
}

#[test]
fn the_deletion_of_the_cluster_ends_an_unfinished_reset() {
    let stage = Stage::without_database();
    stage.reset(3, &["--image", "postgres:INVALID"]);
    let reset = |stage: &Stage| {
        let runs = stage.home.runs();
        let run = runs.iter().find(|run| run["workflow"] == "aurora reset");
        run.expect("a reset")["status"].clone()
    };
    assert_eq!(reset(&stage), "suspended");
    stage.home.delete(0, &[]).says("is given up");
    assert_eq!(reset(&stage), "abandoned");
}
