//! The waits until a cluster and its instances are available.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_rds::types::{DbCluster, DbInstance, SourceType};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use crate::aurora::{ClusterIdentity, InstanceIdentity, gone};
use crate::aws::poll::{Presence, Seen, poll};
use crate::aws::{Aws, rds, states};

/// How long a change of the password may not show yet: RDS accepts it some
/// seconds before the cluster's state says so. (The Terraform provider waits
/// as long before its first look.)
const LAG: Duration = Duration::from_secs(30);

/// Waits until the cluster is available, and no change of its password is
/// pending.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitCluster {
    pub(crate) region: String,
    /// Whether it was changed right before, which its state may not show yet.
    pub(crate) changed: bool,
}

/// Whether a cluster serves, with nothing pending that a create needs.
fn is_ready(cluster: &DbCluster) -> bool {
    let pending = cluster.pending_modified_values();
    let password = pending.and_then(|pending| pending.master_user_password());
    let serves = |status| states::of_cluster(status).serves();
    cluster.status().is_some_and(serves) && password.is_none()
}

impl Step for WaitCluster {
    type Context = Aws;
    type Input = ClusterIdentity;
    type Output = ClusterIdentity;
    const KIND: &'static str = "wait-cluster";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        input: &ClusterIdentity,
    ) -> Result<Found<ClusterIdentity>, Fault> {
        if self.changed {
            return Ok(Found::Nothing);
        }
        let cluster = rds::cluster(at.context(), &self.region, &input.cluster).await?;
        let ready = cluster.is_some_and(|cluster| input.is(&cluster) && is_ready(&cluster));
        Ok(if ready {
            Found::Ours(input.clone())
        } else {
            Found::Nothing
        })
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        input: &ClusterIdentity,
    ) -> Result<ClusterIdentity, Fault> {
        let name = &input.cluster;
        let what = format!("cluster {name:?} is not available");
        let (pace, deadline) = (Duration::from_secs(5), Duration::from_secs(120 * 60));
        let presence = Presence::default();
        let started = at.clock().elapsed();
        // Nothing shows of the change before it has begun or the lag is over.
        let shown = AtomicBool::new(!self.changed);
        poll(at, &what, pace, deadline, || async {
            let cluster = rds::cluster(at.context(), &self.region, name).await?;
            let cluster = presence.look(cluster, &format!("cluster {name:?}"))?;
            if let Some(cluster) = &cluster {
                input.must_be(cluster)?;
            }
            match cluster.as_ref().and_then(DbCluster::status) {
                // A state that serves but is not available speaks of the change.
                Some(status)
                    if cluster.as_ref().is_some_and(is_ready)
                        && (!self.changed || status == "available") =>
                {
                    let waited = at.clock().elapsed().saturating_sub(started);
                    Ok(if shown.load(Ordering::Relaxed) || waited >= LAG {
                        Seen::Done(input.clone())
                    } else {
                        Seen::NotYet("available, and the change does not show yet".to_owned())
                    })
                }
                Some("available") => {
                    shown.store(true, Ordering::Relaxed);
                    Ok(Seen::NotYet("the new password is pending".to_owned()))
                }
                Some(status) if states::of_cluster(status).never_serves() => {
                    let kind = SourceType::DbCluster;
                    let words = rds::last_words(at.context(), &self.region, kind, name).await;
                    Err(terminal("cluster", name, status, words))
                }
                Some(status) => {
                    shown.store(true, Ordering::Relaxed);
                    Ok(Seen::NotYet(status.to_owned()))
                }
                None => Ok(Seen::NotYet("not visible yet".to_owned())),
            }
        })
        .await
    }
}

/// Waits until an instance is available.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitInstance {
    pub(crate) region: String,
}

impl Step for WaitInstance {
    type Context = Aws;
    type Input = InstanceIdentity;
    type Output = InstanceIdentity;
    const KIND: &'static str = "wait-instance";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        input: &InstanceIdentity,
    ) -> Result<Found<InstanceIdentity>, Fault> {
        let instance = rds::instance(at.context(), &self.region, &input.instance).await?;
        let ready = instance.is_some_and(|instance| {
            let serves = |status| states::of_instance(status).serves();
            input.is(&instance) && instance.db_instance_status().is_some_and(serves)
        });
        Ok(if ready {
            Found::Ours(input.clone())
        } else {
            Found::Nothing
        })
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        input: &InstanceIdentity,
    ) -> Result<InstanceIdentity, Fault> {
        let name = &input.instance;
        let what = format!("instance {name:?} is not available");
        let (pace, deadline) = (Duration::from_secs(10), Duration::from_secs(90 * 60));
        let presence = Presence::default();
        poll(at, &what, pace, deadline, || async {
            let instance = rds::instance(at.context(), &self.region, name).await?;
            let instance = presence.look(instance, &format!("instance {name:?}"))?;
            if let Some(instance) = &instance {
                input.must_be(instance)?;
            }
            match instance.as_ref().and_then(DbInstance::db_instance_status) {
                Some(status) if states::of_instance(status).serves() => {
                    Ok(Seen::Done(input.clone()))
                }
                Some(status) if states::of_instance(status).never_serves() => {
                    let kind = SourceType::DbInstance;
                    let words = rds::last_words(at.context(), &self.region, kind, name).await;
                    Err(terminal("instance", name, status, words))
                }
                status => Ok(Seen::NotYet(status.unwrap_or("not visible yet").to_owned())),
            }
        })
        .await
    }
}

/// A state that does not become "available", with what RDS says of it.
fn terminal(kind: &str, name: &str, status: &str, words: Option<String>) -> Fault {
    let mut fault = Fault::permanent(format!("{kind} {name:?} is {status}"));
    fault.hint = states::hint(status).map(str::to_owned);
    match words {
        Some(words) => fault.with_cause(format!("RDS says: {words}")),
        None => fault,
    }
}
