//! The step that drops the schema.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, RunId, Step, Timestamp};

use super::pods::{self, Job};
use crate::aurora::reset::ResetParameters;
use crate::aurora::reset::centre::Centre;
use crate::aurora::reset::keycloak::{Before, Keycloak, is_for_a_person};
use crate::aurora::reset::sql;
use crate::aws::Aws;
use crate::kubernetes::pod::{self, Stand};
use crate::kubernetes::{Client, WAITING};

/// How long after it was made a pod still resets.
const FRESH: Duration = Duration::from_secs(30 * 60);

/// Drops the schema and makes it anew, by `psql` in a pod.
///
/// To make the pod and to wait for it is one step here: the pod is the attempt.
/// One that failed is reported and taken away, and when the run is resumed
/// another one takes its place. One that did its work stays until the run is
/// over, so that *check* finds it after a crash; should it have vanished, the
/// statement itself finds out that it was carried out before.
///
/// A drop that fails for good leaves Keycloak as it was before, so an attempt
/// stops it first where an earlier one has started it again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DropSchema {
    pub(crate) centre: Centre,
    /// What is stopped meanwhile; none if Keycloak goes on.
    pub(crate) keycloak: Option<Keycloak>,
    pub(crate) client: Client,
    pub(crate) schema: String,
    pub(crate) cluster: String,
    pub(crate) region: String,
}

/// The pod that did it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Dropped {
    pub(crate) pod: String,
}

impl Step for DropSchema {
    type Context = Aws;
    type Input = Vec<Before>;
    type Output = Dropped;
    const KIND: &'static str = "drop-schema";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        WAITING
    }

    async fn check(&self, at: &Attempt<Aws>, _: &Vec<Before>) -> Result<Found<Dropped>, Fault> {
        let name = pods::drop_name(at.run());
        let found = pod::get(&self.centre.place, at.clock().as_ref(), &name).await?;
        Ok(match found.map(|pod| pod.stand()) {
            Some(Stand::Succeeded) => Found::Ours(Dropped { pod: name }),
            // Not done yet; or failed, which is for the attempt to see to.
            _ => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, before: &Vec<Before>) -> Result<Dropped, Fault> {
        let name = pods::drop_name(at.run());
        match self.dropped(at, before).await {
            Ok(()) => Ok(Dropped { pod: name }),
            // While a pod may still be at work, Keycloak must not be.
            Err(fault) if fault.effect.may_have_happened() || !is_for_a_person(&fault) => {
                Err(fault.in_doubt())
            }
            Err(fault) => Err(match &self.keycloak {
                Some(keycloak) => keycloak.given_back(at, before, fault).await,
                None => fault,
            }),
        }
    }

    fn ids(&self, output: &Dropped) -> Vec<String> {
        vec![output.pod.clone()]
    }
}

impl DropSchema {
    /// The step, as the parameters have it, in a data centre.
    pub(crate) fn of(parameters: &ResetParameters, centre: &Centre) -> Self {
        Self {
            centre: centre.clone(),
            keycloak: parameters.keycloak(),
            client: parameters.client.clone(),
            schema: parameters.schema.clone(),
            cluster: parameters.cluster.clone(),
            region: parameters.region.clone(),
        }
    }

    fn job(&self, run: RunId, not_after: Timestamp) -> Job<'_> {
        Job {
            name: pods::drop_name(run),
            run,
            client: &self.client,
            cluster: &self.cluster,
            region: &self.region,
            arguments: sql::drop_schema(run, &self.schema, not_after),
        }
    }

    /// The pod, as the survey has it tried.
    pub(crate) fn manifest(&self, run: RunId) -> Value {
        self.job(run, Timestamp(0)).manifest()
    }

    async fn dropped(&self, at: &Attempt<Aws>, before: &[Before]) -> Result<(), Fault> {
        let place = &self.centre.place;
        // Nothing is dropped before Keycloak is stopped.
        let checked = self.centre.check(at.clock().as_ref()).await;
        checked.map_err(Fault::without_effect)?;
        if let Some(keycloak) = &self.keycloak {
            let stopped = keycloak.stop(at, before).await;
            stopped.map_err(Fault::without_effect)?;
        }
        let job = self.job(at.run(), at.clock().now().plus(FRESH));
        pods::carried_out(at, place, &job).await.map(drop)
    }
}
