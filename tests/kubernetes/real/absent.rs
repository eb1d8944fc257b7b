//! What is not there, is managed by something else, or is away: found before
//! anything is touched.

use std::process::Command;

use serde_json::{Value, json};

use super::refused::untouched;
use super::site::{Site, together};
use crate::kubernetes::install;

#[test]
fn what_is_not_there_or_managed_by_something_else() {
    let with = |objects: Value, code: i32, says: &'static [&'static str]| {
        move || {
            let Some(site) = Site::one(&json!({})) else {
                return;
            };
            site.api.hold("dc1", &objects);
            untouched(&site, code, &[], says);
        }
    };
    let owner = json!({ "metadata": { "ownerReferences": [
        { "kind": "Release", "name": "sso", "apiVersion": "helm.example/v1", "uid": "u", "controller": true }] } });
    let target = json!({ "spec": { "scaleTargetRef":
        { "kind": "StatefulSet", "name": "keycloak", "apiVersion": "apps/v1" } } });
    let other = json!({ "metadata": { "labels": {
            "app.kubernetes.io/managed-by": "stepwell", "app.kubernetes.io/component": "reset",
            "stepwell.io/cluster": "keycloak", "stepwell.io/region": "eu-west-1" } },
        "spec": { "containers": [{ "name": "psql" }] }, "status": { "phase": "Running" } });
    together(&[
        (
            "secret",
            &with(
                json!({ "secrets/keycloak-db-secret": null }),
                1,
                &["there is no secret keycloak-db-secret"],
            ),
        ),
        (
            "key",
            &with(
                json!({ "secrets/keycloak-db-secret": { "data": { "password": null } } }),
                1,
                &["has no key password, only: username"],
            ),
        ),
        (
            "workload",
            &with(
                json!({ "statefulsets/keycloak": null }),
                1,
                &["there is no statefulset/keycloak"],
            ),
        ),
        (
            "owner",
            &with(
                json!({ "statefulsets/keycloak": owner }),
                8,
                &[
                    "can't be stopped: Release sso of helm.example/v1 manages it",
                    "--no-stop",
                ],
            ),
        ),
        (
            "autoscaler",
            &with(
                json!({ "horizontalpodautoscalers/sso": target }),
                8,
                &["can't be stopped: autoscaler sso says how many pods it has"],
            ),
        ),
        (
            "other",
            &with(
                json!({ "pods/stepwell-reset-of-another": other }),
                8,
                &[
                    "another reset is under way: pod stepwell-reset-of-another",
                    "--anew",
                ],
            ),
        ),
    ]);
}

/// Whether `kubectl` logs that a server does not tell its kinds of objects: older
/// ones than those that are asked for go on as if it had none, without a word.
fn logs_what_is_not_told() -> bool {
    let Some(kubectl) = install::kubectl() else {
        return false;
    };
    let output = Command::new(kubectl)
        .args(["version", "--client", "--output=json"])
        .output()
        .expect("kubectl starts");
    let version: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let minor = version["clientVersion"]["minor"]
        .as_str()
        .expect("a number");
    let digits = minor.trim_end_matches(|c: char| !c.is_ascii_digit());
    digits.parse::<u32>().expect("a number") >= 24
}

#[test]
fn servers_that_are_away() {
    let logs = logs_what_is_not_told();
    let apps = || {
        let Some(site) = Site::one(&json!({ "down": ["apps"] })) else {
            return;
        };
        untouched(
            &site,
            1,
            &[],
            &[if logs {
                "the server is currently unable to handle the request"
            } else {
                "the server doesn't have a resource type"
            }],
        );
    };
    // Another part of the API is nobody's business here.
    let other = || {
        let Some(site) = Site::one(&json!({ "down": ["metrics.k8s.io"] })) else {
            return;
        };
        untouched(&site, 0, &["--plan"], &[]);
    };
    // That nothing scales Keycloak is not concluded from an answer that is missing.
    let autoscaling = || {
        let Some(site) = Site::one(&json!({ "down": ["autoscaling"] })) else {
            return;
        };
        if !logs {
            return;
        }
        untouched(
            &site,
            1,
            &[],
            &["the server is currently unable to handle the request"],
        );
    };
    let namespace = || {
        let Some(site) = Site::one(&json!({})) else {
            return;
        };
        site.api
            .hold("dc1", &json!({ "namespaces/keycloak": null }));
        untouched(
            &site,
            1,
            &[],
            &["there is no namespace keycloak of context dc1"],
        );
    };
    // The answer to a dry run may be lost as well.
    let lost = || {
        let Some(site) = Site::one(&json!({})) else {
            return;
        };
        site.strike(
            &json!([{ "method": "POST", "part": "/pods", "do": "lose", "dry": true, "times": 1 },
                            { "method": "PATCH", "do": "close", "dry": true, "times": 1 },
                            { "method": "GET", "part": "/secrets/", "do": 429, "times": 1 },
                            { "method": "GET", "part": "/statefulsets/", "do": 503, "times": 1 },
                            { "method": "POST", "part": "/selfsubject", "do": 500, "times": 1 }]),
        );
        untouched(&site, 0, &["--plan"], &[]);
    };
    together(&[
        ("apps", &apps),
        ("other", &other),
        ("autoscaling", &autoscaling),
        ("namespace", &namespace),
        ("lost", &lost),
    ]);
}
