//! The tag with the number of instances that a cluster is to have.

use aws_sdk_rds::types::{DbCluster, Tag};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::{look, present};
use crate::aurora::ClusterIdentity;
use crate::aws::call::{fault, unless_gone};
use crate::aws::tags;
use crate::aws::{Aws, POLICY};

/// Sets the tag, on a cluster that has it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetInstances {
    pub(crate) region: String,
    pub(crate) instances: u32,
    pub(crate) before: u32,
}

impl SetInstances {
    async fn set(&self, at: &Attempt<Aws>, cluster: &DbCluster, number: u32) -> Result<(), Fault> {
        let tag = Tag::builder()
            .key(tags::INSTANCES)
            .value(number.to_string())
            .build();
        let answer = at
            .context()
            .rds(&self.region)
            .add_tags_to_resource()
            .resource_name(cluster.db_cluster_arn().unwrap_or_default())
            .tags(tag)
            .send()
            .await
            .map_err(|error| fault("AddTagsToResource", error));
        unless_gone(answer).map(drop)
    }
}

fn says(cluster: &DbCluster, number: u32) -> bool {
    tags::rds_value(cluster.tag_list(), tags::INSTANCES) == Some(number.to_string().as_str())
}

impl Step for SetInstances {
    type Context = Aws;
    type Input = ClusterIdentity;
    type Output = ClusterIdentity;
    const KIND: &'static str = "set-instances";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    /// The survey found another number, so this one is the run's own.
    async fn check(
        &self,
        at: &Attempt<Aws>,
        identity: &ClusterIdentity,
    ) -> Result<Found<ClusterIdentity>, Fault> {
        let found = look(at, &self.region, identity).await?;
        Ok(
            match found.is_some_and(|found| says(&found, self.instances)) {
                true => Found::Ours(identity.clone()),
                false => Found::Nothing,
            },
        )
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        identity: &ClusterIdentity,
    ) -> Result<ClusterIdentity, Fault> {
        let cluster = present(at, &self.region, identity).await?;
        self.set(at, &cluster, self.instances).await?;
        Ok(identity.clone())
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        identity: &ClusterIdentity,
        _: &ClusterIdentity,
    ) -> Result<(), Fault> {
        match look(at, &self.region, identity).await? {
            Some(cluster) => self.set(at, &cluster, self.before).await,
            None => Ok(()),
        }
    }
}
