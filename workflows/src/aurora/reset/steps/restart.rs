//! The steps that restart Keycloak.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::PACE;
use crate::aws::Aws;
use crate::aws::poll::{Seen, is_over, poll};
use crate::kubernetes::{POLICY, Place, WAITING, Workload, pods_of};

/// How long Keycloak may take to come up again in one data centre.
const RESTART: Duration = Duration::from_secs(45 * 60);

/// Notes which pods run Keycloak in a data centre before the schema goes: none
/// of them may be left at the end.
#[derive(Debug, Serialize)]
pub(crate) struct NotePods {
    pub(crate) place: Place,
    pub(crate) workload: Workload,
}

/// The pods that were there, by their uids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PodsBefore {
    uids: Vec<String>,
}

impl Step for NotePods {
    type Context = Aws;
    type Input = ();
    type Output = PodsBefore;
    const KIND: &'static str = "note-pods";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<PodsBefore, Fault> {
        let clock = at.clock().as_ref();
        let rollout = self.workload.get(&self.place, clock).await?;
        let pods = pods_of(&rollout, &self.place, clock).await?;
        Ok(PodsBefore {
            uids: pods.iter().map(|pod| pod.uid().to_owned()).collect(),
        })
    }
}

/// Has all pods of Keycloak in a data centre replaced.
#[derive(Debug, Serialize)]
pub(crate) struct RestartWorkload {
    pub(crate) place: Place,
    pub(crate) workload: Workload,
}

impl Step for RestartWorkload {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "restart-workload";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        let rollout = self.workload.get(&self.place, at.clock().as_ref()).await?;
        Ok(if rollout.run() == Some(&at.run().to_string()) {
            Found::Ours(())
        } else {
            Found::Nothing
        })
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let run = at.run().to_string();
        let clock = at.clock().as_ref();
        self.workload.restart(&self.place, clock, &run).await
    }
}

/// Waits until every pod of Keycloak in a data centre is a new one and ready.
#[derive(Debug, Serialize)]
pub(crate) struct WaitRestarted {
    pub(crate) place: Place,
    pub(crate) workload: Workload,
}

/// A data centre whose Keycloak was restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restarted {
    /// The context.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// What runs the pods.
    pub workload: String,
    /// How many pods were replaced.
    pub pods: usize,
}

impl Step for WaitRestarted {
    type Context = Aws;
    type Input = PodsBefore;
    type Output = Restarted;
    const KIND: &'static str = "wait-restarted";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        WAITING
    }

    async fn run(&self, at: &Attempt<Aws>, before: &PodsBefore) -> Result<Restarted, Fault> {
        let clock = at.clock().as_ref();
        let what = format!("{} in {} is not restarted", self.workload, self.place);
        poll(at, &what, PACE, RESTART, || async {
            let rollout = self.workload.get(&self.place, clock).await?;
            if let Some(failure) = rollout.failure() {
                return Err(Fault::permanent(format!(
                    "{} in {} does not come up: {failure}",
                    self.workload, self.place
                ))
                .with_code("ProgressDeadlineExceeded"));
            }
            if let Some(lack) = rollout.lacks() {
                return Ok(Seen::Not(lack));
            }
            let pods = pods_of(&rollout, &self.place, clock).await?;
            let old = (pods.iter())
                .filter(|pod| before.uids.iter().any(|uid| uid == pod.uid()))
                .count();
            Ok(match old {
                0 => Seen::Done(()),
                old => Seen::Not(format!("{old} pods are from before the reset")),
            })
        })
        .await
        .map_err(|fault| match fault.hint {
            Some(_) if !is_over(&fault) => fault,
            _ => fault.with_hint(format!(
                "the schema is empty already; see what {} in {} waits for, then `stepwell resume`",
                self.workload, self.place
            )),
        })?;
        Ok(Restarted {
            name: self.place.context.clone().unwrap_or_default(),
            namespace: self.place.namespace.clone().unwrap_or_default(),
            workload: self.workload.to_string(),
            pods: before.uids.len(),
        })
    }
}
