//! What runs Keycloak's pods: restarting it, and telling when that is done.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stepwell_engine::{Clock, Fault};

use super::access::{has_code, parse};
use super::faults::legible;
use super::pod::{self, Pod};
use super::{Place, RUN, names};
use crate::input::InvalidInput;

/// What runs Keycloak's pods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workload {
    kind: Kind,
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    StatefulSet,
    Deployment,
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::StatefulSet => "statefulset",
            Kind::Deployment => "deployment",
        };
        write!(f, "{kind}/{}", self.name)
    }
}

impl Workload {
    /// The workload of `kind/name`.
    pub(crate) fn parse(value: &str) -> Result<Self, InvalidInput> {
        let invalid = || InvalidInput {
            input: "workload",
            value: value.to_owned(),
            problem: "is not a workload".to_owned(),
            allowed: "statefulset/NAME or deployment/NAME".to_owned(),
        };
        let (kind, name) = value.split_once('/').ok_or_else(invalid)?;
        Ok(Self {
            kind: match kind {
                "statefulset" | "sts" => Kind::StatefulSet,
                "deployment" | "deploy" => Kind::Deployment,
                _ => return Err(invalid()),
            },
            name: names::object("workload", name)?,
        })
    }

    /// The stateful set of a name.
    pub(crate) fn stateful_set(name: &str) -> Result<Self, InvalidInput> {
        Ok(Self {
            kind: Kind::StatefulSet,
            name: names::object("statefulset", name)?,
        })
    }

    /// Looks at it.
    pub(crate) async fn get(&self, place: &Place, clock: &dyn Clock) -> Result<Rollout, Fault> {
        let name = self.to_string();
        let found = place
            .read(clock, &["get", &name, "--output=json"])
            .await
            .map_err(|fault| self.absent(place, fault))?;
        Ok(Rollout {
            kind: self.kind,
            object: parse(&name, &found)?,
        })
    }

    /// Has all its pods replaced, by the mark of a run in the template of its
    /// pods: the same way as `kubectl rollout restart`, whose mark is a time,
    /// but one that tells whose restart it was.
    pub(crate) async fn restart(
        &self,
        place: &Place,
        clock: &dyn Clock,
        run: &str,
    ) -> Result<(), Fault> {
        let patch = json!({
            "spec": { "template": { "metadata": { "annotations": { RUN: run } } } }
        });
        let (name, patch) = (self.to_string(), patch.to_string());
        let words = ["patch", &name, "--type=merge", "--patch", &patch];
        let answer = place.change(clock, &words, None).await;
        answer.map(drop).map_err(|fault| self.absent(place, fault))
    }

    fn absent(&self, place: &Place, fault: Fault) -> Fault {
        if !has_code(&fault, "NotFound") {
            return fault;
        }
        Fault::permanent(format!("there is no {self} in {place}"))
            .with_code("NotFound")
            .with_hint("name what runs keycloak there: --statefulset or --workload")
    }
}

/// A workload as it was seen.
#[derive(Debug)]
pub(crate) struct Rollout {
    kind: Kind,
    object: Value,
}

impl Rollout {
    #[cfg(test)]
    pub(super) fn of(object: Value) -> [Self; 2] {
        [Kind::StatefulSet, Kind::Deployment].map(|kind| Self {
            kind,
            object: object.clone(),
        })
    }

    /// The run whose restart was the last one of ours.
    pub(crate) fn run(&self) -> Option<&str> {
        self.object["spec"]["template"]["metadata"]["annotations"][RUN].as_str()
    }

    /// Why its pods would not be replaced by themselves, if so.
    pub(crate) fn refusal(&self) -> Option<&'static str> {
        let spec = &self.object["spec"];
        let strategy = &spec["updateStrategy"];
        if spec["paused"] == true {
            Some("its rollout is paused")
        } else if self.kind == Kind::StatefulSet && strategy["type"] == "OnDelete" {
            Some("its update strategy is OnDelete")
        } else if strategy["rollingUpdate"]["partition"].as_u64() > Some(0) {
            Some("its update strategy leaves a partition as it is")
        } else {
            None
        }
    }

    /// What is not as it should be yet; none if all pods are of the newest
    /// template and ready. (Kubernetes, "kubectl rollout status".)
    pub(crate) fn lacks(&self) -> Option<String> {
        let status = &self.object["status"];
        let number = |value: &Value| value.as_u64().unwrap_or(0);
        if number(&status["observedGeneration"]) < number(&self.object["metadata"]["generation"]) {
            return Some("the change is not seen yet".to_owned());
        }
        let wanted = self.object["spec"]["replicas"].as_u64().unwrap_or(1);
        let updated = number(&status["updatedReplicas"]);
        let ready = number(&status["readyReplicas"]);
        let old = match self.kind {
            Kind::StatefulSet => status["currentRevision"] != status["updateRevision"],
            Kind::Deployment => updated < wanted || number(&status["replicas"]) > updated,
        };
        if old {
            Some(format!("{updated} of {wanted} pods are new"))
        } else if ready < wanted {
            Some(format!("{ready} of {wanted} pods are ready"))
        } else {
            None
        }
    }

    /// Why the rollout has come to nothing, where Kubernetes says so.
    pub(crate) fn failure(&self) -> Option<String> {
        let conditions = self.object["status"]["conditions"].as_array()?;
        let failed = conditions.iter().find(|condition| {
            condition["type"] == "Progressing" && condition["reason"] == "ProgressDeadlineExceeded"
        })?;
        Some(legible(failed["message"].as_str().unwrap_or_default()))
    }

    /// The selector of its pods, as `kubectl` takes it.
    pub(super) fn selector(&self) -> String {
        let selector = &self.object["spec"]["selector"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut parts = Vec::new();
        if let Some(labels) = selector["matchLabels"].as_object() {
            parts.extend((labels.iter()).map(|(key, value)| format!("{key}={}", text(value))));
        }
        for expression in selector["matchExpressions"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let key = text(&expression["key"]);
            let values: Vec<String> = (expression["values"].as_array().into_iter().flatten())
                .map(text)
                .collect();
            let values = values.join(",");
            parts.push(match expression["operator"].as_str() {
                Some("In") => format!("{key} in ({values})"),
                Some("NotIn") => format!("{key} notin ({values})"),
                Some("DoesNotExist") => format!("!{key}"),
                _ => key,
            });
        }
        parts.join(",")
    }
}

