//! What a reset does.

use std::fs;

use serde_json::json;

use super::database::PASSWORD;
use super::stage::{Stage, Whole, base64};
use crate::command::harness::KEYCLOAK;

#[test]
fn the_schema_is_empty_and_usable_and_every_keycloak_is_restarted() {
    let Some(mut whole) = Whole::new() else {
        return;
    };
    let (stage, database) = (&mut whole.stage, &whole.database);
    // Nothing of it is the children's business.
    stage.home.set("AURORA_PASSWORD", PASSWORD);
    stage.home.set("OCM_TOKEN", "an-ocm-token");
    database
        .ask_as(
            "keycloak",
            "CREATE TABLE realm (id int); CREATE VIEW v AS SELECT * FROM realm",
        )
        .expect("tables");
    database.ask("GRANT CREATE ON SCHEMA public TO auditor");
    let before = [stage.uids("dc1"), stage.uids("dc2")];

    let done = stage.reset(0, &["-o", "jsonl"]);
    let document = done.lines().pop().expect("a document");
    assert_eq!(document["status"], "succeeded");
    assert_eq!(document["workflow"], "aurora reset");
    assert_eq!(document["target"], "reset/eu-west-1/keycloak");
    assert_eq!(
        document["outputs"],
        json!({
            "cluster": "keycloak", "region": "eu-west-1", "database": "keycloak",
            "schema": "public",
            "restarted": [
                { "name": "dc1", "namespace": "keycloak", "workload": "statefulset/keycloak", "pods": 2 },
                { "name": "dc2", "namespace": "keycloak", "workload": "statefulset/keycloak", "pods": 2 },
            ],
        })
    );
    assert_eq!(database.tables(), [""; 0]);
    let views = "SELECT count(*) FROM pg_views WHERE schemaname = 'public'";
    assert_eq!(database.ask(views), "0");
    // The user can work in it, and so can whoever could before.
    let owner = "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'public'";
    assert_eq!(database.ask(owner), "keycloak");
    database
        .ask_as("keycloak", "CREATE TABLE realm (id int)")
        .expect("a table");
    database
        .ask_as("auditor", "CREATE TABLE audit (id int)")
        .expect("a table");
    let everyone = "SELECT has_schema_privilege('public', 'public', 'USAGE'),
                           has_schema_privilege('public', 'public', 'CREATE')";
    assert_eq!(database.ask(everyone), "t|f");

    for (context, before) in ["dc1", "dc2"].iter().zip(&before) {
        let after = stage.uids(context);
        assert!(after.iter().all(|uid| !before.contains(uid)), "{context}");
    }
    assert_eq!(stage.pods(), [""; 0]);
    assert_eq!(
        stage.count("create"),
        2,
        "one that looks, and one that drops"
    );
    // In each: stopped, and started again.
    assert_eq!(stage.count("patch"), 4);

    // The password is nowhere but in the Secret.
    let journal = fs::read(stage.home.state()).expect("the state file");
    let calls = format!("{:?}", stage.calls());
    for text in [
        &done.stdout,
        &done.stderr,
        &calls,
        &String::from_utf8_lossy(&journal).into_owned(),
    ] {
        assert!(
            !text.contains(PASSWORD) && !text.contains(&base64(PASSWORD)),
            "{text}"
        );
    }
    let run = stage.home.show("latest");
    assert_eq!(
        run["parameters"]["client"]["image"],
        "docker.io/library/postgres:17"
    );
    stage
        .home
        .expect(8, &["rollback", &stage.home.newest(), "--yes"])
        .says("only goes forward");
    stage
        .home
        .expect(1, &["resume", "latest"])
        .says("has succeeded");
}

#[test]
fn a_reset_can_be_repeated_and_leaves_other_schemas_alone() {
    let Some(whole) = Whole::new() else { return };
    let (stage, database) = (&whole.stage, &whole.database);
    database
        .ask_as("keycloak", "CREATE SCHEMA own; CREATE TABLE own.t (id int)")
        .expect("a schema");
    for _ in 0..2 {
        whole.fill("realm");
        stage.reset(0, &[]).prints("restarted dc1,dc2");
        assert_eq!(database.tables(), [""; 0]);
    }
    assert_eq!(database.ask("SELECT count(*) FROM own.t"), "0");
    whole.fill("realm");
    stage.reset(0, &["--schema", "own"]);
    assert_eq!(database.tables(), ["realm"]);
    assert!(database.ask_as("keycloak", "SELECT * FROM own.t").is_err());
}

