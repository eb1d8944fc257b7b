//! The cluster's protection against deletion.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Owner, Policy, Step};

use super::cluster::{look, owner};
use crate::aurora::ClusterIdentity;
use crate::aws::call::{fault, has_code, unless_gone};
use crate::aws::tags::{self, Tagged as _};
use crate::aws::{Aws, POLICY, rds};

/// Protects the cluster against deletion, once everything stands: until then a
/// failure must be able to take it away again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProtectCluster {
    pub(crate) region: String,
}

impl ProtectCluster {
    async fn set(&self, at: &Attempt<Aws>, cluster: &str, on: bool) -> Result<(), Fault> {
        at.context()
            .rds(&self.region)
            .modify_db_cluster()
            .db_cluster_identifier(cluster)
            .deletion_protection(on)
            .apply_immediately(true)
            .send()
            .await
            .map(drop)
            .map_err(|error| fault("ModifyDBCluster", error))
    }
}

impl Step for ProtectCluster {
    type Context = Aws;
    type Input = ClusterIdentity;
    type Output = ();
    const KIND: &'static str = "protect-cluster";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, input: &ClusterIdentity) -> Result<Found<()>, Fault> {
        let cluster = rds::cluster(at.context(), &self.region, &input.cluster).await?;
        let protected = cluster
            .filter(|cluster| input.is(cluster) && cluster.deletion_protection() == Some(true));
        let Some(cluster) = protected else {
            return Ok(Found::Nothing);
        };
        Ok(tags::owned(cluster.tag_list().tag(tags::RUN), at, ()))
    }

    async fn run(&self, at: &Attempt<Aws>, input: &ClusterIdentity) -> Result<(), Fault> {
        look(at, &self.region, input).await?;
        match self.set(at, &input.cluster, true).await {
            // It was seen a moment ago.
            Err(fault) if has_code(&fault, &["DBClusterNotFoundFault"]) => {
                Err(fault.with_class(FaultClass::Transient))
            }
            answer => answer,
        }
    }

    async fn undo(&self, at: &Attempt<Aws>, input: &ClusterIdentity, (): &()) -> Result<(), Fault> {
        unless_gone(self.set(at, &input.cluster, false).await).map(drop)
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        input: &ClusterIdentity,
        (): &(),
    ) -> Result<Owner, Fault> {
        owner(at, &self.region, input).await
    }
}