/// The pods of a workload. One that was evicted is over and stays in the list
/// until somebody takes it away.
pub(crate) async fn pods_of(
    rollout: &Rollout,
    place: &Place,
    clock: &dyn Clock,
) -> Result<Vec<Pod>, Fault> {
    let selector = rollout.selector();
    if selector.is_empty() {
        // Nothing selects everything.
        return Err(Fault::permanent(format!(
            "what kubectl says of the workload in {place} names no pods"
        )));
    }
    let mut pods = pod::list(place, clock, &selector).await?;
    pods.retain(|pod| !pod.is_over());
    Ok(pods)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rollout(kind: Kind, object: Value) -> Rollout {
        Rollout { kind, object }
    }

    #[test]
    fn workloads_by_kind_and_name() {
        assert_eq!(
            Workload::parse("sts/keycloak").unwrap().to_string(),
            "statefulset/keycloak"
        );
        assert!(Workload::parse("deployment/keycloak").is_ok());
        for bad in ["keycloak", "pod/keycloak", "deployment/", "sts/A"] {
            assert!(Workload::parse(bad).is_err(), "{bad:?} is taken");
        }
    }

    #[test]
    fn when_a_stateful_set_is_new() {
        let set = |observed: u64, ready: u64, update: &str| {
            rollout(
                Kind::StatefulSet,
                json!({
                    "metadata": { "generation": 2 },
                    "spec": { "replicas": 3 },
                    "status": { "observedGeneration": observed, "readyReplicas": ready,
                                "updatedReplicas": 1, "currentRevision": "a",
                                "updateRevision": update },
                }),
            )
        };
        assert_eq!(set(2, 3, "a").lacks(), None);
        assert!(set(1, 3, "a").lacks().is_some());
        assert_eq!(set(2, 3, "b").lacks().unwrap(), "1 of 3 pods are new");
        assert_eq!(set(2, 2, "a").lacks().unwrap(), "2 of 3 pods are ready");
    }

    #[test]
    fn when_a_deployment_is_new() {
        let deployment = |replicas: u64, updated: u64, ready: u64| {
            rollout(
                Kind::Deployment,
                json!({
                    "metadata": { "generation": 2 },
                    "spec": { "replicas": 2, "selector": {
                        "matchLabels": { "app": "keycloak" },
                        "matchExpressions": [
                            { "key": "tier", "operator": "In", "values": ["a", "b"] },
                            { "key": "old", "operator": "DoesNotExist" },
                        ] } },
                    "status": { "observedGeneration": 2, "replicas": replicas,
                                "updatedReplicas": updated, "readyReplicas": ready },
                }),
            )
        };
        assert_eq!(deployment(2, 2, 2).lacks(), None);
        assert!(deployment(3, 2, 2).lacks().is_some());
        assert!(deployment(2, 1, 2).lacks().is_some());
        assert!(deployment(2, 2, 1).lacks().is_some());
        assert_eq!(
            deployment(2, 2, 2).selector(),
            "app=keycloak,tier in (a,b),!old"
        );
    }

    /// What a random answer brought to light: nothing selects every pod.
    #[test]
    fn a_workload_that_selects_nothing_selects_no_pods() {
        for selector in [json!(null), json!({}), json!({ "matchLabels": {} })] {
            let rollout = rollout(
                Kind::StatefulSet,
                json!({ "spec": { "selector": selector } }),
            );
            assert_eq!(rollout.selector(), "");
        }
    }

    #[test]
    fn what_is_not_replaced_by_itself() {
        let refused = |spec: Value| rollout(Kind::StatefulSet, json!({ "spec": spec })).refusal();
        assert!(refused(json!({ "updateStrategy": { "type": "OnDelete" } })).is_some());
        assert!(
            refused(json!({ "updateStrategy": { "rollingUpdate": { "partition": 1 } } })).is_some()
        );
        assert!(
            refused(json!({ "updateStrategy": { "rollingUpdate": { "partition": 0 } } })).is_none()
        );
        assert!(refused(json!({ "paused": true })).is_some());
        assert!(refused(json!({})).is_none());
    }
}
