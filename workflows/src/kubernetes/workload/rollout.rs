//! A workload as it was seen: how far its pods are replaced, and what manages
//! it.

use serde_json::Value;

use super::Kind;
use crate::kubernetes::RUN;
use crate::kubernetes::faults::legible;

/// A workload as it was seen.
#[derive(Debug)]
pub(crate) struct Rollout {
    pub(super) kind: Kind,
    pub(super) object: Value,
}

impl Rollout {
    #[cfg(test)]
    pub(in crate::kubernetes) fn of(object: Value) -> [Self; 2] {
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

    /// How many pods it is to have.
    pub(crate) fn replicas(&self) -> u64 {
        self.object["spec"]["replicas"].as_u64().unwrap_or(1)
    }

    /// The external caches that its containers name: what lives there outlives
    /// the schema. (Keycloak, "All configuration": `cache-remote-host`.)
    pub(crate) fn caches(&self) -> Vec<String> {
        const VARIABLE: &str = "KC_CACHE_REMOTE_HOST";
        const OPTION: &str = "--cache-remote-host=";
        let containers = self.object["spec"]["template"]["spec"]["containers"].as_array();
        let mut found = Vec::new();
        for container in containers.into_iter().flatten() {
            let variables = container["env"].as_array().into_iter().flatten();
            let named = variables.filter(|variable| variable["name"] == VARIABLE);
            // It may come from a Secret or a ConfigMap.
            found.extend(named.map(|one| {
                legible(
                    one["value"]
                        .as_str()
                        .unwrap_or("a host that the pod takes from elsewhere"),
                )
            }));
            for words in [&container["args"], &container["command"]] {
                let words = words
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str);
                found.extend(
                    words
                        .filter_map(|word| word.strip_prefix(OPTION))
                        .map(legible),
                );
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// The selector of its pods, as `kubectl` takes it.
    pub(in crate::kubernetes) fn selector(&self) -> String {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rollout(kind: Kind, object: Value) -> Rollout {
        Rollout { kind, object }
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
