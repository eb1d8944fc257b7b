//! A reader that is taken away.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::{look, unless_writer};
use crate::aurora::{ClusterIdentity, InstanceIdentity, gone};
use crate::aws::poll::confirmed;
use crate::aws::{Aws, rds, remove};

/// Asks RDS to delete a reader. One that has become the writer stays.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeleteReader {
    pub(crate) region: String,
    pub(crate) instance: InstanceIdentity,
}

impl Step for DeleteReader {
    type Context = Aws;
    type Input = ClusterIdentity;
    type Output = ();
    const KIND: &'static str = "delete-reader";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, _: &ClusterIdentity) -> Result<Found<()>, Fault> {
        let name = &self.instance.instance;
        let found = confirmed(at, || rds::instance(at.context(), &self.region, name)).await?;
        // Another of the name is not the one that this step is for.
        let stays = found.is_some_and(|found| {
            self.instance.is(&found) && found.db_instance_status() != Some("deleting")
        });
        Ok(match stays {
            true => Found::Nothing,
            false => Found::Ours(()),
        })
    }

    async fn run(&self, at: &Attempt<Aws>, cluster: &ClusterIdentity) -> Result<(), Fault> {
        let name = &self.instance.instance;
        if let Some(cluster) = look(at, &self.region, cluster).await? {
            unless_writer(&cluster, &self.region, name)?;
        }
        remove::instance(at.context(), &self.region, name).await
    }
}
