//! What runs Keycloak's pods: restarting it, stopping it, and telling when that
//! is done.

mod rollout;
mod scale;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stepwell_engine::{Clock, Fault};

use super::access::{has_code, parse};
use super::faults::NO_RESOURCE;
use super::pod::{self, Pod};
use super::{Place, RUN, names};
use crate::input::InvalidInput;
pub(crate) use rollout::Rollout;
pub(crate) use scale::{Count, Scaler};

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

    /// Has all its pods replaced one by one, by a mark in the template of its
    /// pods: the same way as `kubectl rollout restart`, whose mark is a time, but
    /// one that tells whose restart it was.
    pub(crate) async fn restart(
        &self,
        place: &Place,
        clock: &dyn Clock,
        run: &str,
    ) -> Result<(), Fault> {
        let answer = place.patch(clock, &self.to_string(), &marked(run)).await;
        answer.map_err(|fault| self.absent(place, fault))
    }

    /// Has the server say whether it would take that.
    pub(crate) async fn try_restart(&self, place: &Place, clock: &dyn Clock) -> Result<(), Fault> {
        let (name, patch) = (self.to_string(), marked("dry-run"));
        place.try_patch(clock, &name, &patch).await
    }

    /// The autoscaler that says how many pods there are, if one does and may be
    /// looked at; `scaler` is what else it may work on.
    pub(crate) async fn autoscaler(
        &self,
        place: &Place,
        clock: &dyn Clock,
        scaler: &Scaler,
    ) -> Result<Option<String>, Fault> {
        let words = [
            "get",
            "horizontalpodautoscalers.autoscaling",
            "--output=json",
        ];
        let found = match place.read(clock, &words).await {
            Err(fault) if has_code(&fault, "Forbidden") || has_code(&fault, NO_RESOURCE) => {
                return Ok(None);
            }
            answer => parse("the autoscalers", &answer?)?,
        };
        let kind = match self.kind {
            Kind::StatefulSet => "StatefulSet",
            Kind::Deployment => "Deployment",
        };
        let items = found["items"].as_array();
        let ours = items.into_iter().flatten().find(|one| {
            let target = &one["spec"]["scaleTargetRef"];
            (target["kind"] == kind && target["name"] == self.name.as_str())
                || scaler.is_target(target)
        });
        Ok(ours.map(|one| {
            one["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        }))
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

/// The patch that puts a run's mark into the template of the pods.
fn marked(run: &str) -> Value {
    json!({ "spec": { "template": { "metadata": { "annotations": { RUN: run } } } } })
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
}
