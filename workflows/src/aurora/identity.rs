//! Who a cluster or an instance is. RDS gives a name again once it is free, and
//! an id of its own only once; so what a run found or made is known by that id.

use aws_sdk_rds::types::{DbCluster, DbClusterSnapshot, DbInstance};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Fault, Timestamp};

/// A cluster that a run found or made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterIdentity {
    /// Its name, as RDS spells it (in lower case).
    pub cluster: String,
    /// `DbClusterResourceId`, which RDS gives once.
    pub resource_id: String,
    /// When it was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// An instance that a run found or made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceIdentity {
    /// Its name, as RDS spells it (in lower case).
    pub instance: String,
    /// `DbiResourceId`, which RDS gives once.
    pub resource_id: String,
}

impl ClusterIdentity {
    /// Who a described cluster is.
    pub(crate) fn of(cluster: &DbCluster) -> Self {
        Self {
            cluster: cluster
                .db_cluster_identifier()
                .unwrap_or_default()
                .to_owned(),
            resource_id: cluster
                .db_cluster_resource_id()
                .unwrap_or_default()
                .to_owned(),
            created_at: cluster
                .cluster_create_time()
                .and_then(|at| at.to_millis().ok())
                .map(Timestamp),
        }
    }

    /// Whether a described cluster is this one.
    pub(crate) fn is(&self, cluster: &DbCluster) -> bool {
        cluster.db_cluster_resource_id() == Some(&self.resource_id)
    }

    /// Whether a snapshot is of this cluster. RDS names the cluster's resource id
    /// in it; where a stand-in for AWS does not, the time of the cluster's
    /// creation tells, which two clusters of one name can't share.
    pub(crate) fn has(&self, snapshot: &DbClusterSnapshot) -> bool {
        if let Some(id) = snapshot.db_cluster_resource_id() {
            return id == self.resource_id;
        }
        let created = snapshot
            .cluster_create_time()
            .and_then(|at| at.to_millis().ok());
        snapshot.db_cluster_identifier() == Some(&self.cluster)
            && created.is_some()
            && created == self.created_at.map(|at| at.0)
    }

    /// Says that another cluster has the name, if one has: both identities, for
    /// a message.
    pub(crate) fn differs(&self, cluster: &DbCluster) -> Option<String> {
        (!self.is(cluster)).then(|| {
            format!(
                "another cluster is named {:?} now: {}, not {}",
                self.cluster,
                Self::of(cluster).words(),
                self.words()
            )
        })
    }

    /// `cluster-ABC (created 2026-01-01T00:00:00Z)`
    pub(crate) fn words(&self) -> String {
        match self.created_at {
            Some(at) => {
                let at = aws_smithy_types::DateTime::from_millis(at.0);
                let at = at.fmt(aws_smithy_types::date_time::Format::DateTime);
                format!("{} (created {})", self.resource_id, at.unwrap_or_default())
            }
            None => self.resource_id.clone(),
        }
    }

    /// A fault if another cluster has the name.
    pub(crate) fn must_be(&self, cluster: &DbCluster) -> Result<(), Fault> {
        match self.differs(cluster) {
            None => Ok(()),
            Some(message) => Err(Fault::permanent(message).with_hint(
                "this run does not touch the other cluster; `stepwell aurora delete` deletes it by name",
            ).without_effect()),
        }
    }
}

impl InstanceIdentity {
    /// Who a described instance is.
    pub(crate) fn of(instance: &DbInstance) -> Self {
        Self {
            instance: instance
                .db_instance_identifier()
                .unwrap_or_default()
                .to_owned(),
            resource_id: instance.dbi_resource_id().unwrap_or_default().to_owned(),
        }
    }

    /// Whether a described instance is this one.
    pub(crate) fn is(&self, instance: &DbInstance) -> bool {
        instance.dbi_resource_id() == Some(&self.resource_id)
    }

    /// Says that another instance has the name, if one has: both identities,
    /// for a message.
    pub(crate) fn differs(&self, instance: &DbInstance) -> Option<String> {
        (!self.is(instance)).then(|| {
            format!(
                "another instance is named {:?} now: {}, not {}",
                self.instance,
                Self::of(instance).resource_id,
                self.resource_id
            )
        })
    }

    /// A fault if another instance has the name.
    pub(crate) fn must_be(&self, instance: &DbInstance) -> Result<(), Fault> {
        match self.differs(instance) {
            None => Ok(()),
            Some(message) => Err(Fault::permanent(message)
                .with_hint("this run does not touch the other instance")
                .without_effect()),
        }
    }
}
