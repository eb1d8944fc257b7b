//! What a reset does, in which order.

use serde_json::{Value, json};

use super::api::{Seen, number};
use super::site::Site;

/// The places at which pods of Keycloak's in a data centre did something.
fn keycloak(seen: &Seen, centre: &str, what: &str) -> Vec<u64> {
    let told = seen.told(&format!("keycloak {what}"));
    let there = told.into_iter().filter(|one| one["centre"] == centre);
    there.map(number).collect()
}

/// All pods were gone everywhere before the drop, and the second data centre was
/// asked to start after the first one was ready.
#[track_caller]
fn in_order(seen: &Seen) {
    let dropped = number(seen.told("dropped")[0]);
    let [drop] = seen.made("stepwell-reset-")[..] else {
        panic!("one pod drops: {seen:#?}");
    };
    for centre in ["dc1", "dc2"] {
        let gone = keycloak(seen, centre, "gone");
        assert_eq!(gone.len(), 2, "{seen:#?}");
        assert!(gone.iter().all(|&at| at < drop), "{seen:#?}");
        let up = keycloak(seen, centre, "up");
        assert!(up[2..].iter().all(|&at| at > dropped), "{seen:#?}");
        assert_eq!(up.len(), 4);
        assert_eq!(seen.patches(centre).len(), 2, "stopped once, started once");
    }
    let ready = keycloak(seen, "dc1", "ready");
    let (asked, _) = seen.patches("dc2")[1];
    assert!(ready.iter().all(|&at| at < asked), "{seen:#?}");
    // The look came before anything was stopped, and its pod went.
    let [look] = seen.made("stepwell-look-")[..] else {
        panic!("one pod looks: {seen:#?}");
    };
    assert!(look < seen.patches("dc1")[0].0);
}

#[test]
fn stopped_everywhere_dropped_and_started_one_after_the_other() {
    let Some(site) = Site::two() else { return };
    site.reset(0, &[]).prints("restarted dc1,dc2");
    let seen = site.seen();
    in_order(&seen);
    site.is_reset(2);
    let (_, stop) = seen.patches("dc1")[0];
    assert_eq!(stop["object"], "statefulsets/keycloak");
    assert_eq!(stop["patch"]["spec"], json!({ "replicas": 0 }));
    let (_, start) = seen.patches("dc1")[1];
    assert_eq!(start["patch"]["spec"], json!({ "replicas": 2 }));
    // Each change was tried before, and the user is the Secret's.
    let spec = seen.spec("stepwell-reset-");
    let user = &spec["containers"][0]["env"][1];
    assert_eq!(user["valueFrom"]["secretKeyRef"]["key"], "username");
    assert_eq!(spec["securityContext"]["runAsUser"], 999);
    let image = spec["containers"][0]["image"].as_str().expect("an image");
    assert!(image.starts_with("docker.io/library/postgres:"), "{image}");
}

/// Under the operator a StatefulSet that is scaled is scaled back.
#[test]
fn the_operators_keycloak_is_patched_and_restored() {
    let centres = [
        ("dc1", json!({ "behave": { "operator": "v2beta1" } })),
        (
            "dc2",
            json!({ "behave": { "operator": "v2alpha1", "openshift": true } }),
        ),
    ];
    let Some(site) = Site::of(&centres) else {
        return;
    };
    site.reset(0, &[]).prints("restarted dc1,dc2");
    let seen = site.seen();
    in_order(&seen);
    site.is_reset(2);
    for centre in ["dc1", "dc2"] {
        for (_, patched) in seen.patches(centre) {
            assert_eq!(patched["object"], "keycloaks/keycloak");
        }
        assert_eq!(
            seen.object(centre, "keycloaks/keycloak")["spec"]["instances"],
            2
        );
    }
}

#[test]
fn a_number_of_instances_that_was_unset_is_unset_again() {
    let centre = json!({ "behave": { "operator": "v2alpha1" }, "unset": true });
    let Some(site) = Site::of(&[("dc1", centre)]) else {
        return;
    };
    site.reset(0, &[]);
    site.is_reset(1);
    let seen = site.seen();
    assert_eq!(seen.patches("dc1")[0].1["patch"]["spec"]["instances"], 0);
    let spec = &seen.object("dc1", "keycloaks/keycloak")["spec"];
    assert_eq!(spec.get("instances"), None::<&Value>);
}
