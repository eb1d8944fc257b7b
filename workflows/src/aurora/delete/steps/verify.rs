//! The last look of a deletion.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Policy, Step};

use crate::aurora::holders::{Doomed, Part, Standing};
use crate::aurora::{final_snapshot, gone};
use crate::aws::poll::until_gone;
use crate::aws::{Aws, ec2, rds};

/// Looks once more for anything of the cluster: a delete that left something
/// must say so. And for its final snapshot: one that is not there, or another
/// cluster's, must not be told of as the one that keeps the data.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifyGone {
    pub(crate) doomed: Doomed,
    pub(crate) parts: Vec<Part>,
}

/// The output of a delete.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Deleted {
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) final_snapshot: Option<String>,
}

impl VerifyGone {
    async fn left(&self, at: &Attempt<Aws>) -> Result<Vec<String>, Fault> {
        let (aws, doomed) = (at.context(), &self.doomed);
        let (region, name) = (doomed.region.as_str(), doomed.cluster.as_str());
        let mut left = Vec::new();
        let cluster = rds::cluster(aws, region, name).await?;
        // Another cluster that has got the name is not what was deleted, nor are
        // its instances and its VPC.
        let is_another = match (&doomed.identity, &cluster) {
            (Some(own), Some(found)) => !own.is(found),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if cluster.is_some() && !is_another {
            left.push(format!("cluster {name}"));
        }
        if !is_another {
            for instance in rds::instances(aws, region, name).await? {
                let name = instance.db_instance_identifier().unwrap_or_default();
                left.push(format!("instance {name}"));
            }
        }
        for group in &doomed.subnet_groups {
            let found = rds::subnet_group(aws, region, group).await?;
            if found.is_some() && !is_another {
                left.push(format!("subnet group {group}"));
            }
        }
        for part in &self.parts {
            if part.standing(aws, region).await? == Standing::There {
                left.push(format!("{} {}", part.kind.words(), part.id));
            }
        }
        for vpc in ec2::vpcs_of(aws, region, name).await? {
            let id = vpc.vpc_id().unwrap_or_default();
            if !is_another || doomed.vpcs.iter().any(|own| own == id) {
                left.push(format!("vpc {id}"));
            }
        }
        Ok(left)
    }
}

impl Step for VerifyGone {
    type Context = Aws;
    type Input = ();
    type Output = Deleted;
    const KIND: &'static str = "verify-gone";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<Deleted, Fault> {
        until_gone(at, || self.left(at)).await?;
        let doomed = &self.doomed;
        if let Some(name) = &doomed.final_snapshot {
            let identity = doomed.identity.as_ref();
            final_snapshot::wait_available(at, &doomed.region, name, identity).await?;
        }
        Ok(Deleted {
            cluster: doomed.cluster.clone(),
            region: doomed.region.clone(),
            final_snapshot: doomed.final_snapshot.clone(),
        })
    }
}
