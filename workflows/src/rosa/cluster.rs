//! The description of a cluster: what `rosa describe cluster -o json` prints,
//! and what OCM's REST API answers. Both write down the same object of OCM's
//! clusters_mgmt/v1; the command adds fields of its own to it.

use ipnet::Ipv4Net;
use serde::Deserialize;

/// A cluster as OCM describes it. Fields that are not set are absent, and there
/// are many more than these.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Cluster {
    id: Option<String>,
    name: Option<String>,
    infra_id: Option<String>,
    state: Option<String>,
    hypershift: Option<Hypershift>,
    region: Option<Link>,
    network: Option<Network>,
    aws: Option<AwsPart>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Hypershift {
    enabled: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Link {
    id: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Network {
    machine_cidr: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct AwsPart {
    subnet_ids: Option<Vec<String>>,
}

/// Why what was given is no description of a cluster.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    /// It is not JSON, or of another form.
    #[error("it is not the JSON of a cluster: {0}")]
    Json(#[from] serde_json::Error),
    /// It is JSON of something else.
    #[error("it describes no cluster: it has neither an id nor a name")]
    Nothing,
}

impl Cluster {
    /// Reads a description. Lines before the object are passed over: `rosa`
    /// prints its notes (`INFO: …`) on stdout too.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Unreadable> {
        let cluster: Self = serde_json::from_slice(object(text))?;
        if cluster.id().is_none() && cluster.name().is_none() {
            return Err(Unreadable::Nothing);
        }
        Ok(cluster)
    }

    /// OCM's id of the cluster.
    pub(crate) fn id(&self) -> Option<&str> {
        filled(self.id.as_ref())
    }

    /// The cluster's name.
    pub(crate) fn name(&self) -> Option<&str> {
        filled(self.name.as_ref())
    }

    /// The id under which the installer tagged what it made; a cluster with a
    /// hosted control plane has none.
    pub(crate) fn infra_id(&self) -> Option<&str> {
        filled(self.infra_id.as_ref())
    }

    /// Its state, such as `ready`.
    pub(crate) fn state(&self) -> Option<&str> {
        filled(self.state.as_ref())
    }

    /// Whether its control plane is hosted by Red Hat.
    pub(crate) fn hosted(&self) -> bool {
        self.hypershift.as_ref().and_then(|part| part.enabled) == Some(true)
    }

    /// Its region.
    pub(crate) fn region(&self) -> Option<&str> {
        filled(self.region.as_ref()?.id.as_ref())
    }

    /// The range of its machines, if it says one that can be read.
    pub(crate) fn machine_cidr(&self) -> Option<Ipv4Net> {
        let text = self.network.as_ref()?.machine_cidr.as_ref()?;
        text.parse::<Ipv4Net>().ok().map(|block| block.trunc())
    }

    /// Its subnets; none for a classic cluster whose VPC Red Hat made.
    pub(crate) fn subnet_ids(&self) -> &[String] {
        let part = self.aws.as_ref().and_then(|aws| aws.subnet_ids.as_deref());
        part.unwrap_or_default()
    }
}

/// From the first line on that begins an object.
fn object(text: &[u8]) -> &[u8] {
    let mut rest = text;
    loop {
        if rest.trim_ascii_start().first() == Some(&b'{') {
            return rest;
        }
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(end) => rest = &rest[end + 1..],
            None => return text,
        }
    }
}

/// An empty text says as little as none.
fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}
