//! Deleting the cluster itself.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Policy, Step};

use super::{ClusterReady, ReadyCluster, gone_if, unless_free, unless_network_is_free};
use crate::aurora::gone;
use crate::aurora::holders::Doomed;
use crate::aurora::holders::cluster::{self, Readiness};
use crate::aws::call::has_code;
use crate::aws::poll::confirmed;
use crate::aws::{Aws, rds, remove};

/// Asks RDS to delete the cluster, with or without a last snapshot, and the
/// instances that came since the survey, such as those of autoscaling.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeleteCluster {
    pub(crate) doomed: Doomed,
}

impl DeleteCluster {
    /// Deletes the members that nobody has deleted yet: RDS deletes no cluster
    /// with others.
    async fn delete_members(&self, at: &Attempt<Aws>) -> Result<(), Fault> {
        let (aws, region) = (at.context(), &self.doomed.region);
        for member in rds::instances(aws, region, &self.doomed.cluster).await? {
            let Some(name) = member.db_instance_identifier() else {
                continue;
            };
            if member.db_instance_status() != Some("deleting") {
                at.progress(format!("deleting instance {name}, too"));
                remove::instance(aws, region, name).await?;
            }
        }
        Ok(())
    }
}

impl Step for DeleteCluster {
    type Context = Aws;
    type Input = ClusterReady;
    type Output = ();
    const KIND: &'static str = "delete-cluster";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, ready: &ClusterReady) -> Result<Found<()>, Fault> {
        let (aws, doomed) = (at.context(), &self.doomed);
        let read = || rds::cluster(aws, &doomed.region, &doomed.cluster);
        let Some(found) = confirmed(at, read).await? else {
            return Ok(Found::Ours(()));
        };
        if let Some(own) = &doomed.identity {
            own.must_be(&found)?;
        }
        if Readiness::of(&found) != Readiness::Going {
            return Ok(gone_if(Some(())));
        }
        if doomed.final_snapshot.is_some() {
            // It may be another's deletion, without the snapshot.
            let look = cluster::look(aws, doomed, Some(ready.at)).await?;
            unless_free(doomed, &look.obstacles)?;
        }
        Ok(Found::Ours(()))
    }

    async fn run(&self, at: &Attempt<Aws>, ready: &ClusterReady) -> Result<(), Fault> {
        let (aws, doomed) = (at.context(), &self.doomed);
        if let Some(ready) = ReadyCluster::of(doomed) {
            ready.wait(at).await?;
        }
        let look = cluster::look(aws, doomed, Some(ready.at)).await?;
        // The state lags behind an accepted call; its snapshot does not.
        if look.was_asked || look.cluster.is_none() {
            return Ok(());
        }
        unless_free(doomed, &look.obstacles)?;
        unless_network_is_free(aws, doomed).await?;
        self.delete_members(at).await?;
        let snapshot = doomed.final_snapshot.clone();
        let answer = remove::cluster(aws, &doomed.region, &doomed.cluster, snapshot).await;
        let Err(fault) = answer else {
            return Ok(());
        };
        let taken = ["DBClusterSnapshotAlreadyExistsFault"];
        if has_code(&fault, &taken) || has_code(&fault, &["InvalidDBClusterStateFault"]) {
            // An earlier call of this step may have been accepted and its answer
            // lost.
            let look = cluster::look(aws, doomed, Some(ready.at)).await?;
            if look.was_asked {
                return Ok(());
            }
            unless_free(doomed, &look.obstacles)?;
            if has_code(&fault, &taken) {
                return Err(fault.with_class(FaultClass::Operator).with_hint(
                    "run `stepwell aurora delete` again, with another name for --final-snapshot",
                ));
            }
        }
        Err(fault)
    }
}
