//! RDS's resources inside one region, and the secrets that RDS keeps.

use super::state::{ClusterStatus, DbInstanceStatus, Imposed};
use super::{Millis, Tags};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SubnetGroup {
    pub(crate) description: String,
    pub(crate) vpc: String,
    pub(crate) subnets: Vec<String>,
    pub(crate) tags: Tags,
    #[serde(default)]
    pub(crate) visible_at: Millis,
}

/// An Aurora cluster. Master passwords are checked and forgotten.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
    pub(crate) until: Option<Millis>,
    /// Restored from a snapshot: takes instances only once it is available.
    pub(crate) restored: bool,
    pub(crate) deletion_protection: bool,
    pub(crate) backup_retention: i64,
    pub(crate) iam_authentication: bool,
    pub(crate) copy_tags_to_snapshot: bool,
    pub(crate) encrypted: bool,
    pub(crate) data_api: bool,
    pub(crate) capacity: Option<(String, String)>,
    pub(crate) secret: Option<String>,
    /// Instances in the order of creation.
    pub(crate) members: Vec<String>,
    pub(crate) writer: Option<String>,
    #[serde(default)]
    pub(crate) visible_at: Millis,
    /// A state that a test put it into.
    #[serde(default)]
    pub(crate) imposed: Option<Imposed>,
    /// What was accepted and is not applied yet.
    #[serde(default)]
    pub(crate) change: Option<Change>,
    /// Its deletion was accepted.
    #[serde(default)]
    pub(crate) deletion: Option<Deletion>,
    /// The ARN of the cluster or instance that it replicates.
    #[serde(default)]
    pub(crate) replica_of: Option<String>,
    /// A secondary of a global cluster: none of its instances writes.
    #[serde(default)]
    pub(crate) read_only: bool,
}

/// What a call changes in a cluster: accepted, shown as pending, applied after a while.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Change {
    /// The status while it is applied. Until that begins, the cluster still shows `available`.
    pub(crate) status: ClusterStatus,
    pub(crate) lasts: Millis,
    pub(crate) password: bool,
    pub(crate) rotate: bool,
    pub(crate) version: Option<String>,
    pub(crate) port: Option<i64>,
    pub(crate) iam_authentication: Option<bool>,
    pub(crate) backup_retention: Option<i64>,
    /// The instance that becomes the writer.
    pub(crate) writer: Option<String>,
    /// It stops being a replica and a member of a global cluster.
    pub(crate) standalone: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct GlobalCluster {
    pub(crate) engine: String,
    pub(crate) version: String,
    pub(crate) database: Option<String>,
    pub(crate) encrypted: bool,
    pub(crate) deletion_protection: bool,
    pub(crate) resource_id: String,
    pub(crate) tags: Tags,
    /// In the answer to its deletion, after which it is gone.
    #[serde(skip)]
    pub(crate) deleting: bool,
    /// Clusters in the order in which they joined; at most one of them writes.
    pub(crate) members: Vec<GlobalMember>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GlobalMember {
    pub(crate) region: String,
    pub(crate) cluster: String,
    /// The primary, which the others follow.
    pub(crate) writer: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Deployment {
    pub(crate) name: String,
    /// The blue cluster, which serves.
    pub(crate) source: String,
    pub(crate) target: String,
    pub(crate) created_at: Millis,
    /// From when on it is `AVAILABLE`.
    pub(crate) available_at: Millis,
    pub(crate) tags: Tags,
    /// In the answer to its deletion, after which it is gone.
    #[serde(skip)]
    pub(crate) deleting: bool,
}

impl Deployment {
    pub(crate) fn status(&self, now: Millis) -> &'static str {
        match now < self.available_at {
            true => "PROVISIONING",
            false => "AVAILABLE",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Deletion {
    /// The final snapshot, which has to be available before the cluster goes.
    pub(crate) snapshot: Option<String>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DbInstance {
    pub(crate) cluster: String,
    pub(crate) class: String,
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
    #[serde(default)]
    pub(crate) visible_at: Millis,
    /// A state that a test put it into.
    #[serde(default)]
    pub(crate) imposed: Option<Imposed>,
}

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

impl Snapshot {
    pub(crate) fn status(&self, now: Millis) -> &'static str {
        match now < self.available_at {
            true => "creating",
            false => "available",
        }
    }
}

/// A master user secret. Its password follows from the account's seed and the ARN.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Secret {
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) cluster_arn: String,
    pub(crate) created_at: Millis,
    /// From when on it is `active`; absent until its cluster has an instance that is available.
    pub(crate) active_at: Option<Millis>,
    pub(crate) version: u32,
    /// Until when it is `rotating`.
    #[serde(default)]
    pub(crate) rotating_until: Millis,
    /// A test has it `impaired`.
    #[serde(default)]
    pub(crate) impaired: bool,
}

impl Secret {
    /// The status as RDS tells it in `MasterUserSecret`.
    pub(crate) fn status(&self, now: Millis) -> &'static str {
        if self.active_at.is_none_or(|at| now < at) {
            "creating"
        } else if self.impaired {
            "impaired"
        } else if now < self.rotating_until {
            "rotating"
        } else {
            "active"
        }
    }
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

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) at: Millis,
    pub(crate) source: Source,
    pub(crate) id: String,
    pub(crate) category: String,
    pub(crate) message: String,
}
