//! How a pod stands, by what Kubernetes says of it.

use std::time::Duration;

use serde_json::Value;
use stepwell_engine::Fault;

use super::CONTAINER;
use crate::kubernetes::Place;
use crate::kubernetes::faults::legible;

/// How a pod stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Its container has done its work.
    Succeeded,
    /// It has ended otherwise; says how.
    Failed(String),
    /// It is at work.
    Running,
    /// It is on its way; says how.
    Starting(String),
    /// It can't start as things are.
    Troubled(Trouble),
}

/// Why a pod does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// Kubernetes' word for it.
    pub(crate) reason: String,
    /// What Kubernetes says about it.
    pub(crate) message: String,
    /// How long it may be so before it is believed: some of it passes.
    pub(crate) patience: Duration,
}

/// A pod as it was seen.
#[derive(Debug, Clone)]
pub(crate) struct Pod(Value);

impl Pod {
    /// The pod that an object describes.
    pub(in crate::kubernetes) fn of(object: Value) -> Self {
        Self(object)
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        self.0["metadata"]["name"].as_str().unwrap_or_default()
    }

    /// Its identity: another pod of the same name has another one.
    pub(crate) fn uid(&self) -> &str {
        self.0["metadata"]["uid"].as_str().unwrap_or_default()
    }

