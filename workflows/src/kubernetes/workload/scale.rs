//! How many pods a workload has: whose field that is, and changing it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stepwell_engine::{Clock, Fault};

use super::{Rollout, Workload};
use crate::kubernetes::access::parse;
use crate::kubernetes::faults::legible;
use crate::kubernetes::{Place, RUN};

/// What says how many pods there are, and by which of its fields.
///
/// Keycloak's operator writes the number of its `Keycloak` into the StatefulSet
/// whenever it looks at it, so a StatefulSet of its is not scaled: the
/// `Keycloak` is. (Keycloak, "Advanced configuration" of the operator.)
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scaler {
    /// The object, as `kubectl` takes it: `TYPE/NAME`.
    object: String,
    /// The field of its `spec`.
    field: Field,
    /// The API group and version, where it is an operator's object.
    version: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Field {
    Replicas,
    Instances,
}

/// How many pods a scaler says there are to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Count {
    /// What the field holds; none where it is left to its default.
    pub(crate) field: Option<u64>,
}

impl Count {
    /// The number that it means: one by default, for a workload as for a
    /// `Keycloak`.
    pub(crate) fn number(self) -> u64 {
        self.field.unwrap_or(1)
    }
}

impl std::fmt::Display for Scaler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.object)
    }
}

/// Why a workload can't be scaled: what else manages it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unscalable(pub(crate) String);

impl Scaler {
    /// The workload itself.
    pub(crate) fn workload(workload: &Workload) -> Self {
        Self {
            object: workload.to_string(),
            field: Field::Replicas,
            version: None,
        }
    }

    /// What scales a workload, by the object that controls it.
    pub(crate) fn of(workload: &Workload, rollout: &Rollout) -> Result<Self, Unscalable> {
        let owners = rollout.object["metadata"]["ownerReferences"].as_array();
        let mut owners = owners.into_iter().flatten();
        let Some(owner) = owners.find(|owner| owner["controller"] != false) else {
            return Ok(Self::workload(workload));
        };
        let text = |key: &str| legible(owner[key].as_str().unwrap_or_default());
        let (kind, name, version) = (text("kind"), text("name"), text("apiVersion"));
        let Some((group, number)) = version.split_once('/') else {
            return Err(Unscalable(format!("{kind} {name} of {version} manages it")));
        };
        // The operator of today, Red Hat's build of it included, and that of
        // Keycloak before 17.
        if kind != "Keycloak" || !["k8s.keycloak.org", "keycloak.org"].contains(&group) {
            return Err(Unscalable(format!("{kind} {name} of {version} manages it")));
        }
        Ok(Self {
            object: format!("keycloaks.{number}.{group}/{name}"),
            field: Field::Instances,
            version: Some(version),
        })
    }

    /// The operator's API version, if an operator's object it is.
    pub(crate) fn operator(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Whether an autoscaler's target is this.
    pub(super) fn is_target(&self, target: &Value) -> bool {
        let Some(version) = &self.version else {
            return false;
        };
        let group = version.split('/').next();
        let theirs = target["apiVersion"]
            .as_str()
            .and_then(|one| one.split('/').next());
        let name = self.object.split('/').nth(1);
        target["kind"] == "Keycloak" && theirs == group && target["name"].as_str() == name
    }

    /// How many pods there are to be.
    pub(crate) async fn count(&self, place: &Place, clock: &dyn Clock) -> Result<Count, Fault> {
        let found = self.get(place, clock).await?;
        Ok(self.read(&found))
    }

    /// How many pods there are to be once nothing of ours is under way: where a
    /// run has stopped them, as many as it has noted beside.
    pub(crate) async fn usual(&self, place: &Place, clock: &dyn Clock) -> Result<Count, Fault> {
        let found = self.get(place, clock).await?;
        let now = self.read(&found);
        let noted = found["metadata"]["annotations"][COUNT].as_str();
        Ok(match noted {
            Some(noted) if now.number() == 0 => Count {
                field: noted.parse().ok(),
            },
            _ => now,
        })
    }

    async fn get(&self, place: &Place, clock: &dyn Clock) -> Result<Value, Fault> {
        let found = place
            .read(clock, &["get", &self.object, "--output=json"])
            .await?;
        parse(&self.object, &found)
    }

    fn read(&self, object: &Value) -> Count {
        Count {
            field: object["spec"][self.name()].as_u64(),
        }
    }

    fn name(&self) -> &'static str {
        match self.field {
            Field::Replicas => "replicas",
            Field::Instances => "instances",
        }
    }

