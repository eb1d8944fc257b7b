//! What a reset survives by itself: it comes to its end, and drops once.

use serde_json::{Value, json};

use super::site::{Site, together};

/// A reset in a data centre that behaves so comes to its end.
fn survives(behave: Value) -> impl Fn() + Sync {
    move || {
        let Some(site) = Site::one(&behave) else {
            return;
        };
        site.reset(0, &[]);
        site.is_reset(2);
    }
}

/// The request is carried out and nobody hears of it; or it is not, and nobody
/// hears of that.
#[test]
fn answers_that_are_lost() {
    let lost = |method: &str, part: &str, what: &str| {
        let faults = json!([{ "method": method, "part": part, "do": what, "times": 1 }]);
        survives(json!({ "faults": faults }))
    };
    let drop_made = || {
        let Some(site) = Site::one(&json!({})) else {
            return;
        };
        // The second pod is the one that drops.
        site.strike(
            &json!([{ "method": "POST", "part": "/pods", "do": "lose", "times": 1, "skip": 1 }]),
        );
        site.reset(0, &[]);
        site.is_reset(2);
        assert_eq!(site.seen().made("stepwell-reset-").len(), 1);
    };
    together(&[
        ("look made", &lost("POST", "/pods", "lose")),
        ("look not made", &lost("POST", "/pods", "close")),
        ("drop made", &drop_made),
        ("scaled", &lost("PATCH", "/statefulsets/", "lose")),
    ]);
    together(&[
        ("not scaled", &lost("PATCH", "/statefulsets/", "close")),
        ("deleted", &lost("DELETE", "/pods/", "lose")),
        ("log", &lost("GET", "/log", "close")),
        ("started", &|| {
            let Some(site) = Site::one(&json!({})) else {
                return;
            };
            site.strike(&json!([{ "method": "PATCH", "do": "lose", "times": 1, "skip": 1 }]));
            site.reset(0, &[]);
            site.is_reset(2);
        }),
    ]);
}

#[test]
fn servers_that_stumble() {
    let stumbles = |code: u16| {
        let strike = |method: &str, part: &str| json!({ "method": method, "part": part, "do": code, "times": 1 });
        survives(json!({ "faults": [
            strike("POST", "/pods"), strike("PATCH", "/keycloak"), strike("DELETE", "/pods"),
            strike("GET", "/statefulsets/"), strike("GET", "/log"), strike("GET", "/namespaces/keycloak"),
        ] }))
    };
    together(&[
        ("429", &stumbles(429)),
        ("500", &stumbles(500)),
        ("503", &stumbles(503)),
        ("504", &stumbles(504)),
    ]);
}

/// The proxy comes first, and one that can't be kept out never ends.
#[test]
fn sidecars_in_front() {
    let asked = || {
        let Some(site) = Site::one(&json!({ "sidecar": "asked" })) else {
            return;
        };
        site.reset(0, &[]);
        site.is_reset(2);
        let seen = site.seen();
        let containers = seen.spec("stepwell-reset-")["containers"].as_array();
        assert_eq!(containers.map(Vec::len), Some(1), "the label keeps it out");
    };
    let forced = || {
        let Some(site) = Site::one(&json!({ "sidecar": "forced" })) else {
            return;
        };
        site.reset(0, &[]);
        site.is_reset(2);
        let seen = site.seen();
        let first = &seen.spec("stepwell-reset-")["containers"][0]["name"];
        assert_eq!(first, "istio-proxy");
        site.verify(0, &[]);
        assert_eq!(site.psql(0, &["--", "-c", "x"]).stdout, "");
        assert_eq!(site.seen().pods("dc1", "stepwell-"), [""; 0]);
    };
    together(&[("asked", &asked), ("forced", &forced)]);
}

#[test]
fn connections_that_are_missed_and_locks_that_are_lost() {
    let nothing = "psql: error: could not translate host name \"h\" to address: Temporary failure in name resolution";
    let told = |kind: &'static str, code: i64, log: String| {
        move || {
            let scripts = json!({ kind: [{ "code": code, "log": log }, {}] });
            let Some(site) = Site::one(&json!({ "psql": scripts })) else {
                return;
            };
            site.reset(0, &[]);
            site.is_reset(2);
            let start = if kind == "look" {
                "stepwell-look-"
            } else {
                "stepwell-reset-"
            };
            assert_eq!(site.seen().made(start).len(), 2, "another pod tries it");
        }
    };
    let error = |state: &str| {
        format!(
            "psql:<stdin>:1: ERROR:  {state}: something\nLOCATION:  DeadLockReport, deadlock.c:1148"
        )
    };
    together(&[
        ("no name", &told("look", 2, nothing.to_owned())),
        ("a reader", &told("drop", 1, error("25006"))),
        ("no lock", &told("drop", 1, error("55P03"))),
        (
            "ended",
            &told(
                "drop",
                2,
                "FATAL:  57P01: terminating connection".to_owned(),
            ),
        ),
    ]);
}

