//! What is refused before anything is touched.

use serde_json::{Value, json};

use super::stage::{KUBERNETES, Stage};
use crate::command::harness::KEYCLOAK;

#[test]
fn bad_input() {
    let stage = Stage::without_database();
    let place = ["--sandbox", "aurora", "reset", "--yes"];
    let place = [&place[..], &KEYCLOAK].concat();
    for (words, named) in [
        (&["-n", "keycloak"][..], "--context"),
        (&["--context", "dc1"], "--namespace"),
        (
            &["-n", "keycloak", "--context", "dc1", "--context", "dc1"],
            "--context \"dc1\" is named twice; allowed: ",
        ),
        (&["-n", "Key", "--context", "dc1"], "--namespace \"Key\""),
        (
            &["-n", "k", "--context", "dc1", "--workload", "pod/x"],
            "--workload \"pod/x\"",
        ),
        (
            &[
                "-n",
                "k",
                "--context",
                "dc1",
                "--statefulset",
                "a",
                "--workload",
                "sts/b",
            ],
            "cannot be used with",
        ),
        (
            &["-n", "k", "--context", "dc1", "--schema", "pg_catalog"],
            "--schema \"pg_catalog\" is PostgreSQL's own; allowed: ",
        ),
        (
            &["-n", "k", "--context", "dc1", "--schema", "a\"; DROP"],
            "--schema",
        ),
        (
            &["-n", "k", "--context", "dc1", "--image", "x y"],
            "--image",
        ),
        (
            &["-n", "k", "--context", "dc1", "--secret", "A"],
            "--secret \"A\"",
        ),
    ] {
        let done = stage.home.expect(64, &[&place[..], words].concat());
        done.says(named);
    }
    assert_eq!(stage.calls().len(), 0);
}

/// Changes something, and says how a reset is refused then.
#[track_caller]
fn refused(change: impl FnOnce(&mut Value), code: i32, kind: &str, says: &[&str]) {
    let stage = Stage::without_database();
    stage.change(change);
    let done = stage.reset(code, &[]);
    for text in says {
        done.says(text);
    }
    let error = stage.reset(code, &["-o", "json"]).error();
    assert_eq!(error["code"], kind, "{error}");
    stage.untouched();
    assert_eq!(stage.home.runs().len(), 1, "the create alone");
}

fn space<'a>(state: &'a mut Value, context: &str) -> &'a mut serde_json::Map<String, Value> {
    let space = &mut state["clusters"][context]["keycloak"];
    space.as_object_mut().expect("a namespace")
}

fn fault(state: &mut Value, verb: &str, context: &str, how: &str) {
    state["faults"] = json!([{ "verb": verb, "context": context, "times": 1000, "do": how }]);
}

#[test]
fn a_context_that_is_not_there() {
    let drop = |state: &mut Value| {
        state["clusters"]
            .as_object_mut()
            .expect("clusters")
            .remove("dc2");
    };
    let says = ["context dc2", "context was not found", "get-contexts"];
    refused(drop, 1, "ContextNotFound", &says);
}

#[test]
fn a_wrong_namespace() {
    let drop = |state: &mut Value| state["clusters"]["dc2"] = json!({ "other": {} });
    let says = [
        "there is no namespace keycloak of context dc2",
        "--namespace",
    ];
    refused(drop, 1, "NotFound", &says);
}

#[test]
fn no_secret_and_one_without_a_password() {
    let drop = |state: &mut Value| {
        space(state, "dc1").remove("secret/keycloak-db-secret");
    };
    let says = ["there is no secret keycloak-db-secret in namespace keycloak of context dc1"];
    refused(drop, 1, "NotFound", &says);
    let other = |state: &mut Value| {
        space(state, "dc1")["secret/keycloak-db-secret"] = json!({ "data": { "pass": "eA==" } });
    };
    refused(other, 1, "NotFound", &["has no key password, only: pass"]);
}

#[test]
fn no_workload_and_ones_that_are_not_replaced() {
    let drop = |state: &mut Value| {
        space(state, "dc2").remove("statefulset/keycloak");
    };
    let says = [
        "there is no statefulset/keycloak in namespace keycloak of context dc2",
        "--workload",
    ];
    refused(drop, 1, "NotFound", &says);
    let on_delete = |state: &mut Value| {
        space(state, "dc2")["statefulset/keycloak"]["spec"]["updateStrategy"] =
            json!({ "type": "OnDelete" });
    };
    // That is no hindrance where all its pods are stopped.
    let stage = Stage::without_database();
    stage.change(on_delete);
    stage
        .reset(8, &["--no-stop"])
        .says("can't be restarted")
        .says("OnDelete");
    stage.untouched();
    stage.reset(0, &[]);
}