#[test]
fn what_is_not_confirmed_is_not_touched() {
    let stage = Stage::without_database();
    let refused = stage.home.expect(8, &Stage::words(&[]));
    refused
        .says("the loss of all that keycloak has in cluster keycloak [")
        .says("about to drop schema public of database keycloak on keycloak.cluster-")
        .says("about to stop all pods of statefulset/keycloak in namespace keycloak of context dc2")
        .says("about to start statefulset/keycloak in namespace keycloak of context dc2, once it is ready in context dc1");
    let json = stage.home.expect(8, &Stage::words(&["-o", "json"]));
    assert_eq!(json.error()["code"], "not_confirmed");
    stage.untouched();
    assert_eq!(stage.home.runs().len(), 1, "the create alone");
}

#[test]
fn a_plan_only_looks() {
    let stage = Stage::without_database();
    let plan = stage
        .home
        .expect(2, &Stage::words(&["--plan", "--detailed-exitcode"]));
    plan.prints("plan of aurora reset on reset/eu-west-1/keycloak")
        .prints("delete   drop-schema")
        .prints("create   look-at-schema")
        .prints("delete   stop-keycloak")
        .prints("create   start-dc1")
        .prints("delete   pod-removed");
    stage.untouched();
    assert_eq!(stage.home.runs().len(), 1, "the create alone");
}

#[test]
fn one_data_centre_and_a_deployment() {
    let stage = Stage::without_database();
    stage.change(|state| {
        let space = state["clusters"]["dc2"]["keycloak"]
            .as_object_mut()
            .expect("it");
        let set = space.remove("statefulset/keycloak").expect("it");
        space.insert("deployment/sso".to_owned(), set);
        // One that was evicted long ago is still in the list.
        space.insert(
            "pod/sso-evicted".to_owned(),
            json!({
                "metadata": { "name": "sso-evicted", "labels": { "app": "keycloak" }, "uid": "old" },
                "spec": { "containers": [{ "name": "keycloak" }] },
                "status": { "phase": "Failed", "reason": "Evicted" },
            }),
        );
        // It takes its time.
        space["deployment/sso"]["slow"] = json!(2);
    });
    let words = [
        "--sandbox",
        "aurora",
        "reset",
        "--yes",
        "-n",
        "keycloak",
        "--context",
        "dc2",
    ];
    let words = [&words[..], &KEYCLOAK, &["--workload", "deploy/sso"]].concat();
    stage.home.expect(0, &words).prints("restarted dc2");
    assert!(stage.count("deployment/sso") >= 7, "{:?}", stage.calls());
    assert_eq!(stage.state()["drops"], 1);
    assert_eq!(stage.uids("dc1"), ["dc1-0", "dc1-1"]);
}

#[test]
fn without_a_stop_pods_are_replaced_one_by_one() {
    let stage = Stage::without_database();
    let plan = Stage::words(&["--no-stop", "--plan"]);
    let plan = stage.home.expect(0, &plan);
    plan.prints("create   restart-dc1");
    assert!(!plan.stdout.contains("stop-keycloak"), "{plan:?}");
    stage.reset(0, &["--no-stop"]);
    assert_eq!(stage.count("patch"), 2);
    assert_eq!(stage.state()["drops"], 1);
    assert_ne!(stage.uids("dc2"), ["dc2-0", "dc2-1"]);
}

#[test]
fn what_depends_on_the_schema_from_outside_goes_only_if_that_is_said() {
    let Some(whole) = Whole::new() else { return };
    let (stage, database) = (&whole.stage, &whole.database);
    whole.fill("realm");
    database
        .ask_as(
            "keycloak",
            "CREATE SCHEMA report; CREATE VIEW report.v AS SELECT * FROM public.realm",
        )
        .expect("a view");
    let failed = stage.reset(3, &[]);
    failed
        .says("1 object outside of schema public would go with it")
        .says("view report.v")
        .says("--anew --cascade");
    assert_eq!(database.tables(), ["realm"]);
    assert_eq!(stage.count("patch"), 0, "nothing is stopped");
    stage.reset(0, &["--anew", "--cascade"]);
    assert_eq!(database.tables(), [""; 0]);
    let views = "SELECT count(*) FROM pg_views WHERE schemaname = 'report'";
    assert_eq!(database.ask(views), "0");
}

#[test]
fn caches_that_outlive_the_schema_are_named() {
    let stage = Stage::without_database();
    stage.change(|state| {
        state["clusters"]["dc2"]["keycloak"]["statefulset/keycloak"]["spec"]["template"] = json!({
            "metadata": { "annotations": {} },
            "spec": { "containers": [{
                "env": [{ "name": "KC_CACHE_REMOTE_HOST", "value": "ispn.example" }],
            }] },
        });
    });
    stage
        .reset(0, &[])
        .says("external infinispan at ispn.example");
}