#[test]
fn pods_that_take_their_time() {
    // A registry that asks for patience; a node that is added.
    let pull = json!({ "node": { "pull": { "message": "toomanyrequests: You have reached your pull rate limit", "times": 12 } } });
    let node = || {
        let Some(site) = Site::one(&json!({ "node": { "unschedulable": true } })) else {
            return;
        };
        let mut run = site.begin(&["--verbose"]);
        run.until("Unschedulable: 0/6 nodes are available");
        site.behave(&json!({ "node": null }));
        let done = run.end();
        assert_eq!(done.code, 0, "{done:?}");
        site.is_reset(2);
    };
    // A Secret that is on its way.
    let secret = || {
        let Some(site) = Site::one(&json!({ "node": { "start": 1.0 } })) else {
            return;
        };
        let run = site.begin(&[]);
        site.until(|seen| !seen.made("stepwell-look-").is_empty());
        let data = &site.seen().object("dc1", "secrets/keycloak-db-secret")["data"].clone();
        site.api.hold(
            "dc1",
            &json!({ "secrets/keycloak-db-secret": { "data": { "password": null } } }),
        );
        site.until(|seen| {
            let pods = seen.pods("dc1", "stepwell-look-");
            let status = seen.object("dc1", &format!("pods/{}", pods[0]))["status"].to_string();
            status.contains("couldn't find key password in Secret keycloak/keycloak-db-secret")
        });
        site.api.hold(
            "dc1",
            &json!({ "secrets/keycloak-db-secret": { "data": data } }),
        );
        let done = run.end();
        assert_eq!(done.code, 0, "{done:?}");
        site.is_reset(2);
    };
    // A volume of an injected proxy, say: what Kubernetes warns of is said.
    let mount = || {
        let Some(site) = Site::one(&json!({ "node": { "mount": true } })) else {
            return;
        };
        let mut run = site.begin(&["--verbose"]);
        run.until("ContainerCreating: FailedMount: MountVolume.SetUp failed");
        site.behave(&json!({ "node": null }));
        let done = run.end();
        assert_eq!(done.code, 0, "{done:?}");
        site.is_reset(2);
    };
    together(&[
        ("pull", &survives(pull)),
        ("node", &node),
        ("secret", &secret),
        ("mount", &mount),
    ]);
}

/// Keycloak is not stopped, and its pods are replaced one by one.
#[test]
fn a_rolling_restart() {
    let rolls = |kind: &'static str| {
        move || {
            let centre = json!({ "kind": kind, "replicas": 3 });
            let Some(site) = Site::of(&[("dc1", centre)]) else {
                return;
            };
            let workload = if kind == "deployments" {
                "deployment/keycloak"
            } else {
                "sts/keycloak"
            };
            site.reset(0, &["--no-stop", "--workload", workload]);
            site.is_reset(3);
            let seen = site.seen();
            let [(_, patch)] = seen.patches("dc1")[..] else {
                panic!("the template alone: {seen:#?}");
            };
            assert!(patch["patch"]["spec"]["template"]["metadata"]["annotations"].is_object());
            assert_eq!(patch["patch"]["spec"].get("replicas"), None::<&Value>);
            assert_eq!(seen.told("keycloak gone").len(), 3);
            // Never more than one was away.
            let mut away = 0;
            for event in seen.events() {
                match event {
                    "keycloak gone" => away += 1,
                    "keycloak ready" => away -= 1,
                    _ => {}
                }
                assert!(away <= 1, "{seen:#?}");
            }
        }
    };
    // What the operator manages is restarted as well; nothing need be scaled.
    let operated = || {
        let rights = json!({ "operator": "v2alpha1", "denied": [["patch", "keycloaks"], ["get", "keycloaks"]] });
        let Some(site) = Site::one(&rights) else {
            return;
        };
        site.reset(0, &["--no-stop"]);
        site.is_reset(2);
    };
    together(&[
        ("statefulset", &rolls("statefulsets")),
        ("deployment", &rolls("deployments")),
        ("operated", &operated),
    ]);
}
