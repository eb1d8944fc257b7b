//! What a person asks for, checked; and what a run starts from, resolved.

use serde::{Deserialize, Serialize};

use crate::Target;
use crate::aurora::{ClusterIdentity, InstanceIdentity};
use crate::aws::tags::Labels;
use crate::input::{self, InvalidInput};

/// `aurora scale` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone)]
pub struct ScaleOptions {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// How many instances the cluster is to have, the writer included.
    pub instances: u32,
    /// The class of those that are added; none for the writer's.
    pub instance_class: Option<String>,
}

/// `aurora scale`, checked.
#[derive(Debug, Clone)]
pub struct ScaleRequest {
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) instances: u32,
    pub(crate) instance_class: Option<String>,
}

impl ScaleOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<ScaleRequest, InvalidInput> {
        Ok(ScaleRequest {
            cluster: input::cluster(&self.cluster)?,
            region: input::region(&self.region)?,
            instances: input::instances(self.instances)?,
            instance_class: self
                .instance_class
                .as_deref()
                .map(input::instance_class)
                .transpose()?,
        })
    }
}

impl ScaleRequest {
    /// What the run works on.
    pub fn target(&self) -> Target {
        Target::cluster(&self.region, &self.cluster)
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// An instance that is added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedInstance {
    /// Its name, `<cluster>-instance-<n>`.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// Its class.
    pub class: String,
}

/// A reader that is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Which instance.
    pub instance: InstanceIdentity,
    /// Whether autoscaling made it, and may make another.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub autoscaled: bool,
}

/// What a run of `aurora scale` starts from: what was found, and what follows
/// from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleParameters {
    /// The cluster's name, as RDS spells it.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// Which cluster of that name.
    pub identity: ClusterIdentity,
    /// The engine.
    pub engine: String,
    /// Its version.
    pub engine_version: String,
    /// The zones in which the cluster may have instances.
    pub zones: Vec<String>,
    /// How many instances the cluster is to have.
    pub instances: u32,
    /// How many it was to have before, by its tag; none where it has no such
    /// tag, which then stays away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<u32>,
    /// What is added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adding: Vec<AddedInstance>,
    /// What is taken away, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removing: Vec<Removal>,
    /// The tags of what is added.
    pub labels: Labels,
}

impl ScaleParameters {
    /// Whether the cluster is as it is wanted.
    pub fn is_empty(&self) -> bool {
        self.adding.is_empty() && self.removing.is_empty() && !self.retags()
    }

    /// Whether what was asked for can be undone: what is added can, what is
    /// taken away can't.
    pub fn is_reversible(&self) -> bool {
        self.removing.is_empty()
    }

    /// Whether the tag with the number of instances has to change.
    pub(crate) fn retags(&self) -> bool {
        self.recorded.is_some_and(|number| number != self.instances)
    }

    /// What is taken away, for the question whether it may.
    pub fn question(&self) -> String {
        let names: Vec<String> = (self.removing.iter())
            .map(|removal| match removal.autoscaled {
                false => removal.instance.instance.clone(),
                true => format!(
                    "{} (made by autoscaling, which may make another)",
                    removal.instance.instance
                ),
            })
            .collect();
        let readers = match names.len() {
            1 => "reader",
            _ => "readers",
        };
        format!(
            "the deletion of {readers} {} of cluster {:?} in {}",
            names.join(", "),
            self.cluster,
            self.region
        )
    }

    /// What the run works on.
    pub fn target(&self) -> Target {
        Target::cluster(&self.region, &self.cluster)
    }
}
