//! What stops a reset on its way, and how it goes on.

use serde_json::{Value, json};

use super::site::{Site, together};

/// The numbers of pods that a data centre was asked for, in order.
fn asked(site: &Site, centre: &str) -> Vec<Value> {
    let seen = site.seen();
    let patches = seen.patches(centre);
    let numbers = patches.iter().map(|(_, one)| {
        let spec = &one["patch"]["spec"];
        if spec.get("instances").is_some() {
            spec["instances"].clone()
        } else {
            spec["replicas"].clone()
        }
    });
    numbers.collect()
}

fn denies(code: &str) -> Value {
    json!({ "code": 1, "log": format!("ERROR:  {code}: must be owner of schema public\nLOCATION:  aclcheck_error, aclchk.c:3788") })
}

/// Keycloak runs again as it was while a person sees to it, and is stopped anew.
#[test]
fn a_drop_that_fails_for_good() {
    let plain = || {
        let Some(site) = Site::two() else {
            return;
        };
        site.behave(&json!({ "psql": { "drop": [denies("42501"), {}] } }));
        let failed = site.reset(3, &[]);
        failed
            .says("drop-schema")
            .says("ended with exit code 1")
            .says("must be owner of schema public")
            .says("keycloak is started again as it was, with its old schema");
        site.until(|seen| seen.ready("dc1") == 2 && seen.ready("dc2") == 2);
        let seen = site.seen();
        assert_eq!(seen.drops(), 0);
        assert_eq!(seen.pods("dc1", "stepwell-"), [""; 0]);
        site.resume(0);
        site.is_reset(2);
        for centre in ["dc1", "dc2"] {
            assert_eq!(asked(&site, centre), [0, 2, 0, 2]);
        }
        // It was stopped when the second pod was made.
        let seen = site.seen();
        let made = seen.made("stepwell-reset-");
        assert_eq!(made.len(), 2);
        let (third, _) = seen.patches("dc2")[2];
        assert!(third < made[1], "{seen:#?}");
    };
    let operated = || {
        let centre = json!({ "behave": { "operator": "v2beta1", "psql": { "drop": [denies("42501"), {}] } }, "unset": true });
        let Some(site) = Site::of(&[("dc1", centre)]) else {
            return;
        };
        site.reset(3, &[]);
        let spec = site.seen().object("dc1", "keycloaks/keycloak")["spec"].clone();
        assert_eq!(spec.get("instances"), None, "as it was: unset");
        site.resume(0);
        site.is_reset(1);
        assert_eq!(
            asked(&site, "dc1"),
            [json!(0), Value::Null, json!(0), Value::Null]
        );
    };
    // The look found what only the database knows: nothing was stopped.
    let owner = || {
        let Some(site) =
            Site::one(&json!({ "psql": { "look": [{ "log": "owner rdsadmin" }, {}] } }))
        else {
            return;
        };
        site.reset(3, &[])
            .says("schema public belongs to rdsadmin")
            .says("--username");
        assert_eq!(asked(&site, "dc1"), [0; 0]);
        site.resume(0);
        site.is_reset(2);
    };
    // What else manages it scales it up again.
    let restored = || {
        let Some(site) = Site::one(&json!({ "keycloak": { "restored": 2, "down": 3 } })) else {
            return;
        };
        site.reset(3, &[])
            .says("something else has scaled statefulset/keycloak in namespace keycloak of context dc1 up again")
            .says("--no-stop");
        assert_eq!(site.seen().made("stepwell-reset-"), [0; 0]);
        site.behave(&json!({ "keycloak": null }));
        site.resume(0);
        site.is_reset(2);
    };
    together(&[
        ("plain", &plain),
        ("operated", &operated),
        ("owner", &owner),
        ("restored", &restored),
    ]);
}

/// What keeps the pod from starting is found by the pod that looks: nothing was
/// stopped, and no pod is left that could start later.
#[test]
fn pods_that_can_not_start() {
    let fails = |behave: Value, more: &'static [&'static str], says: &'static [&'static str]| {
        move || {
            let Some(site) = Site::one(&behave) else {
                return;
            };
            let failed = site.reset(3, more);
            for text in says {
                failed.says(text);
            }
            let seen = site.seen();
            assert_eq!(seen.pods("dc1", "stepwell-"), [""; 0]);
            assert_eq!(seen.made("stepwell-reset-"), [0; 0]);
            assert_eq!(seen.patches("dc1").len(), 0);
            site.behave(&json!({ "node": null }));
            site.reset(0, &["--anew"]);
            site.is_reset(2);
        }
    };
    let root = || {
        // A cluster that says that it gives users, and gives none: an administrator's
        // pod. The first of the range is named.
        let Some(site) = Site::one(&json!({ "openshift": true })) else {
            return;
        };
        site.behave(&json!({ "openshift": null }));
        site.reset(0, &[]);
        site.is_reset(2);
    };
    together(&[
        (
            "short name",
            &fails(
                json!({ "node": { "short_names": true } }),
                &["--image", "postgres:17"],
                &[
                    "does not start: ImageInspectError: ",
                    "short name mode is enforcing",
                    "--image names one",
                ],
            ),
        ),
        (
            "no such image",
            &fails(
                json!({ "node": { "pull": { "message": "manifest unknown: manifest unknown" } } }),
                &[],
                &["does not start: ", "pull the image"],
            ),
        ),
        ("root", &root),
    ]);
}

