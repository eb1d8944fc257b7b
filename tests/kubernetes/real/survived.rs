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
    let strike = |method: &str, part: &str, what: &str, skip: u32| json!({ "method": method, "part": part, "do": what, "times": 1, "skip": skip });
    // The first pod looks and the second one drops; the first patch stops Keycloak
    // and the second one starts it.
    let carried_out = survives(json!({ "faults": [
        strike("POST", "/pods", "lose", 0),
        strike("PATCH", "/statefulsets/", "lose", 0),
        strike("DELETE", "/pods/", "lose", 0),
    ] }));
    let not_carried_out = survives(json!({ "faults": [
        strike("POST", "/pods", "close", 0),
        strike("PATCH", "/statefulsets/", "close", 0),
        strike("DELETE", "/pods/", "close", 0),
        strike("GET", "/log", "close", 0),
    ] }));
    let later = || {
        let faults = [
            strike("POST", "/pods", "lose", 1),
            strike("PATCH", "/statefulsets/", "lose", 1),
        ];
        let Some(site) = Site::one(&json!({ "faults": faults })) else {
            return;
        };
        site.reset(0, &[]);
        site.is_reset(2);
        assert_eq!(site.seen().made("stepwell-reset-").len(), 1);
        assert_eq!(site.seen().patches("dc1").len(), 2);
    };
    together(&[
        ("carried out", &carried_out),
        ("not carried out", &not_carried_out),
        ("later", &later),
    ]);
}

#[test]
fn servers_that_stumble() {
    let stumbles = |codes: [u16; 6]| {
        let places = [
            ("POST", "/pods"),
            ("PATCH", "/keycloak"),
            ("DELETE", "/pods"),
            ("GET", "/statefulsets/"),
            ("GET", "/log"),
            ("GET", "/namespaces/keycloak"),
        ];
        let faults: Vec<Value> = (places.iter().zip(codes))
            .map(|((method, part), code)| json!({ "method": method, "part": part, "do": code, "times": 1 }))
            .collect();
        survives(json!({ "faults": faults }))
    };
    together(&[
        ("busy", &stumbles([429; 6])),
        ("away", &stumbles([500, 503, 504, 500, 503, 504])),
        ("odd", &stumbles([504, 500, 503, 504, 500, 503])),
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
    let told = |look: Value, drop: Value| {
        move || {
            let scripts = json!({ "look": [look, {}], "drop": [drop, {}] });
            let Some(site) = Site::one(&json!({ "psql": scripts })) else {
                return;
            };
            site.reset(0, &[]);
            site.is_reset(2);
            for start in ["stepwell-look-", "stepwell-reset-"] {
                assert_eq!(site.seen().made(start).len(), 2, "another pod tries it");
            }
        }
    };
    let error = |state: &str| json!({ "code": 1, "log": format!("psql: ERROR:  {state}: something\nLOCATION:  DeadLockReport, deadlock.c:1148") });
    let lost = |log: &str| json!({ "code": 2, "log": log });
    together(&[
        ("no name, a reader", &told(lost(nothing), error("25006"))),
        (
            "ended, no lock",
            &told(
                lost("FATAL:  57P01: terminating connection"),
                error("55P03"),
            ),
        ),
        (
            "nothing, full",
            &told(lost(""), lost("FATAL:  53300: too many connections")),
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
