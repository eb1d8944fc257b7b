//! RDS's resources inside one region, and the secrets that RDS keeps.

use super::{Millis, Tags};
use serde::{Deserialize, Serialize};

/// A DB subnet group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SubnetGroup {
    pub(crate) description: String,
    pub(crate) vpc: String,
    pub(crate) subnets: Vec<String>,
    pub(crate) tags: Tags,
}

/// An Aurora cluster. Master passwords are checked and forgotten.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Cluster {
    pub(crate) engine: String,
    pub(crate) version: String,
    pub(crate) username: String,
    pub(crate) database: Option<String>,
    pub(crate) port: i64,
    pub(crate) subnet_group: String,
    pub(crate) vpc: String,
    pub(crate) groups: Vec<String>,
    pub(crate) zones: Vec<String>,
    pub(crate) tags: Tags,
    pub(crate) resource_id: String,
    /// The part of the endpoints that the account and region give.
    pub(crate) domain: String,
    pub(crate) created_at: Millis,
    pub(crate) status: ClusterStatus,
    /// When the status changes by itself.
    pub(crate) until: Option<Millis>,
    /// Restored from a snapshot: takes instances only once it is available.
    pub(crate) restored: bool,
    pub(crate) deletion_protection: bool,
    pub(crate) backup_retention: i64,
    pub(crate) iam_authentication: bool,
    pub(crate) copy_tags_to_snapshot: bool,
    pub(crate) encrypted: bool,
    pub(crate) data_api: bool,
    /// Serverless v2 capacity, as given.
    pub(crate) capacity: Option<(String, String)>,
    /// The ARN of the master user secret.
    pub(crate) secret: Option<String>,
    /// Instances in the order of creation.
    pub(crate) members: Vec<String>,
    pub(crate) writer: Option<String>,
}

/// The status of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ClusterStatus {
    Creating,
    Available,
    Modifying,
    ResettingMasterCredentials,
    Upgrading,
    Stopping,
    Stopped,
    Starting,
    Deleting,
}

impl ClusterStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Modifying => "modifying",
            Self::ResettingMasterCredentials => "resetting-master-credentials",
            Self::Upgrading => "upgrading",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Deleting => "deleting",
        }
    }
}

/// An instance of a cluster.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DbInstance {
    pub(crate) cluster: String,
    pub(crate) class: String,
    /// A class that it is changing to.
    pub(crate) pending_class: Option<String>,
    pub(crate) zone: String,
    pub(crate) tags: Tags,
    pub(crate) resource_id: String,
    pub(crate) created_at: Millis,
    pub(crate) status: DbInstanceStatus,
    pub(crate) until: Option<Millis>,
    pub(crate) tier: i64,
    pub(crate) minor_upgrades: bool,
    pub(crate) performance_insights: bool,
    pub(crate) insights_retention: i64,
    pub(crate) public: bool,
    pub(crate) monitoring_interval: i64,
    pub(crate) interface: String,
}

/// The status of a DB instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum DbInstanceStatus {
    Creating,
    Available,
    Modifying,
    Upgrading,
    Stopping,
    Stopped,
    Starting,
    Deleting,
}

impl DbInstanceStatus {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Available => "available",
            Self::Modifying => "modifying",
            Self::Upgrading => "upgrading",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Deleting => "deleting",
        }
    }
}

/// A manual cluster snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) cluster: String,
    pub(crate) cluster_resource_id: String,
    pub(crate) cluster_created_at: Millis,
    pub(crate) engine: String,
    pub(crate) version: String,
    pub(crate) username: String,
    pub(crate) database: Option<String>,
    pub(crate) port: i64,
    pub(crate) vpc: String,
    pub(crate) zones: Vec<String>,
    pub(crate) encrypted: bool,
    pub(crate) tags: Tags,
    pub(crate) created_at: Millis,
    /// From when on it is `available`.
    pub(crate) available_at: Millis,
}

/// A master user secret. Its password follows from the account's seed and the ARN.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) cluster_arn: String,
    pub(crate) created_at: Millis,
    /// From when on it is `active`.
    pub(crate) active_at: Millis,
    /// How often it was rotated.
    pub(crate) version: u32,
}

/// What a message of RDS is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Source {
    Instance,
    Cluster,
    Snapshot,
}

impl Source {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Instance => "db-instance",
            Self::Cluster => "db-cluster",
            Self::Snapshot => "db-cluster-snapshot",
        }
    }

    /// The resource type inside an ARN.
    pub(crate) fn arn_type(self) -> &'static str {
        match self {
            Self::Instance => "db",
            Self::Cluster => "cluster",
            Self::Snapshot => "cluster-snapshot",
        }
    }
}

/// An RDS event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) at: Millis,
    pub(crate) source: Source,
    pub(crate) id: String,
    pub(crate) category: String,
    pub(crate) message: String,
}