/// A data centre that does not come up; what Kubernetes gives up is told, and the
/// next attempt takes away the pods that are not ready.
#[test]
fn a_data_centre_that_does_not_come_up() {
    let centre = json!({ "kind": "deployments" });
    let Some(site) = Site::of(&[("dc1", centre), ("dc2", json!({ "kind": "deployments" }))]) else {
        return;
    };
    let late = "ReplicaSet \"keycloak-1\" has timed out progressing.";
    site.behave(&json!({ "keycloak": { "stuck": true, "failure": late } }));
    let failed = site.reset(3, &["--workload", "deployment/keycloak"]);
    failed.says("start-dc1").says(late).says("stepwell resume");
    let seen = site.seen();
    assert_eq!(seen.patches("dc2").len(), 1, "it waits for the first one");
    assert_eq!(seen.ready("dc1"), 0);
    site.behave(&json!({ "keycloak": { "failure": null } }));
    site.resume(0).prints("restarted dc1,dc2");
    site.is_reset(2);
    let seen = site.seen();
    assert!(
        !seen.asked("DELETE", "/pods/keycloak-").is_empty(),
        "its pods were replaced"
    );
    assert_eq!(seen.patches("dc1").len(), 2, "it was asked for once");
}

/// A StatefulSet whose newest pod does not become ready replaces no other by
/// itself: after a wait that came to nothing, its pods are taken away.
#[test]
fn pods_that_never_become_ready() {
    let stuck = |more: &'static [&'static str], patches: usize| {
        move || {
            let Some(site) = Site::one(&json!({ "keycloak": { "stuck": true } })) else {
                return;
            };
            let run = site.begin(more);
            site.until(|seen| {
                let up = seen.told("keycloak up").len();
                seen.patches("dc1").len() == patches && up > 2
            });
            // The wait ends, and a person is told.
            site.strike(
                &json!([{ "method": "GET", "part": "/statefulsets/", "do": 401, "times": 50 }]),
            );
            let done = run.end();
            assert_eq!(done.code, 3, "{done:?}");
            done.says("log in again for context dc1");
            assert!(site.seen().ready("dc1") < 2);
            site.strike(&json!([]));
            site.resume(0);
            site.is_reset(2);
            let seen = site.seen();
            assert!(!seen.asked("DELETE", "/pods/keycloak-").is_empty());
            // None of the old ones is left.
            assert!(seen.told("keycloak gone").len() >= 3, "{seen:#?}");
        }
    };
    together(&[
        ("started", &stuck(&[], 2)),
        ("rolling", &stuck(&["--no-stop"], 1)),
    ]);
}

/// The context leads to another namespace than when the run began.
#[test]
fn another_namespace_of_the_same_name() {
    let Some(site) = Site::one(&json!({ "psql": { "drop": [denies("42501"), {}] } })) else {
        return;
    };
    site.reset(3, &[]);
    let before = site.seen().patches("dc1").len();
    let uid = site.seen().object("dc1", "namespaces/keycloak")["metadata"]["uid"].clone();
    let set = |uid: &Value| {
        let patch = json!({ "namespaces/keycloak": { "metadata": { "uid": uid } } });
        site.api.hold("dc1", &patch);
    };
    set(&json!("another"));
    site.resume(3)
        .says("namespace keycloak of context dc1 is another one than this run began with")
        .says("its uid is another, and was")
        .says("kubectl config view");
    let seen = site.seen();
    assert_eq!((seen.patches("dc1").len(), seen.drops()), (before, 0));
    set(&uid);
    site.resume(0);
    site.is_reset(2);
}

/// What was allowed when it was tried, and is not when it is done.
#[test]
fn rights_and_webhooks_that_change_on_the_way() {
    // A webhook that is not asked for dry runs refuses the pod itself.
    let hook = || {
        let hook = json!({ "webhook": { "do": "deny", "on": ["pods"], "real_only": true } });
        let Some(site) = Site::one(&hook) else {
            return;
        };
        site.reset(3, &[])
            .says("look-at-schema")
            .says("label team is required")
            .says("its text names what it wants");
        site.seen().untouched();
        site.behave(&json!({ "webhook": null }));
        site.resume(0);
        site.is_reset(2);
    };
    let right = || {
        let Some(site) = Site::two() else {
            return;
        };
        let run = site.begin(&[]);
        site.until(|seen| seen.drops() == 1);
        site.api
            .behave("dc2", &json!({ "denied": [["patch", "statefulsets"]] }));
        let done = run.end();
        assert_eq!(done.code, 3, "{done:?}");
        done.says("start-dc2")
            .says("the user of context dc2 lacks the permission");
        assert_eq!(site.seen().ready("dc1"), 2);
        site.api.behave("dc2", &json!({ "denied": null }));
        site.resume(0);
        site.is_reset(2);
    };
    // A login that ends while psql is at work: nobody knows what comes of it.
    let login = || {
        let Some(site) = Site::one(&json!({ "psql": { "drop": [{ "seconds": 1.5 }] } })) else {
            return;
        };
        let run = site.begin(&[]);
        site.until(|seen| !seen.made("stepwell-reset-").is_empty());
        site.strike(
            &json!([{ "method": "GET", "part": "/pods/stepwell-", "do": 401, "times": 50 }]),
        );
        let done = run.end();
        assert_eq!(done.code, 3, "{done:?}");
        done.says("log in again for context dc1");
        assert_eq!(
            asked(&site, "dc1"),
            [0],
            "it stays stopped while the pod may be at work"
        );
        site.strike(&json!([]));
        site.resume(0);
        site.is_reset(2);
        assert_eq!(site.seen().made("stepwell-reset-").len(), 1);
    };
    together(&[("hook", &hook), ("right", &right), ("login", &login)]);
}
