//! The cluster with the data of a snapshot.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Owner, Policy, Step};

use super::cluster::{find, labels, made, not_made, owner, take_away};
use super::security_group::SecurityGroupMade;
use super::subnet_group::SubnetGroupMade;
use crate::aurora::create::capacity::Capacity;
use crate::aurora::{ClusterIdentity, gone};
use crate::aws::Aws;
use crate::aws::call::fault;
use crate::aws::state::{Kind, Subject, settled};
use crate::aws::tags::{self, Labels};

/// Restores the cluster from a snapshot, without waiting for it. User,
/// password, databases and encryption are the snapshot's: the call takes none
/// of the first three (RDS API reference, `RestoreDBClusterFromSnapshot`).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RestoreCluster {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) snapshot: String,
    pub(crate) engine: String,
    pub(crate) engine_version: String,
    /// How many instances the cluster is to have.
    pub(crate) instances: usize,
    pub(crate) capacity: Option<Capacity>,
}

impl Step for RestoreCluster {
    type Context = Aws;
    type Input = (SubnetGroupMade, SecurityGroupMade);
    type Output = ClusterIdentity;
    const KIND: &'static str = "restore-cluster";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        (group, _): &Self::Input,
    ) -> Result<Found<ClusterIdentity>, Fault> {
        let snapshot = Some(self.snapshot.as_str());
        find(at, &self.region, &self.labels, group, snapshot).await
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (group, security): &Self::Input,
    ) -> Result<ClusterIdentity, Fault> {
        // By the tag another run knows later what it would complete.
        let origin = aws_sdk_rds::types::Tag::builder()
            .key(tags::SNAPSHOT)
            .value(&self.snapshot)
            .build();
        let mut labels = labels(at, &self.labels, self.instances);
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
            .set_serverless_v2_scaling_configuration(self.capacity.map(Capacity::scaling))
            .set_tags(Some(labels))
            .send()
            .await
            .map_err(|error| fault("RestoreDBClusterFromSnapshot", error));
        let subject = Subject::to_use(Kind::Snapshot, &self.region, &self.snapshot);
        match settled(at.context(), &subject, answer).await {
            Ok(answer) => made(answer.db_cluster()),
            Err(fault) => Err(not_made(fault)),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &Self::Input,
        output: &ClusterIdentity,
    ) -> Result<(), Fault> {
        take_away(at, &self.region, output).await
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        _: &Self::Input,
        output: &ClusterIdentity,
    ) -> Result<Owner, Fault> {
        owner(at, &self.region, output).await
    }

    fn ids(&self, output: &ClusterIdentity) -> Vec<String> {
        vec![output.cluster.clone()]
    }
}
