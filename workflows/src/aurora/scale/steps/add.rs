//! An instance that is added.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Owner, Policy, Step};

use super::{look, unless_writer};
use crate::aurora::create::steps::CreateInstance;
use crate::aurora::{ClusterIdentity, InstanceIdentity, gone};
use crate::aws::poll::confirmed;
use crate::aws::{Aws, rds, remove};

/// Adds an instance, without waiting for it. It is made as that of a create is,
/// and taken away for itself: the cluster stays.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct AddInstance(pub(crate) CreateInstance);

impl Step for AddInstance {
    type Context = Aws;
    type Input = ClusterIdentity;
    type Output = InstanceIdentity;
    const KIND: &'static str = "add-instance";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        self.0.policy()
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        cluster: &ClusterIdentity,
    ) -> Result<Found<InstanceIdentity>, Fault> {
        self.0.check(at, cluster).await
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        cluster: &ClusterIdentity,
    ) -> Result<InstanceIdentity, Fault> {
        self.0.run(at, cluster).await
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        cluster: &ClusterIdentity,
        output: &InstanceIdentity,
    ) -> Result<(), Fault> {
        let (region, name) = (&self.0.region, &output.instance);
        let found = confirmed(at, || rds::instance(at.context(), region, name)).await?;
        let Some(found) = found.filter(|found| output.is(found)) else {
            return Ok(());
        };
        if let Some(cluster) = look(at, region, cluster).await? {
            unless_writer(&cluster, region, name)?;
        }
        if found.db_instance_status() != Some("deleting") {
            remove::instance(at.context(), region, name).await?;
        }
        gone::wait_instance_of(at, region, name, Some(&output.resource_id)).await
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        cluster: &ClusterIdentity,
        output: &InstanceIdentity,
    ) -> Result<Owner, Fault> {
        self.0.owner(at, cluster, output).await
    }

    fn ids(&self, output: &InstanceIdentity) -> Vec<String> {
        self.0.ids(output)
    }
}
