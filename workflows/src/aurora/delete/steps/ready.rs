//! Making a cluster ready for its deletion.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step, Timestamp};

use crate::aurora::ClusterIdentity;
use crate::aurora::gone;
use crate::aurora::holders::Doomed;
use crate::aurora::holders::cluster::Readiness;
use crate::aws::call::{fault, has_code, unless_gone};
use crate::aws::poll::{Seen, confirmed, poll};
use crate::aws::{Aws, rds};

/// Waits until RDS deletes the cluster and its instances: it does neither while
/// the cluster is stopped, stopping or being changed. A stopped one is started.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadyCluster {
    pub(crate) region: String,
    pub(crate) cluster: ClusterIdentity,
}

/// What is known once a cluster is ready.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClusterReady {
    /// The time at AWS: a final snapshot of this deletion is younger.
    pub(crate) at: Timestamp,
}

impl ReadyCluster {
    /// That of what is to be deleted, if a cluster is.
    pub(in crate::aurora::delete) fn of(doomed: &Doomed) -> Option<Self> {
        Some(Self {
            region: doomed.region.clone(),
            cluster: doomed.identity.clone()?,
        })
    }

    /// How the cluster stands; one that is gone is on its way out, too.
    async fn look(&self, at: &Attempt<Aws>) -> Result<(Readiness, String), Fault> {
        let read = || rds::cluster(at.context(), &self.region, &self.cluster.cluster);
        let Some(found) = confirmed(at, read).await? else {
            return Ok((Readiness::Going, "gone".to_owned()));
        };
        self.cluster.must_be(&found)?;
        let status = found.status().unwrap_or("unknown").to_owned();
        Ok((Readiness::of(&found), status))
    }

    /// Waits until the cluster is ready, and starts it where needed. Any step that
    /// needs it ready may wait: it may have been stopped since.
    pub(super) async fn wait(&self, at: &Attempt<Aws>) -> Result<(), Fault> {
        let what = format!(
            "cluster {:?} is not ready to be deleted",
            self.cluster.cluster
        );
        let (pace, deadline) = (Duration::from_secs(10), Duration::from_secs(90 * 60));
        poll(at, &what, pace, deadline, || async {
            let (readiness, status) = self.look(at).await?;
            if readiness == Readiness::Stopped {
                self.start(at).await?;
            }
            Ok(match is_ready(readiness) {
                true => Seen::Done(()),
                false => Seen::NotYet(status),
            })
        })
        .await
    }

    /// Asks for the cluster to be started; that it is under way is well.
    async fn start(&self, at: &Attempt<Aws>) -> Result<(), Fault> {
        let request = at.context().rds(&self.region).start_db_cluster();
        let answer = request.db_cluster_identifier(&self.cluster.cluster).send();
        let answer = answer.await.map_err(|error| fault("StartDBCluster", error));
        match unless_gone(answer) {
            Err(fault) if has_code(&fault, &["InvalidDBClusterStateFault"]) => Ok(()),
            answer => answer.map(drop),
        }
    }
}

fn is_ready(readiness: Readiness) -> bool {
    !matches!(readiness, Readiness::Passing | Readiness::Stopped)
}

impl Step for ReadyCluster {
    type Context = Aws;
    type Input = ();
    type Output = ClusterReady;
    const KIND: &'static str = "ready-cluster";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        gone::POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<ClusterReady>, Fault> {
        let (readiness, _) = self.look(at).await?;
        let at = at.context().time();
        Ok(match is_ready(readiness) {
            true => Found::Ours(ClusterReady { at }),
            false => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<ClusterReady, Fault> {
        self.wait(at).await?;
        Ok(ClusterReady {
            at: at.context().time(),
        })
    }
}
