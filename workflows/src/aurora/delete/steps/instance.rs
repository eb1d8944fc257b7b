//! Deleting an instance.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::{ReadyCluster, gone_if, unless_free, unless_network_is_free};
use crate::aurora::InstanceIdentity;
use crate::aurora::gone;
use crate::aurora::holders::{Doomed, cluster};
use crate::aws::poll::confirmed;
use crate::aws::{Aws, rds, remove};

/// Asks RDS to delete an instance, if nothing keeps the rest from going.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeleteInstance {
    pub(crate) doomed: Doomed,
    pub(crate) instance: InstanceIdentity,
    /// Whether nothing is destroyed before it.
    pub(crate) first: bool,
}

impl Step for DeleteInstance {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "delete-instance";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        let (region, name) = (&self.doomed.region, &self.instance.instance);
        let found = confirmed(at, || rds::instance(at.context(), region, name)).await?;
        // Another of the name is not what this step is for: the one that it is
        // for is gone.
        Ok(gone_if(found.filter(|found| {
            self.instance.is(found) && found.db_instance_status() != Some("deleting")
        })))
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let (aws, doomed) = (at.context(), &self.doomed);
        if let Some(ready) = ReadyCluster::of(doomed) {
            ready.wait(at).await?;
            let look = cluster::look(aws, doomed, None).await?;
            unless_free(doomed, &look.obstacles)?;
        }
        if self.first {
            unless_network_is_free(aws, doomed).await?;
        }
        remove::instance(aws, &doomed.region, &self.instance.instance).await
    }
}
