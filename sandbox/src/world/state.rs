//! The states of clusters and instances, as the lifecycle has them and as a test imposes them.

use super::database::{Cluster, DbInstance};
use super::named;
use super::{Millis, Region};
use serde::{Deserialize, Serialize};

named! {
    #[derive(Default)]
    enum ClusterStatus {
        Creating = "creating",
        Available = "available",
        #[default]
        Modifying = "modifying",
        ResettingMasterCredentials = "resetting-master-credentials",
        FailingOver = "failing-over",
        Promoting = "promoting",
        Upgrading = "upgrading",
        Stopping = "stopping",
        Stopped = "stopped",
        Starting = "starting",
        Deleting = "deleting",
    }
}

named! {
    #[derive(Default)]
    enum DbInstanceStatus {
        #[default]
        Creating = "creating",
        Available = "available",
        Modifying = "modifying",
        Upgrading = "upgrading",
        Stopping = "stopping",
        Stopped = "stopped",
        Starting = "starting",
        Deleting = "deleting",
    }
}

/// A state that a test put a database into. What the lifecycle does goes on beneath it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Imposed {
    pub(crate) status: String,
    /// When it ends; never if absent.
    pub(crate) until: Option<Millis>,
}

/// Every status of a cluster ("Viewing DB cluster status", Aurora user guide).
#[rustfmt::skip]
pub(crate) const CLUSTER_STATES: &[&str] = &[
    "available", "backing-up", "backtracking", "cloning-failed", "creating", "deleting",
    "failing-over", "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable", "maintenance", "migrating",
    "migration-failed", "modifying", "preparing-data-migration", "promoting", "rebooting",
    "renaming", "resetting-master-credentials", "scaling-compute", "starting", "stopped",
    "stopping", "storage-optimization", "update-iam-db-auth", "upgrading",
];

/// Every status of an instance ("Viewing DB instance status", Aurora user guide).
#[rustfmt::skip]
pub(crate) const INSTANCE_STATES: &[&str] = &[
    "available", "backing-up", "backtracking", "configuring-enhanced-monitoring",
    "configuring-iam-database-auth", "configuring-log-exports", "converting-to-vpc", "creating",
    "deleting", "failed", "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable", "incompatible-create",
    "incompatible-network", "incompatible-option-group", "incompatible-parameters",
    "incompatible-restore", "insufficient-capacity", "maintenance", "modifying", "moving-to-vpc",
    "rebooting", "renaming", "resetting-master-credentials", "restore-error", "starting", "stopped",
    "stopping", "storage-config-upgrade", "storage-full", "storage-initialization",
    "storage-optimization", "upgrading",
];

/// The status that answers show: the imposed one, or else the lifecycle's own.
fn shown<'a>(imposed: Option<&'a Imposed>, own: &'static str) -> &'a str {
    imposed.map_or(own, |imposed| &imposed.status)
}

impl Cluster {
    pub(crate) fn state(&self) -> &str {
        shown(self.imposed.as_ref(), self.status.name())
    }

    pub(crate) fn is_available(&self) -> bool {
        self.state() == "available"
    }

    /// Whether it is available, and nothing else is under way with it.
    pub(crate) fn is_idle(&self) -> bool {
        self.is_available() && self.change.is_none() && self.deletion.is_none()
    }

    /// Whether it takes new instances. A restored cluster takes none while it is created
    /// ("Restoring from a DB cluster snapshot", Aurora user guide).
    pub(crate) fn takes_instances(&self) -> bool {
        match self.state() {
            "creating" => !self.restored && self.deletion.is_none(),
            "available" | "backing-up" | "modifying" | "resetting-master-credentials" => {
                self.deletion.is_none()
            }
            _ => false,
        }
    }
}

impl Region {
    /// The instances of a cluster, the oldest first.
    pub(crate) fn members(&self, cluster: &Cluster) -> Vec<&DbInstance> {
        let ids = cluster.members.iter();
        ids.filter_map(|id| self.db_instances.get(id)).collect()
    }
}

impl DbInstance {
    pub(crate) fn state(&self) -> &str {
        shown(self.imposed.as_ref(), self.status.name())
    }

    pub(crate) fn is_available(&self) -> bool {
        self.state() == "available"
    }

    /// Whether its machine is up, so that it can be the writer.
    pub(crate) fn can_write(&self) -> bool {
        let up = matches!(
            self.status,
            DbInstanceStatus::Available | DbInstanceStatus::Modifying | DbInstanceStatus::Upgrading
        );
        up && self.imposed.as_ref().is_none_or(|one| serves(&one.status))
    }
}

/// Whether an instance in this state answers its clients.
fn serves(state: &str) -> bool {
    let configuring = state.starts_with("configuring-") || state.starts_with("storage-");
    (configuring && state != "storage-full")
        || matches!(
            state,
            "available" | "backing-up" | "maintenance" | "modifying" | "upgrading"
        )
}
