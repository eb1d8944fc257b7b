//! Pods: making one, telling how it stands, taking it away.

use std::time::Duration;

use serde_json::{Value, json};
use stepwell_engine::{Clock, Fault};

use super::access::{has_code, parse};
use super::faults::legible;
use super::{Client, Place};

/// The name of the container in a pod of ours.
pub(crate) const CONTAINER: &str = "psql";

/// How many lines of a failed pod's log go into the fault, and how much of each.
const LOG_LINES: usize = 6;
const LOG_WIDTH: usize = 300;

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
    #[cfg(test)]
    pub(super) fn of(object: Value) -> Self {
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
            return match patience(&reason) {
                Some(patience) => Stand::Troubled(Trouble {
                    reason,
                    message,
                    patience,
                }),
                None => Stand::Starting(reason),
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

/// How long a container may wait for a reason that a person has to see to;
/// none for one that passes. A registry may stumble, and a Secret may be on
/// its way.
fn patience(reason: &str) -> Option<Duration> {
    Some(Duration::from_secs(match reason {
        "InvalidImageName" | "ErrImageNeverPull" => 0,
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => 5,
        "ErrImagePull"
        | "ImageInspectError"
        | "ImagePullBackOff"
        | "RegistryUnavailable"
        | "SignatureValidationFailed" => 30,
        _ => return None,
    }))
}

impl Trouble {
    /// As a fault that stops a run until a person has seen to it.
    pub(crate) fn fault(&self, pod: &str, place: &Place) -> Fault {
        let fault = Fault::permanent(format!(
            "pod {pod} in {place} does not start: {}: {}",
            self.reason, self.message
        ))
        .with_code(self.reason.clone());
        match self.reason.as_str() {
            "CreateContainerConfigError" => {
                fault.with_hint("see whether the secret has the key password")
            }
            "Unschedulable" => fault.with_hint("see whether the cluster has a node for it"),
            _ => fault.with_hint("see whether the cluster can pull the image; --image names one"),
        }
    }
}

/// What a pod of ours is made from.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// Its labels.
    pub(crate) labels: &'a [(&'a str, &'a str)],
    /// What runs in it.
    pub(crate) client: &'a Client,
    /// The arguments of `psql` beside those that name the database.
    pub(crate) arguments: Vec<String>,
    /// How long it may be at work.
    pub(crate) deadline: Duration,
}

impl Wanted<'_> {
    fn manifest(&self) -> Value {
        let labels: serde_json::Map<String, Value> = (self.labels.iter())
            .map(|&(key, value)| (key.to_owned(), value.into()))
            .collect();
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": { "name": self.name, "labels": labels },
            "spec": {
                "restartPolicy": "Never",
                "activeDeadlineSeconds": self.deadline.as_secs(),
                "automountServiceAccountToken": false,
                "containers": [{
                    "name": CONTAINER,
                    "image": self.client.image,
                    "command": self.client.command(&self.arguments),
                    "env": self.client.environment(),
                    "securityContext": Client::security(),
                }],
            },
        })
    }
}

/// Makes a pod. That one of the name is there already is a success: the name
/// is the run's own.
pub(crate) async fn create(
    place: &Place,
    clock: &dyn Clock,
    wanted: &Wanted<'_>,
) -> Result<(), Fault> {
    apply(place, clock, &wanted.manifest()).await
}

/// The same with the pod's whole manifest.
pub(crate) async fn apply(place: &Place, clock: &dyn Clock, manifest: &Value) -> Result<(), Fault> {
    // What is in it is ours, so that no schema has to be fetched to validate it.
    let words = [
        "create",
        "--validate=false",
        "--filename=-",
        "--output=name",
    ];
    match place
        .change(clock, &words, Some(manifest.to_string()))
        .await
    {
        Err(fault) if has_code(&fault, "AlreadyExists") => Ok(()),
        answer => answer.map(drop),
    }
}

/// The pod of a name, if there is one.
pub(crate) async fn get(
    place: &Place,
    clock: &dyn Clock,
    name: &str,
) -> Result<Option<Pod>, Fault> {
    let words = ["get", "pod", name, "--output=json", "--ignore-not-found"];
    let text = place.read(clock, &words).await?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    parse(&format!("pod {name}"), &text).map(|pod| Some(Pod(pod)))
}

/// The pods that a selector finds.
pub(crate) async fn list(
    place: &Place,
    clock: &dyn Clock,
    selector: &str,
) -> Result<Vec<Pod>, Fault> {
    let words = ["get", "pods", "--selector", selector, "--output=json"];
    let mut found = parse("the pods", &place.read(clock, &words).await?)?;
    Ok(match found["items"].take() {
        Value::Array(pods) => pods.into_iter().map(Pod).collect(),
        _ => Vec::new(),
    })
}

/// Takes a pod away and waits until it is gone; that it is gone already is a
/// success.
pub(crate) async fn delete(place: &Place, clock: &dyn Clock, name: &str) -> Result<(), Fault> {
    let words = [
        "delete",
        "pod",
        name,
        "--ignore-not-found",
        "--wait=true",
        "--timeout=60s",
    ];
    place.change(clock, &words, None).await.map(drop)
}

/// The end of what a pod has said.
pub(crate) async fn log(
    place: &Place,
    clock: &dyn Clock,
    name: &str,
) -> Result<Vec<String>, Fault> {
    let tail = format!("--tail={LOG_LINES}");
    let words = ["logs", name, &tail, "--container", CONTAINER];
    let text = place.read(clock, &words).await?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    Ok(lines
        .map(|line| line.chars().take(LOG_WIDTH).collect())
        .collect())
}

#[cfg(test)]
mod tests {
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
        assert_eq!(stand(json!({})), Stand::Starting("Pending".to_owned()));
    }

    #[test]
    fn what_keeps_a_pod_from_starting() {
        for (reason, patience) in [
            ("CreateContainerConfigError", 5),
            ("ImagePullBackOff", 30),
            ("InvalidImageName", 0),
        ] {
            let state = json!({ "waiting": { "reason": reason, "message": "m" } });
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
