//! `aurora delete`: from tags and names alone, also what scripts made and what
//! is half made.

mod graph;
mod inventory;
mod refusal;
mod steps;
mod survey;

use serde::{Deserialize, Serialize};

use crate::Target;
use crate::aurora::holders::{Doomed, Takes};
use crate::input::{self, InvalidInput};
use crate::peering::{Accounts, PeeringInventory, RosaAccount};
pub use graph::delete_graph;
pub use inventory::{Inventory, RouteTableInventory, SubnetGroupInventory, VpcInventory};
pub(crate) use refusal::resume_refusal;
pub(super) use steps::WaitInstanceGone;
pub(super) use steps::register;
pub use survey::survey_delete;

/// `aurora delete` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone)]
pub struct DeleteOptions {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The name of the snapshot to take before; none to take none.
    pub final_snapshot: Option<String>,
}

/// `aurora delete`, checked.
#[derive(Debug, Clone)]
pub struct DeleteRequest {
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) final_snapshot: Option<String>,
    /// The accounts whose peerings go too; none to refuse a peered cluster.
    pub(crate) with_peerings: Option<Accounts>,
}

impl DeleteOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<DeleteRequest, InvalidInput> {
        Ok(DeleteRequest {
            cluster: input::identifier("cluster", &self.cluster, 63)?,
            region: input::region(&self.region)?,
            final_snapshot: self
                .final_snapshot
                .map(|name| input::identifier("final-snapshot", &name, 255))
                .transpose()?,
            with_peerings: None,
        })
    }
}

impl DeleteRequest {
    /// Takes the cluster's peerings away too, before anything else.
    #[must_use]
    pub fn with_peerings(mut self, accounts: Accounts) -> Self {
        self.with_peerings = Some(accounts);
        self
    }

    /// What the run works on.
    pub fn target(&self) -> Target {
        Target::cluster(&self.region, &self.cluster)
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// What a run of `aurora delete` starts from: what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteParameters {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The name of the snapshot to take before.
    pub final_snapshot: Option<String>,
    /// What is to be deleted.
    pub inventory: Inventory,
    /// The peerings that go first, if they are to go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peerings: Vec<PeeringInventory>,
    /// The account in which ROSA lives, if its side is worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rosa_account: Option<RosaAccount>,
}

impl DeleteParameters {
    /// What is to be deleted, as the looks for what is in the way need to know it.
    pub(crate) fn doomed(&self) -> Doomed {
        let vpcs = self.inventory.vpcs.iter().map(|vpc| vpc.id.clone());
        let groups = self.inventory.subnet_groups.iter();
        Doomed {
            region: self.region.clone(),
            cluster: self.cluster.clone(),
            identity: self.inventory.cluster.clone(),
            vpcs: vpcs.collect(),
            subnet_groups: groups.map(|group| group.name.clone()).collect(),
            final_snapshot: self.final_snapshot.clone(),
            peerings: self.peerings.iter().map(|one| one.id.clone()).collect(),
            takes: Takes::Listed(self.inventory.network_ids()),
        }
    }

    /// Whether there is nothing to delete.
    pub fn is_empty(&self) -> bool {
        self.inventory.is_empty() && self.peerings.is_empty()
    }

    /// What there is, a line each, for people.
    pub fn lines(&self) -> Vec<String> {
        let peerings = self.peerings.iter().flat_map(PeeringInventory::lines);
        peerings
            .chain(self.inventory.lines(&self.cluster))
            .collect()
    }

    /// What the run works on.
    pub fn target(&self) -> Target {
        Target::cluster(&self.region, &self.cluster)
    }
}
