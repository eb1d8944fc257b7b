//! The cluster that is scaled, before and after.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::{look, present};
use crate::aurora::{ClusterIdentity, InstanceIdentity};
use crate::aws::{Aws, POLICY, rds};

/// Makes sure that the cluster is the one that was surveyed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FindCluster {
    pub(crate) region: String,
    pub(crate) cluster: ClusterIdentity,
}

impl Step for FindCluster {
    type Context = Aws;
    type Input = ();
    type Output = ClusterIdentity;
    const KIND: &'static str = "find-cluster";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<ClusterIdentity>, Fault> {
        let found = look(at, &self.region, &self.cluster).await?;
        Ok(match found {
            Some(_) => Found::Theirs(self.cluster.clone()),
            None => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<ClusterIdentity, Fault> {
        present(at, &self.region, &self.cluster).await?;
        Ok(self.cluster.clone())
    }

    fn ids(&self, output: &ClusterIdentity) -> Vec<String> {
        vec![output.cluster.clone()]
    }
}

/// Reads back what there is when it is done.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifyScaled {
    pub(crate) region: String,
    pub(crate) removed: Vec<String>,
}

/// What `aurora scale` gives: the run's output. The names are part of the
/// documented JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scaled {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The writer's host name.
    pub endpoint: Option<String>,
    /// The readers' host name.
    pub reader_endpoint: Option<String>,
    /// The instances that there are now.
    pub instances: Vec<String>,
    /// Those that were added.
    pub added: Vec<String>,
    /// Those that were taken away.
    pub removed: Vec<String>,
}

impl Step for VerifyScaled {
    type Context = Aws;
    type Input = (ClusterIdentity, Vec<InstanceIdentity>);
    type Output = Scaled;
    const KIND: &'static str = "verify-scaled";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (identity, added): &Self::Input,
    ) -> Result<Scaled, Fault> {
        let cluster = present(at, &self.region, identity).await?;
        let members = rds::instances(at.context(), &self.region, &identity.cluster).await?;
        let mut instances: Vec<String> = members
            .iter()
            .filter(|instance| instance.db_instance_status() != Some("deleting"))
            .filter_map(|instance| instance.db_instance_identifier().map(str::to_owned))
            .collect();
        instances.sort();
        Ok(Scaled {
            cluster: identity.cluster.clone(),
            region: self.region.clone(),
            endpoint: cluster.endpoint().map(str::to_owned),
            reader_endpoint: cluster.reader_endpoint().map(str::to_owned),
            instances,
            added: added.iter().map(|one| one.instance.clone()).collect(),
            removed: self.removed.clone(),
        })
    }
}
