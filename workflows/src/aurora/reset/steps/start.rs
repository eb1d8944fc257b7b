//! The steps that bring Keycloak back.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Clock, Effect, Fault, Found, Policy, Step};

use super::PACE;
use crate::aurora::reset::centre::Centre;
use crate::aurora::reset::keycloak::{Before, is_for_a_person};
use crate::aws::Aws;
use crate::aws::poll::{Seen, is_over, poll};
use crate::kubernetes::pod::{self, Pod};
use crate::kubernetes::{Rollout, WAITING, Workload, pods_of};

/// How long Keycloak may take to come up again in one data centre.
const COMING: Duration = Duration::from_secs(45 * 60);

/// Brings Keycloak back in a data centre, and waits until it is ready there.
///
/// To ask for it and to wait for it is one step: an attempt after one that ended
/// in a fault asks again, and takes away the pods that do not come up. What was
/// asked for by an attempt that died is only waited for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StartKeycloak {
    pub(crate) centre: Centre,
    pub(crate) workload: Workload,
    /// Whether it was stopped; else its pods are replaced one by one.
    pub(crate) stopped: bool,
}

/// A data centre in which Keycloak runs on the new schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restarted {
    /// The context.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// What runs the pods.
    pub workload: String,
    /// How many pods there are.
    pub pods: usize,
}

/// Keycloak there, as a look found it.
struct Standing {
    rollout: Rollout,
    pods: Vec<Pod>,
}

impl StartKeycloak {
    async fn look(&self, clock: &dyn Clock) -> Result<Standing, Fault> {
        let rollout = self.workload.get(&self.centre.place, clock).await?;
        let pods = pods_of(&rollout, &self.centre.place, clock).await?;
        Ok(Standing { rollout, pods })
    }

    /// Whether it was asked for by this run.
    async fn is_asked(
        &self,
        at: &Attempt<Aws>,
        before: &Before,
        seen: &Standing,
    ) -> Result<bool, Fault> {
        if !self.stopped {
            return Ok(seen.rollout.run() == Some(&at.run().to_string()));
        }
        let (clock, place) = (at.clock().as_ref(), &self.centre.place);
        let count = self.centre.scaler.count(place, clock).await?;
        Ok(before.count.number() == 0 || count.number() > 0)
    }

    /// What is not as it should be yet.
    fn lacks(&self, before: &Before, seen: &Standing) -> Option<String> {
        let wanted = before.count.number();
        if self.stopped && wanted == 0 {
            return None;
        }
        if let Some(lack) = seen.rollout.lacks() {
            return Some(lack);
        }
        if self.stopped && seen.rollout.replicas() == 0 {
            return Some("its number of pods is not seen yet".to_owned());
        }
        let old = seen.pods.iter().filter(|pod| is_old(pod, before)).count();
        (old > 0).then(|| format!("{old} pods are from before the reset"))
    }

    fn restarted(&self, seen: &Standing) -> Restarted {
        Restarted {
            name: self.centre.name().to_owned(),
            namespace: self.centre.place.namespace.clone().unwrap_or_default(),
            workload: self.workload.to_string(),
            pods: seen.pods.len(),
        }
    }

    async fn ask(&self, at: &Attempt<Aws>, before: &Before) -> Result<(), Fault> {
        let (clock, place, run) = (
            at.clock().as_ref(),
            &self.centre.place,
            at.run().to_string(),
        );
        if self.stopped {
            let count = before.count;
            return self.centre.scaler.start(place, clock, count, &run).await;
        }
        self.workload.restart(place, clock, &run).await
    }

    /// Takes away the pods that are not as they should be: what manages them makes
    /// others. A StatefulSet whose newest pod does not become ready replaces no
    /// other by itself (kubernetes/kubernetes#67250).
    async fn replace(
        &self,
        at: &Attempt<Aws>,
        before: &Before,
        seen: &Standing,
    ) -> Result<(), Fault> {
        let (clock, place) = (at.clock().as_ref(), &self.centre.place);
        let bad = |pod: &&Pod| !pod.is_leaving() && (!pod.is_ready() || is_old(pod, before));
        for pod in seen.pods.iter().filter(bad) {
            at.progress(format!("pod {} is replaced", pod.name()));
            pod::delete(place, clock, pod.name()).await?;
        }
        Ok(())
    }

    async fn wait(&self, at: &Attempt<Aws>, before: &Before) -> Result<Restarted, Fault> {
        let clock = at.clock().as_ref();
        let (workload, place) = (&self.workload, &self.centre.place);
        let what = format!("{workload} in {place} is not ready");
        poll(at, &what, PACE, COMING, || async {
            let seen = self.look(clock).await?;
            if let Some(failure) = seen.rollout.failure() {
                return Err(Fault::permanent(format!(
                    "{workload} in {place} does not come up: {failure}"
                ))
                .with_code("ProgressDeadlineExceeded"));
            }
            Ok(match self.lacks(before, &seen) {
                None => Seen::Done(self.restarted(&seen)),
                Some(lack) => Seen::NotYet(lack),
            })
        })
        .await
        .map_err(|fault| match fault.hint {
            Some(_) if !is_over(&fault) => fault,
            _ => fault.with_hint(format!(
                "the schema is empty already; see what {workload} in {place} waits for, then `stepwell resume`: it replaces the pods that are not ready"
            )),
        })
    }
}

fn is_old(pod: &Pod, before: &Before) -> bool {
    before.uids.iter().any(|uid| uid == pod.uid())
}

impl Step for StartKeycloak {
    type Context = Aws;
    type Input = Before;
    type Output = Restarted;
    const KIND: &'static str = "start-keycloak";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        WAITING
    }

    async fn check(&self, at: &Attempt<Aws>, before: &Before) -> Result<Found<Restarted>, Fault> {
        let seen = self.look(at.clock().as_ref()).await?;
        let there = self.is_asked(at, before, &seen).await? && self.lacks(before, &seen).is_none();
        Ok(if there {
            Found::Ours(self.restarted(&seen))
        } else {
            Found::Nothing
        })
    }

    async fn run(&self, at: &Attempt<Aws>, before: &Before) -> Result<Restarted, Fault> {
        let clock = at.clock().as_ref();
        let checked = self.centre.check(clock).await;
        checked.map_err(Fault::without_effect)?;
        let seen = self.look(clock).await?;
        if !self.is_asked(at, before, &seen).await? {
            // Pods that somebody started meanwhile may know the old schema.
            if self.stopped {
                self.replace(at, before, &seen).await?;
            }
            self.ask(at, before).await?;
        } else if !at.in_doubt() {
            self.replace(at, before, &seen).await?;
        }
        self.wait(at, before).await.map_err(|fault| {
            // It has been told: the next attempt does more than wait.
            if is_for_a_person(&fault) {
                fault.without_effect()
            } else {
                fault.in_doubt()
            }
        })
    }
}