    /// The patch that stops all pods. How many there were stays with the object,
    /// so that whoever starts them again knows, whatever becomes of a history.
    fn stopping(&self, usual: Count, run: &str) -> Value {
        let usual = usual
            .field
            .map_or_else(String::new, |number| number.to_string());
        json!({
            "metadata": { "annotations": { RUN: run, COUNT: usual } },
            "spec": { self.name(): 0 },
        })
    }

    /// The patch that starts them again; a field that was left to its default is
    /// left to it again.
    fn starting(&self, usual: Count, run: &str) -> Value {
        json!({
            "metadata": { "annotations": { RUN: run, COUNT: null } },
            "spec": { self.name(): usual.field },
        })
    }

    /// Says that there is to be no pod.
    pub(crate) async fn stop(
        &self,
        place: &Place,
        clock: &dyn Clock,
        usual: Count,
        run: &str,
    ) -> Result<(), Fault> {
        let patch = self.stopping(usual, run);
        place.patch(clock, &self.object, &patch).await
    }

    /// Says that there are to be as many pods as usual.
    pub(crate) async fn start(
        &self,
        place: &Place,
        clock: &dyn Clock,
        usual: Count,
        run: &str,
    ) -> Result<(), Fault> {
        let patch = self.starting(usual, run);
        place.patch(clock, &self.object, &patch).await
    }

    /// Has the server say whether it would take none.
    pub(crate) async fn try_stop(&self, place: &Place, clock: &dyn Clock) -> Result<(), Fault> {
        let patch = self.stopping(Count { field: None }, "dry-run");
        place.try_patch(clock, &self.object, &patch).await
    }
}

/// The annotation with the number of pods that were stopped.
const COUNT: &str = "stepwell.io/stopped-pods";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::workload::Kind;

    fn scaler(owners: Value) -> Result<Scaler, Unscalable> {
        let workload = Workload::stateful_set("keycloak").unwrap();
        let rollout = Rollout {
            kind: Kind::StatefulSet,
            object: json!({ "metadata": { "ownerReferences": owners } }),
        };
        Scaler::of(&workload, &rollout)
    }

    #[test]
    fn the_field_belongs_to_what_manages_the_workload() {
        let own = scaler(json!(null)).unwrap();
        assert_eq!(own.to_string(), "statefulset/keycloak");
        assert_eq!(own.operator(), None);
        let owner = |kind: &str, version: &str| json!([{ "kind": kind, "apiVersion": version, "name": "sso", "controller": true }]);
        for version in [
            "k8s.keycloak.org/v2alpha1",
            "k8s.keycloak.org/v2beta1",
            "keycloak.org/v1alpha1",
        ] {
            let operated = scaler(owner("Keycloak", version)).unwrap();
            assert_eq!(operated.operator(), Some(version));
            assert!(
                operated.starting(Count { field: Some(2) }, "r")["spec"]
                    == json!({ "instances": 2 })
            );
            assert!(
                operated.starting(Count { field: None }, "r")["spec"]
                    == json!({ "instances": null })
            );
        }
        let operated = scaler(owner("Keycloak", "k8s.keycloak.org/v2alpha1")).unwrap();
        assert_eq!(
            operated.to_string(),
            "keycloaks.v2alpha1.k8s.keycloak.org/sso"
        );
        assert!(operated.is_target(
            &json!({ "kind": "Keycloak", "name": "sso", "apiVersion": "k8s.keycloak.org/v2beta1" })
        ));
        assert!(!operated.is_target(&json!({ "kind": "Keycloak", "name": "other", "apiVersion": "k8s.keycloak.org/v2beta1" })));
        for (kind, version) in [
            ("Keycloak", "example.com/v1"),
            ("Release", "k8s.keycloak.org/v1"),
            ("ReplicaSet", "v1"),
        ] {
            assert!(scaler(owner(kind, version)).is_err(), "{kind} {version}");
        }
    }
}