#[test]
fn what_else_says_how_many_pods_there_are() {
    let autoscaler = |state: &mut Value| {
        state["autoscalers"] = json!([{
            "metadata": { "name": "sso" },
            "spec": { "scaleTargetRef": { "kind": "StatefulSet", "name": "keycloak" } },
        }]);
    };
    refused(
        autoscaler,
        8,
        "refused",
        &["can't be stopped", "autoscaler sso", "--no-stop"],
    );
    let helm = |state: &mut Value| {
        space(state, "dc2")["statefulset/keycloak"]["metadata"]["ownerReferences"] = json!([
            { "kind": "Release", "name": "sso", "apiVersion": "example.com/v1" },
        ]);
    };
    refused(
        helm,
        8,
        "refused",
        &["can't be stopped", "Release sso of example.com/v1"],
    );
}

#[test]
fn what_may_not_be_done_is_refused_before_the_question() {
    refused(
        |state| state["denied"] = json!(["delete pods"]),
        7,
        "Forbidden",
        &["may not delete pods", "context dc1"],
    );
    for (context, step) in [("dc1", "create"), ("dc2", "patch")] {
        refused(
            |state| {
                state["faults"] = json!([{
                    "verb": "try", "what": step, "context": context, "times": 1000,
                    "do": "forbidden",
                }]);
            },
            7,
            "Forbidden",
            &["(Forbidden)", context],
        );
    }
    refused(
        |state| state["uids"] = json!({ "dc1": "same", "dc2": "same" }),
        8,
        "refused",
        &["are the same", "of every data centre once"],
    );
}

#[test]
fn a_server_that_says_no_or_nothing() {
    let forbidden = |state: &mut Value| {
        // Not everybody may look at a namespace; that alone is no reason.
        state["faults"] = json!([
            { "verb": "get", "what": "namespace", "context": "dc2", "times": 1000, "do": "forbidden" },
            { "verb": "get", "what": "statefulset", "context": "dc2", "times": 1000, "do": "forbidden" },
        ]);
    };
    refused(
        forbidden,
        7,
        "Forbidden",
        &["kubectl get statefulset/keycloak", "of context dc2"],
    );
    refused(
        |state| fault(state, "get", "dc2", "unauthorized"),
        7,
        "Unauthorized",
        &["log in again for context dc2"],
    );
    refused(
        |state| fault(state, "get", "dc1", "refused"),
        1,
        "ConnectionRefused",
        &["context dc1", "was refused", "can be reached from here"],
    );
}

#[test]
fn no_kubectl() {
    let mut stage = Stage::without_database();
    let done = stage.reset(1, &["--kubectl", "no-such-program"]);
    done.says("no-such-program can't be started")
        .says("--kubectl");
    stage.home.set("PATH", "/nowhere");
    let error = stage.reset(1, &["-o", "json"]).error();
    assert_eq!(error["code"], "KubectlMissing");
    assert!(
        error["causes"][0]
            .as_str()
            .is_some_and(|cause| cause.contains("kubectl"))
    );
    stage.untouched();
}

#[test]
fn a_cluster_that_does_not_serve() {
    let stage = Stage::without_database();
    let words = [
        "--sandbox",
        "aurora",
        "reset",
        "--yes",
        "--region",
        "eu-west-1",
    ];
    let words = [&words[..], &KUBERNETES].concat();
    let error = stage.home.expect(
        1,
        &[&words[..], &["--cluster", "other", "-o", "json"]].concat(),
    );
    assert_eq!(error.error()["code"], "not_found");
    stage
        .home
        .fault(&["--operation", "CreateDBInstance", "--error", "ExpiredToken"]);
    let create = [
        "aurora",
        "create",
        "--cluster",
        "young",
        "--region",
        "eu-west-1",
    ];
    stage.home.max(3, &create);
    let error = stage.home.expect(
        1,
        &[&words[..], &["--cluster", "young", "-o", "json"]].concat(),
    );
    assert_eq!(error.error()["code"], "not_serving");
    assert_eq!(stage.calls().len(), 0);
}
