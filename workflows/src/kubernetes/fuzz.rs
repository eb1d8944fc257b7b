//! What `kubectl` might print: never the end of the program, and never taken for
//! more than it says.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::Place;
use super::access::parse;
use super::faults::classify;
use super::pod::{Pod, Stand};
use super::workload::{Rollout, Workload};
use crate::input::fuzz::{legible, near};
use stepwell_testkit::fuzz;

/// Values as they may stand in an object of Kubernetes, and others.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        6 => select(vec![
            json!(null), json!(0), json!(1), json!(2), json!(-1), json!(u64::MAX), json!(1e300),
            json!(true), json!("Running"), json!("Succeeded"), json!("Failed"), json!("False"),
            json!("ImagePullBackOff"), json!("PodScheduled"), json!("Unschedulable"),
            json!("OnDelete"), json!("In"), json!("psql"), json!("Progressing"),
            json!("ProgressDeadlineExceeded"), json!("a"), json!("b"),
        ]),
        1 => any::<String>().prop_map(Value::from),
    ];
    let key = select(vec![
        "metadata",
        "name",
        "uid",
        "generation",
        "annotations",
        "spec",
        "status",
        "phase",
        "containers",
        "containerStatuses",
        "state",
        "terminated",
        "exitCode",
        "running",
        "waiting",
        "reason",
        "message",
        "conditions",
        "type",
        "replicas",
        "readyReplicas",
        "updatedReplicas",
        "observedGeneration",
        "currentRevision",
        "updateRevision",
        "selector",
        "matchLabels",
        "matchExpressions",
        "operator",
        "values",
        "key",
        "updateStrategy",
        "rollingUpdate",
        "partition",
        "paused",
        "template",
    ]);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            4 => prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner.clone(), 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
            1 => prop::collection::vec(inner, 0..3).prop_map(Value::from),
        ]
    })
}

/// A pod or a workload of which some is anything.
fn objects() -> impl Strategy<Value = Value> {
    let counts = (0..3_u64, 0..3_u64, 0..3_u64);
    (values(), values(), counts, 0..4_u8).prop_map(|(one, two, counts, shape)| {
        let (wanted, ready, updated) = counts;
        match shape {
            0 => one,
            1 => json!({
                "metadata": { "name": "x", "generation": 2 },
                "spec": { "replicas": wanted, "selector": two },
                "status": {
                    "conditions": [one], "observedGeneration": 2, "readyReplicas": ready,
                    "updatedReplicas": updated, "replicas": wanted,
                },
            }),
            _ => json!({
                "metadata": { "name": "x", "generation": one },
                "spec": { "replicas": two, "containers": [{ "name": "psql" }] },
                "status": {
                    "phase": two, "containerStatuses": [{ "name": "psql", "state": one }],
                    "conditions": [one, two], "readyReplicas": one,
                },
            }),
        }
    })
}

#[test]
fn whatever_kubectl_says_of_a_pod_or_a_workload() {
    let kinds = ["ended", "not ended", "complete", "incomplete"];
    fuzz(
        "objects of kubernetes",
        3000,
        &kinds,
        objects(),
        |object, tally| {
            // As it comes: as text.
            let object = parse("x", &object.to_string()).expect("JSON");
            let pod = Pod::of(object.clone());
            let told = match pod.stand() {
                Stand::Succeeded => {
                    let state = &object["status"]["containerStatuses"][0]["state"];
                    let zero = state["terminated"]["exitCode"] == 0;
                    let said = object["status"]["phase"] == "Succeeded";
                    assert!(
                        zero || said || object["status"]["containerStatuses"][1].is_object(),
                        "{object}"
                    );
                    String::new()
                }
                Stand::Failed(why) | Stand::Starting(why) => why,
                Stand::Troubled(trouble) => trouble.message,
                Stand::Running => String::new(),
            };
            assert!(
                !told.contains(char::is_control) && told.chars().count() < 5000,
                "{told:?}"
            );
            let _ = (pod.name(), pod.uid(), pod.is_over());
            tally.count(if pod.has_ended() {
                "ended"
            } else {
                "not ended"
            });
            for rollout in Rollout::of(object.clone()) {
                let _ = (
                    rollout.run(),
                    rollout.refusal(),
                    rollout.failure(),
                    rollout.selector(),
                );
                match rollout.lacks() {
                    Some(why) => {
                        assert!(!why.is_empty());
                        tally.count("incomplete");
                    }
                    None => {
                        // As many are ready as were asked for.
                        let wanted = object["spec"]["replicas"].as_u64().unwrap_or(1);
                        let ready = object["status"]["readyReplicas"].as_u64().unwrap_or(0);
                        assert!(ready >= wanted, "{object}");
                        tally.count("complete");
                    }
                }
            }
        },
    );
}

#[test]
fn bytes_are_no_object() {
    let texts = prop_oneof!["\\PC{0,80}", "[\\[\\]{}\":,a-z0-9.]{0,80}", any::<String>()];
    fuzz(
        "texts read as an object",
        2000,
        &["refused"],
        texts,
        |text, tally| match parse("it", &text) {
            Ok(_) => tally.count("read"),
            Err(fault) => {
                assert!(fault.to_string().contains("it"));
                tally.count("refused");
            }
        },
    );
}

#[test]
fn complaints_are_told_in_a_line() {
    let place = Place {
        kubectl: "kubectl".to_owned(),
        context: Some("here".to_owned()),
        namespace: Some("there".to_owned()),
    };
    let texts = prop_oneof![
        "(E0101 [a-z ]{0,9}|Warning: |error: |Error from server \\([A-Za-z]{0,12}\\): |[a-z ]{0,20}|\n|\u{1b}\\[31m){0,30}",
        any::<String>(),
        (any::<char>(), 0..9000_usize).prop_map(|(c, n)| c.to_string().repeat(n)),
    ];
    fuzz(
        "complaints of kubectl",
        2000,
        &["coded", "plain"],
        texts,
        |text, tally| {
            let fault = classify("get", &place, &text, ExitStatus::from_raw(256), false);
            let told = fault.to_string();
            assert!(
                told.contains("namespace there") || told.contains("there"),
                "{told}"
            );
            assert!(
                !told.contains(char::is_control) && told.chars().count() < 5000,
                "{told:?}"
            );
            tally.count(if fault.code.is_some() {
                "coded"
            } else {
                "plain"
            });
        },
    );
}

#[test]
fn names_of_workloads() {
    let texts = near(&[
        "statefulset/keycloak",
        "sts/a",
        "deployment/x.y",
        "deploy/k",
        "pod/x",
    ]);
    fuzz(
        "inputs for workload",
        1500,
        &["accepted", "refused"],
        texts,
        |text, tally| match Workload::parse(&text) {
            Ok(workload) => {
                let shown = workload.to_string();
                let again = Workload::parse(&shown).expect("what it prints");
                assert_eq!(again, workload);
                let (_, name) = text.split_once('/').expect("a slash");
                assert!(
                    shown == format!("statefulset/{name}") || shown == format!("deployment/{name}")
                );
                tally.count("accepted");
            }
            Err(error) => {
                legible(&error, "workload", &error.value);
                tally.count("refused");
            }
        },
    );
}
