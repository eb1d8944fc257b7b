//! The cluster with the data of a snapshot.

use serde::Serialize;
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::cluster::{ClusterMade, find, not_made, take_away};
use super::security_group::SecurityGroupMade;
use super::subnet_group::SubnetGroupMade;
use crate::aurora::gone;
use crate::aws::Aws;
use crate::aws::call::fault;
use crate::aws::tags::{self, Labels};

/// Restores the cluster from a snapshot, without waiting for it. User,
/// password, databases and encryption are the snapshot's: the call takes none
/// of the first three (RDS API reference, `RestoreDBClusterFromSnapshot`).
#[derive(Debug, Serialize)]
pub(crate) struct RestoreCluster {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) snapshot: String,
    pub(crate) engine: String,
    pub(crate) engine_version: String,
}

impl Step for RestoreCluster {
    type Context = Aws;
    type Input = (SubnetGroupMade, SecurityGroupMade);
    type Output = ClusterMade;
    const KIND: &'static str = "restore-cluster";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        (group, _): &Self::Input,
    ) -> Result<Found<ClusterMade>, Fault> {
        let snapshot = Some(self.snapshot.as_str());
        find(at, &self.region, &self.labels, group, snapshot).await
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (group, security): &Self::Input,
    ) -> Result<ClusterMade, Fault> {
        // By the tag another run knows later what it would complete.
        let origin = aws_sdk_rds::types::Tag::builder()
            .key(tags::SNAPSHOT)
            .value(&self.snapshot)
            .build();
        let mut labels = self.labels.rds(at);
        labels.push(origin);
        let answer = at
            .context()
            .rds(&self.region)
            .restore_db_cluster_from_snapshot()
            .db_cluster_identifier(&self.labels.cluster)
            .snapshot_identifier(&self.snapshot)
            .engine(&self.engine)
            .engine_version(&self.engine_version)
            .db_subnet_group_name(&group.name)
            .vpc_security_group_ids(&security.group_id)
            .set_tags(Some(labels))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(ClusterMade::of(&self.labels)),
            Err(error) => Err(not_made(fault("RestoreDBClusterFromSnapshot", error))),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &Self::Input,
        output: &ClusterMade,
    ) -> Result<(), Fault> {
        take_away(at, &self.region, &output.cluster).await
    }

    fn ids(&self, output: &ClusterMade) -> Vec<String> {
        vec![output.cluster.clone()]
    }
}
