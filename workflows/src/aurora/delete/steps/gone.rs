//! Waiting until what was deleted is gone.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Policy, Step};

use crate::aurora::InstanceIdentity;
use crate::aurora::gone;
use crate::aurora::holders::{Doomed, Part, Standing};
use crate::aws::poll::{Seen, poll};
use crate::aws::{Aws, POLICY};

/// Waits until an instance is gone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitInstanceGone {
    pub(crate) region: String,
    pub(crate) instance: InstanceIdentity,
}

impl Step for WaitInstanceGone {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "wait-instance-gone";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let InstanceIdentity {
            instance,
            resource_id,
        } = &self.instance;
        gone::wait_instance_of(at, &self.region, instance, Some(resource_id)).await
    }
}

/// Waits until the cluster is gone.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitClusterGone {
    pub(crate) doomed: Doomed,
}

impl Step for WaitClusterGone {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "wait-cluster-gone";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let Doomed {
            region,
            cluster,
            identity,
            final_snapshot,
            ..
        } = &self.doomed;
        let id = identity.as_ref().map(|own| own.resource_id.as_str());
        gone::wait_cluster_of(at, region, cluster, id, final_snapshot.as_deref()).await
    }
}

/// Waits until a part of the VPC is gone, which holds its subnets until then.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitPartGone {
    pub(crate) region: String,
    pub(crate) part: Part,
}

impl Step for WaitPartGone {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "wait-part-gone";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        Policy {
            timeout: POLICY.deadline,
            deadline: POLICY.deadline * 2,
            ..POLICY
        }
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let what = format!("{} {} is still there", self.part.kind.words(), self.part.id);
        let (pace, deadline) = (Duration::from_secs(5), Duration::from_secs(20 * 60));
        poll(at, &what, pace, deadline, || async {
            let standing = self.part.standing(at.context(), &self.region).await?;
            Ok(match standing {
                Standing::Gone => Seen::Done(()),
                Standing::Going => Seen::NotYet("deleting".to_owned()),
                Standing::There => Seen::NotYet("not deleted yet".to_owned()),
            })
        })
        .await
    }
}
