//! What is refused before anything is touched, in the server's own words.

use serde_json::{Value, json};

use super::site::{Case, Site, together};

/// A refusal: its name, how the data centre behaves, the exit code and what is said.
type Refusal<'a> = (&'a str, Value, i32, &'a [&'a str]);

/// A reset in data centres that behave so is refused, and nothing was touched.
#[track_caller]
fn refused(cases: &[Refusal<'_>]) {
    let cases: Vec<_> = (cases.iter())
        .map(|(name, behave, code, says)| {
            let case = move || {
                let Some(site) = Site::one(behave) else {
                    return;
                };
                untouched(&site, *code, &[], says);
            };
            (*name, case)
        })
        .collect();
    for some in cases.chunks(4) {
        let some: Vec<Case<'_>> = (some.iter())
            .map(|(name, case)| (*name, case as _))
            .collect();
        together(&some);
    }
}

/// A reset says this and ends so, and nothing was touched.
#[track_caller]
pub(super) fn untouched(site: &Site, code: i32, more: &[&str], says: &[&str]) {
    let done = site.reset(code, more);
    for text in says {
        done.says(text);
    }
    site.seen().untouched();
    assert_eq!(site.home.runs().len(), 1, "the create alone");
}

fn denied(verb: &str, resource: &str) -> Value {
    json!({ "denied": [[verb, resource]] })
}

#[test]
fn a_right_that_is_lacking() {
    let hint = "the user of context dc1 lacks the permission";
    let operated = |verb: &str| json!({ "operator": "v2alpha1", "denied": [[verb, "keycloaks"]] });
    refused(&[
        (
            "patch",
            denied("patch", "statefulsets"),
            7,
            &["cannot patch resource \"statefulsets\"", hint],
        ),
        (
            "read",
            denied("get", "statefulsets"),
            7,
            &["cannot get resource \"statefulsets\"", hint],
        ),
        (
            "create",
            denied("create", "pods"),
            7,
            &[
                "may not create pods in namespace keycloak of context dc1",
                "--context",
            ],
        ),
        (
            "delete",
            denied("delete", "pods"),
            7,
            &["may not delete pods"],
        ),
        ("look", denied("get", "pods"), 7, &["may not get pods"]),
        (
            "log",
            denied("get", "pods/log"),
            7,
            &["may not get pods/log"],
        ),
        (
            "list",
            denied("list", "pods"),
            7,
            &["cannot list resource \"pods\"", hint],
        ),
        (
            "secret",
            denied("get", "secrets"),
            7,
            &["cannot get resource \"secrets\"", hint],
        ),
        (
            "operator",
            operated("patch"),
            7,
            &[
                "cannot patch resource \"keycloaks\" in API group \"k8s.keycloak.org\"",
                hint,
            ],
        ),
        (
            "its look",
            operated("get"),
            7,
            &["cannot get resource \"keycloaks\"", hint],
        ),
        (
            "login",
            json!({ "faults": [{ "do": 401, "part": "/namespaces/", "times": 100 }] }),
            7,
            &["log in again for context dc1"],
        ),
    ]);
}

#[test]
fn what_the_second_data_centre_refuses() {
    let second = |behave: Value| [("dc1", json!({})), ("dc2", json!({ "behave": behave }))];
    let patch = || {
        let Some(site) = Site::of(&second(denied("patch", "statefulsets"))) else {
            return;
        };
        untouched(
            &site,
            7,
            &[],
            &["cannot patch", "the user of context dc2 lacks"],
        );
    };
    // Its pods are only looked at and taken away.
    let delete = || {
        let Some(site) = Site::of(&second(denied("delete", "pods"))) else {
            return;
        };
        untouched(
            &site,
            7,
            &[],
            &["the user of context dc2 may not delete pods"],
        );
    };
    let fewer = || {
        let rights =
            json!({ "denied": [["create", "pods"], ["get", "pods/log"], ["get", "secrets"]] });
        let Some(site) = Site::of(&second(rights)) else {
            return;
        };
        untouched(&site, 0, &["--plan"], &[]);
    };
    // Two contexts that lead to one namespace are one data centre.
    let twins = || {
        let Some(site) = Site::two() else { return };
        site.configure(&[("dc1", "dc1"), ("dc2", "dc1")]);
        untouched(
            &site,
            8,
            &[],
            &["context dc2 and namespace keycloak of context dc1 are the same"],
        );
    };
    together(&[
        ("patch", &patch),
        ("delete", &delete),
        ("fewer", &fewer),
        ("twins", &twins),
    ]);
}

#[test]
fn quotas_and_limits() {
    let compute = |used: &str| {
        json!({ "quota": { "hard": { "limits.cpu": "2", "limits.memory": "4Gi", "requests.cpu": "1", "pods": "9" },
                           "used": { "limits.cpu": used } } })
    };
    let range = json!({ "limit_range": { "min": { "cpu": "200m" }, "max": { "memory": "64Mi" } } });
    refused(&[
        (
            "full",
            compute("2"),
            7,
            &[
                "exceeded quota: compute, requested: limits.cpu=",
                "make room in namespace keycloak",
            ],
        ),
        (
            "wants more",
            json!({ "quota": { "hard": { "limits.cpu": "2", "limits.ephemeral-storage": "1Gi" } } }),
            8,
            &[
                "failed quota: compute: must specify limits.ephemeral-storage for: psql",
                "kubectl describe quota",
            ],
        ),
        (
            "range",
            range.clone(),
            8,
            &[
                "minimum cpu usage per Container is 200m, but request is 100m",
                "maximum memory usage per Container is 64Mi, but limit is 128Mi",
                "--cpu and --memory say what the pod asks for",
            ],
        ),
    ]);
    let fits = || {
        let Some(site) = Site::one(&range) else {
            return;
        };
        untouched(
            &site,
            0,
            &["--plan", "--cpu", "200m", "--memory", "64Mi"],
            &[],
        );
        // A quota that wants requests and limits has them.
        site.behave(&json!({ "limit_range": null, "quota": compute("1")["quota"] }));
        untouched(&site, 0, &["--plan"], &[]);
    };
    together(&[("fits", &fits)]);
}

#[test]
fn policies_and_webhooks() {
    let hook = |what: &str, on: &str| json!({ "webhook": { "do": what, "on": [on] } });
    let hint = "a policy of the cluster of context dc1 refuses it; its text names what it wants";
    refused(&[
        (
            "no reason",
            hook("deny", "pods"),
            8,
            &[
                "admission webhook \"validate.kyverno.svc-fail\" denied the request",
                "label team is required",
                hint,
            ],
        ),
        (
            "a reason",
            hook("deny with reason", "pods"),
            8,
            &["validation.gatekeeper.sh", "label team is required", hint],
        ),
        (
            "no word",
            hook("deny without a word", "pods"),
            8,
            &["denied the request without explanation", hint],
        ),
        (
            "the patch",
            hook("deny", "statefulsets"),
            8,
            &["label team is required", hint],
        ),
        (
            "a policy",
            json!({ "policy": { "on": ["pods"] } }),
            8,
            &[
                "ValidatingAdmissionPolicy 'team' with binding 'team-here' denied request",
                hint,
            ],
        ),
        (
            "a policy on the patch",
            json!({ "policy": { "on": ["statefulsets"] } }),
            8,
            &["label team is required", hint],
        ),
        (
            "a webhook that is away",
            hook("timeout", "pods"),
            1,
            &[
                "failed calling webhook",
                "context deadline exceeded",
                "waiting for a webhook that does not answer",
            ],
        ),
        (
            "scc",
            json!({ "openshift": true, "scc": ["anyuid"] }),
            8,
            &[
                "unable to validate against any security context constraint",
                "oc adm policy add-scc-to-user",
            ],
        ),
    ]);
}

/// A webhook that can't be asked for a dry run says nothing about the pod.
#[test]
fn pods_that_clusters_take() {
    let cases: [(&str, Value); 5] = [
        (
            "no dry run",
            json!({ "webhook": { "do": "no dry run", "on": ["pods", "statefulsets"] } }),
        ),
        ("restricted", json!({ "pod_security": "restricted" })),
        (
            "openshift",
            json!({ "openshift": true, "pod_security": "restricted" }),
        ),
        // Where the namespace may not be looked at, the kinds of objects tell.
        (
            "unseen",
            json!({ "openshift": true, "denied": [["get", "namespaces"]] }),
        ),
        (
            "no autoscalers",
            json!({ "denied": [["list", "horizontalpodautoscalers"]] }),
        ),
    ];
    let cases: Vec<_> = (cases.iter())
        .map(|(name, behave)| {
            let case = move || {
                let Some(site) = Site::one(behave) else {
                    return;
                };
                untouched(&site, 0, &["--plan"], &[]);
            };
            (*name, case)
        })
        .collect();
    let cases: Vec<Case<'_>> = (cases.iter())
        .map(|(name, case)| (*name, case as _))
        .collect();
    together(&cases);
}