    /// Whether Kubernetes is through with it: none of its containers is begun
    /// again.
    pub(crate) fn is_over(&self) -> bool {
        matches!(
            self.0["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        )
    }

    /// Whether it is on its way out.
    pub(crate) fn is_leaving(&self) -> bool {
        self.0["metadata"]["deletionTimestamp"].is_string()
    }

    /// Whether it serves.
    pub(crate) fn is_ready(&self) -> bool {
        let conditions = self.0["status"]["conditions"].as_array();
        conditions
            .into_iter()
            .flatten()
            .any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
    }

    /// Whether the work of the container of ours has ended.
    pub(crate) fn has_ended(&self) -> bool {
        matches!(self.stand(), Stand::Succeeded | Stand::Failed(_))
    }

    /// The state of the container of ours: by its name, since a mesh may put its
    /// sidecar in front. `kubectl run` names it like the pod.
    fn state(&self) -> Option<&Value> {
        let containers = self.0["status"]["containerStatuses"].as_array()?;
        let named = |name: &str| containers.iter().find(|one| one["name"] == name);
        let own = named(CONTAINER).or_else(|| named(self.name())).or_else(|| {
            let first = self.0["spec"]["containers"][0]["name"].as_str();
            first.and_then(named)
        });
        own.map(|container| &container["state"])
    }

    /// The exit code of the container of ours, once it has ended.
    pub(crate) fn exit_code(&self) -> Option<i64> {
        let ended = self.state()?.get("terminated")?;
        Some(ended["exitCode"].as_i64().unwrap_or(-1))
    }

    /// How it stands, by the container of ours: a sidecar would keep the pod as
    /// a whole from ever ending.
    pub(crate) fn stand(&self) -> Stand {
        let status = &self.0["status"];
        let text = |value: &Value| legible(value.as_str().unwrap_or_default());
        let state = self.state();
        if let Some(code) = self.exit_code() {
            return match code {
                0 => Stand::Succeeded,
                code => Stand::Failed(format!("ended with exit code {code}")),
            };
        }
        match status["phase"].as_str() {
            Some("Succeeded") => return Stand::Succeeded,
            Some("Failed") => {
                let why = [text(&status["reason"]), text(&status["message"])];
                let why: Vec<_> = why.into_iter().filter(|word| !word.is_empty()).collect();
                return Stand::Failed(format!("failed: {}", why.join(": ")));
            }
            _ => {}
        }
        if state.is_some_and(|state| state.get("running").is_some()) {
            return Stand::Running;
        }
        if let Some(waiting) = state.and_then(|state| state.get("waiting")) {
            let (reason, message) = (text(&waiting["reason"]), text(&waiting["message"]));
            return match Trouble::of(&reason, &message) {
                Some(trouble) => Stand::Troubled(trouble),
                None if message.is_empty() => Stand::Starting(reason),
                None => Stand::Starting(format!("{reason}: {message}")),
            };
        }
        let conditions = status["conditions"].as_array();
        let unscheduled = conditions.and_then(|all| {
            all.iter().find(|condition| {
                condition["type"] == "PodScheduled"
                    && condition["status"] == "False"
                    && condition["reason"] == "Unschedulable"
            })
        });
        match unscheduled {
            Some(condition) => Stand::Troubled(Trouble {
                reason: "Unschedulable".to_owned(),
                message: text(&condition["message"]),
                // A cluster that grows by itself takes minutes for a node.
                patience: Duration::from_secs(5 * 60),
            }),
            None => Stand::Starting("Pending".to_owned()),
        }
    }
}

/// How long what a person has to see to may last before it is believed; none for
/// what passes. A Secret may be on its way, and so may a registry that stumbles
/// or asks for patience: three tries of the kubelet take some two minutes.
fn patience(reason: &str, message: &str) -> Option<Duration> {
    Some(Duration::from_secs(match reason {
        "InvalidImageName" | "ErrImageNeverPull" => 0,
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => 5,
        reason if is_of_image(reason) && is_hopeless(message) => 10,
        reason if is_of_image(reason) => 150,
        _ => return None,
    }))
}

/// Whether the trouble is with the image: the reasons change with every try.
fn is_of_image(reason: &str) -> bool {
    matches!(
        reason,
        "ErrImagePull"
            | "ImageInspectError"
            | "ImagePullBackOff"
            | "RegistryUnavailable"
            | "SignatureValidationFailed"
    )
}

/// Whether no further try will bring the image.
fn is_hopeless(message: &str) -> bool {
    const NEVER: &[&str] = &[
        "manifest unknown",
        "not found",
        "does not exist",
        "unauthorized",
        "authentication required",
        "access denied",
        "short name",
        "short-name",
        "no matching manifest",
        "no image found in",
        "signature",
    ];
    let message = message.to_ascii_lowercase();
    NEVER.iter().any(|text| message.contains(text))
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}

impl Trouble {
    /// What a container waits for, if it is more than its turn.
    pub(super) fn of(reason: &str, message: &str) -> Option<Self> {
        Some(Self {
            reason: reason.to_owned(),
            message: message.to_owned(),
            patience: patience(reason, message)?,
        })
    }

    /// What it is about: reasons of one kind follow each other.
    pub(super) fn kind(&self) -> &'static str {
        match self.reason.as_str() {
            "Unschedulable" => "node",
            reason if is_of_image(reason) => "image",
            _ => "container",
        }
    }

    /// As a fault that stops a run until a person has seen to it.
    pub(crate) fn fault(&self, pod: &str, place: &Place) -> Fault {
        let fault = Fault::permanent(format!("pod {pod} in {place} does not start: {self}"))
            .with_code(self.reason.clone());
        match self.reason.as_str() {
            "CreateContainerConfigError" if self.message.contains("runAsNonRoot") => fault
                .with_hint("the image's user is root or has no number; --image names another one"),
            "CreateContainerConfigError" => {
                fault.with_hint("see whether the secret has the keys that the pod takes from it")
            }
            "Unschedulable" => fault
                .with_hint("see whether the cluster has a node for it; --cpu and --memory say what it asks for"),
            _ if self.kind() == "image" || self.reason.contains("Image") => fault
                .with_hint("see whether the cluster can pull the image; --image names one"),
            _ => fault.with_hint("see `kubectl describe pod`; --image names another image"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stand(status: Value) -> Stand {
        let spec = json!({ "containers": [{ "name": "psql" }] });
        Pod(json!({ "spec": spec, "status": status })).stand()
    }

    fn own(state: Value) -> Value {
        json!({
            "phase": "Pending",
            "containerStatuses": [{ "name": "istio-proxy", "state": { "running": {} } },
                                  { "name": "psql", "state": state }]
        })
    }

    #[test]
    fn how_a_pod_stands() {
        assert_eq!(
            stand(own(json!({ "terminated": { "exitCode": 0 } }))),
            Stand::Succeeded
        );
        assert_eq!(
            stand(own(json!({ "terminated": { "exitCode": 3 } }))),
            Stand::Failed("ended with exit code 3".to_owned())
        );
        assert_eq!(stand(own(json!({ "running": {} }))), Stand::Running);
        assert_eq!(
            stand(own(json!({ "waiting": { "reason": "ContainerCreating" } }))),
            Stand::Starting("ContainerCreating".to_owned())
        );
        assert_eq!(
            stand(json!({ "phase": "Failed", "reason": "DeadlineExceeded" })),
            Stand::Failed("failed: DeadlineExceeded".to_owned())
        );
        assert_eq!(
            stand(own(
                json!({ "waiting": { "reason": "New", "message": "m" } })
            )),
            Stand::Starting("New: m".to_owned())
        );
        assert_eq!(stand(json!({})), Stand::Starting("Pending".to_owned()));
    }

    #[test]
    fn what_keeps_a_pod_from_starting() {
        for (reason, message, patience) in [
            ("CreateContainerConfigError", "m", 5),
            ("ImagePullBackOff", "m", 150),
            ("ErrImagePull", "toomanyrequests", 150),
            ("ErrImagePull", "manifest unknown", 10),
            (
                "ImageInspectError",
                "short name mode is enforcing, but image name postgres:17 returns ambiguous list",
                10,
            ),
            ("InvalidImageName", "m", 0),
        ] {
            let state = json!({ "waiting": { "reason": reason, "message": message } });
            let Stand::Troubled(trouble) = stand(own(state)) else {
                panic!("{reason}");
            };
            assert_eq!(trouble.patience, Duration::from_secs(patience));
        }
        let unscheduled = json!({
            "phase": "Pending",
            "conditions": [{ "type": "PodScheduled", "status": "False",
                             "reason": "Unschedulable", "message": "0/3 nodes" }]
        });
        let Stand::Troubled(trouble) = stand(unscheduled) else {
            panic!("unscheduled");
        };
        assert_eq!(trouble.message, "0/3 nodes");
    }
}
