//! Stopping Keycloak in all data centres at once, and starting it again as it
//! was.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Clock, Fault, Policy, retry};
use tokio::task::JoinSet;

use super::centre::Centre;
use crate::aws::Aws;
use crate::aws::poll::{Seen, is_over, poll};
use crate::kubernetes::{Count, POLICY, Workload, pods_of};

use super::steps::PACE;

/// How long pods may take to go: each has its grace period, 30 seconds unless
/// somebody says otherwise, and a node that is away keeps its own for minutes.
const GOING: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// What a fault says after Keycloak was started again in every data centre.
const STARTED_AGAIN: &str = "keycloak is started again as it was, with its old schema";

/// Whether a fault says that.
pub(super) fn is_started_again(fault: &Fault) -> bool {
    fault.causes.iter().any(|cause| cause == STARTED_AGAIN)
}

/// How often it is tried to start Keycloak again before that is given up.
const AGAIN: Policy = Policy {
    attempts: 5,
    ..POLICY
};

/// Keycloak as it ran in a data centre before anything was changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Before {
    /// Its pods, by their uids.
    pub(super) uids: Vec<String>,
    /// How many there were to be.
    pub(super) count: Count,
}

/// Keycloak in all data centres.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Keycloak {
    pub(super) centres: Vec<Centre>,
    pub(super) workload: Workload,
}

impl Keycloak {
    /// Has no pod of Keycloak's be left anywhere: those of one cluster leave
    /// together, and nobody uses the schema any more.
    pub(super) async fn stop(&self, at: &Attempt<Aws>, before: &[Before]) -> Result<(), Fault> {
        for (centre, before) in self.centres.iter().zip(before) {
            self.ask_to_stop(at, centre, before).await?;
        }
        for centre in &self.centres {
            self.stopped(at, centre).await?;
        }
        Ok(())
    }

    /// Whether no pod is left anywhere, and none is to come.
    pub(super) async fn is_stopped(&self, clock: &dyn Clock) -> Result<bool, Fault> {
        for centre in &self.centres {
            let count = centre.scaler.count(&centre.place, clock).await?;
            if count.number() > 0 || !self.pods(clock, centre).await?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn pods(&self, clock: &dyn Clock, centre: &Centre) -> Result<Vec<String>, Fault> {
        let rollout = self.workload.get(&centre.place, clock).await?;
        let pods = pods_of(&rollout, &centre.place, clock).await?;
        Ok(pods.iter().map(|pod| pod.name().to_owned()).collect())
    }

    async fn ask_to_stop(
        &self,
        at: &Attempt<Aws>,
        centre: &Centre,
        before: &Before,
    ) -> Result<(), Fault> {
        let (clock, place) = (at.clock().as_ref(), &centre.place);
        centre.check(clock).await?;
        if centre.scaler.count(place, clock).await?.number() == 0 {
            return Ok(());
        }
        let run = at.run().to_string();
        centre.scaler.stop(place, clock, before.count, &run).await
    }

    async fn stopped(&self, at: &Attempt<Aws>, centre: &Centre) -> Result<(), Fault> {
        let (clock, place) = (at.clock().as_ref(), &centre.place);
        let what = format!("{} in {place} is not stopped", self.workload);
        poll(at, &what, PACE, GOING, || async {
            if centre.scaler.count(place, clock).await?.number() > 0 {
                return Err(Fault::permanent(format!(
                    "something else has scaled {} in {place} up again",
                    centre.scaler
                ))
                .with_code("ScaledUp")
                .with_hint("stop what manages it (GitOps, an autoscaler), then go on; --anew --no-stop does without"));
            }
            Ok(match self.pods(clock, centre).await?.as_slice() {
                [] => Seen::Done(()),
                left => Seen::NotYet(format!("{place} still has {}", left.join(", "))),
            })
        })
        .await
    }

    /// Starts Keycloak again as it was, since there is nothing more to be done to
    /// its schema for now. Gives what it could not start, in words.
    pub(super) async fn start_again(&self, at: &Attempt<Aws>, before: &[Before]) -> Vec<String> {
        let clock = at.clock();
        let run = at.run().to_string();
        let mut tries = JoinSet::new();
        for (centre, before) in self.centres.iter().zip(before) {
            let (centre, count) = (centre.clone(), before.count);
            let (clock, run) = (clock.clone(), run.clone());
            tries.spawn(async move {
                let clock = clock.as_ref();
                let tried = retry(AGAIN, clock, || as_before(clock, &centre, count, &run)).await;
                tried
                    .err()
                    .map(|fault| format!("keycloak stays stopped in {}: {fault}", centre.place))
            });
        }
        let mut stopped = Vec::new();
        while let Some(tried) = tries.join_next().await {
            match tried {
                Ok(told) => stopped.extend(told),
                Err(error) => stopped.push(format!("keycloak may stay stopped: {error}")),
            }
        }
        stopped
    }

    /// A fault that ends this run for now, after Keycloak was started again.
    pub(super) async fn given_back(
        &self,
        at: &Attempt<Aws>,
        before: &[Before],
        fault: Fault,
    ) -> Fault {
        let stopped = self.start_again(at, before).await;
        if stopped.is_empty() {
            return fault.with_cause(STARTED_AGAIN).without_effect();
        }
        stopped.into_iter().fold(fault, Fault::with_cause)
    }
}

async fn as_before(
    clock: &dyn Clock,
    centre: &Centre,
    count: Count,
    run: &str,
) -> Result<(), Fault> {
    centre.check(clock).await?;
    let now = centre.scaler.count(&centre.place, clock).await?;
    if now == count || now.number() > 0 {
        return Ok(());
    }
    centre.scaler.start(&centre.place, clock, count, run).await
}

/// Whether nobody is going to try again by itself: the fault is for a person.
pub(super) fn is_for_a_person(fault: &Fault) -> bool {
    !fault.class.passes() || is_over(fault)
}
