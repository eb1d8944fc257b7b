//! What a person asks for, checked; and what a run starts from, resolved.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::Target;
use crate::aurora::ClusterIdentity;
use crate::aws::tags::Labels;
use crate::input::{self, InvalidInput};
use crate::peering::end::{End, RosaAccount};
use crate::peering::ingress::default_port;
use crate::peering::routes::RouteTarget;
use crate::rosa::RosaNetwork;

/// `peering create` as it was asked for; nothing is checked yet. Where ROSA is,
/// is asked apart: see [`RosaNetwork`].
#[derive(Debug, Clone)]
pub struct CreateOptions {
    /// The Aurora cluster's name.
    pub cluster: String,
    /// Its region.
    pub region: String,
    /// The name of its security group; none for `<cluster>-security-group`.
    /// Asked only where the cluster itself does not tell.
    pub security_group_name: Option<String>,
    /// Further tags for everything.
    pub tags: Vec<(String, String)>,
}

/// `peering create`, checked.
#[derive(Debug, Clone)]
pub struct CreateRequest {
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) security_group_name: String,
    pub(crate) tags: std::collections::BTreeMap<String, String>,
}

impl CreateOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<CreateRequest, InvalidInput> {
        let cluster = input::cluster(&self.cluster)?;
        let security_group_name = self
            .security_group_name
            .unwrap_or_else(|| format!("{cluster}-security-group"));
        Ok(CreateRequest {
            region: input::region(&self.region)?,
            security_group_name: input::security_group_name(&security_group_name)?,
            tags: input::tags(&self.tags)?,
            cluster,
        })
    }
}

impl CreateRequest {
    /// What a run works on, once it is known where ROSA is.
    pub fn target(&self, rosa: &RosaNetwork) -> Target {
        Target::peering(&self.region, &self.cluster, &rosa.vpc_id)
    }

    /// The Aurora cluster's region.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// How a route stood before the run. Routes carry no tags: what the run found
/// is how it knows what is its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Before {
    /// There was none.
    Absent,
    /// It led to this peering already; it stays.
    Same,
    /// It led to something that is gone. It is replaced, and put back if the
    /// run is undone.
    Stale(RouteTarget),
}

/// A route that is to lead to the peering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRoute {
    /// Its table.
    pub table: String,
    /// Its destination.
    pub destination: Ipv4Net,
    /// How it stood before.
    pub before: Before,
}

/// A peering that was there before the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExistingPeering {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: String,
}

/// What a run of `peering create` starts from: everything that had to be asked
/// of AWS and of ROSA is answered, so the graph follows from this alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateParameters {
    /// The Aurora cluster's name.
    pub cluster: String,
    /// Its region.
    pub region: String,
    /// Aurora's end.
    pub aurora: End,
    /// All address ranges of Aurora's VPC.
    pub cidrs: Vec<Ipv4Net>,
    /// The security group in which the database's port is opened.
    pub security_group_id: String,
    /// The port on which the cluster serves.
    #[serde(default = "default_port")]
    pub port: i32,
    /// Which cluster it is for; none where only its network is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<ClusterIdentity>,
    /// Where ROSA is, as it was looked up.
    pub rosa: RosaNetwork,
    /// ROSA's end.
    pub rosa_end: End,
    /// The account in which ROSA lives.
    pub rosa_account: RosaAccount,
    /// The peering that was there, if any.
    pub existing: Option<ExistingPeering>,
    /// The routes in ROSA's tables that lead to Aurora.
    pub routes_to_aurora: Vec<PlannedRoute>,
    /// The routes in Aurora's tables that lead to ROSA.
    pub routes_to_rosa: Vec<PlannedRoute>,
    /// Whether the port was open already.
    pub ingress_open: bool,
    /// The tags of everything.
    pub labels: Labels,
}

impl CreateParameters {
    /// What the run works on.
    pub fn target(&self) -> Target {
        Target::peering(&self.region, &self.cluster, &self.rosa.vpc_id)
    }

    /// Whether anything is missing.
    pub fn has_changes(&self) -> bool {
        let active = self
            .existing
            .as_ref()
            .is_some_and(|peering| peering.state == "active");
        let routed = self
            .routes_to_aurora
            .iter()
            .chain(&self.routes_to_rosa)
            .all(|route| route.before == Before::Same);
        !(active && routed && self.ingress_open)
    }
}
