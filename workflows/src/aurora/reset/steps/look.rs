//! The steps that only look: at the schema, and at Keycloak.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepwell_engine::{Attempt, Effect, Fault, Policy, RunId, Step};

use super::pods::{self, Job};
use crate::aurora::reset::ResetParameters;
use crate::aurora::reset::centre::Centre;
use crate::aurora::reset::keycloak::Before;
use crate::aurora::reset::sql::{self, Objection};
use crate::aws::Aws;
use crate::kubernetes::{Client, POLICY, Place, WAITING, Workload, pods_of};

/// Asks the database, in a pod, what it has against the drop: what only the
/// database can say, before anything is stopped. It only reads there; the pod goes
/// with the answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LookAtSchema {
    pub(crate) centre: Centre,
    pub(crate) client: Client,
    pub(crate) schema: String,
    pub(crate) cascade: bool,
    pub(crate) cluster: String,
    pub(crate) region: String,
}

/// What is outside of the schema and goes with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SchemaSeen {
    pub(crate) dependents: Vec<String>,
}

impl LookAtSchema {
    /// The step, as the parameters have it, in a data centre.
    pub(crate) fn of(parameters: &ResetParameters, centre: &Centre) -> Self {
        Self {
            centre: centre.clone(),
            client: parameters.client.clone(),
            schema: parameters.schema.clone(),
            cascade: parameters.cascade,
            cluster: parameters.cluster.clone(),
            region: parameters.region.clone(),
        }
    }

    fn job(&self, run: RunId) -> Job<'_> {
        Job {
            name: pods::look_name(run),
            run,
            client: &self.client,
            cluster: &self.cluster,
            region: &self.region,
            arguments: sql::look_at_schema(&self.schema),
        }
    }

    /// The pod, as the survey has it tried.
    pub(crate) fn manifest(&self, run: RunId) -> Value {
        self.job(run).manifest()
    }
}

impl Step for LookAtSchema {
    type Context = Aws;
    type Input = ();
    type Output = SchemaSeen;
    const KIND: &'static str = "look-at-schema";
    // The pod: an attempt must not be dropped while it makes one.
    const EFFECT: Effect = Effect::Create;
    // A look once more is the same; its pod is found by its name.
    const REPEATABLE: bool = true;

    fn policy(&self) -> Policy {
        WAITING
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<SchemaSeen, Fault> {
        let place = &self.centre.place;
        self.centre.check(at.clock().as_ref()).await?;
        let job = self.job(at.run());
        let told = pods::carried_out(at, place, &job).await?;
        pods::remove(at, place, &job.name).await?;
        let (mut dependents, mut against) = (Vec::new(), Vec::new());
        for objection in sql::objections(&told.lines) {
            match objection {
                Objection::Owner(owner) => {
                    against.push(format!("schema {} belongs to {owner}", self.schema));
                }
                Objection::NoCreate(database) => {
                    against.push(format!(
                        "the user may make no schema in database {database}"
                    ));
                }
                Objection::Dependent(what) => dependents.push(what),
            }
        }
        if !against.is_empty() {
            return Err(Fault::permanent(format!(
                "the database does not let the user reset the schema: {}",
                against.join("; ")
            ))
            .with_code("NotOwner")
            .without_effect()
            .with_hint("name the user that owns it (--username, --secret), or make this one its owner; nothing was changed"));
        }
        if !dependents.is_empty() && !self.cascade {
            let fault = Fault::permanent(format!(
                "{} outside of schema {} would go with it",
                things(dependents.len()),
                self.schema
            ))
            .with_code("DependentObjects")
            .without_effect()
            .with_hint("take them away, then go on; `--anew --cascade` begins a reset that drops them too; nothing was changed");
            return Err(dependents.into_iter().fold(fault, Fault::with_cause));
        }
        Ok(SchemaSeen { dependents })
    }
}

fn things(number: usize) -> String {
    match number {
        1 => "1 object".to_owned(),
        number => format!("{number} objects"),
    }
}

/// Notes how Keycloak runs in a data centre before the schema goes: how many pods
/// it is to have, and which there are. None of them may be left at the end.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NotePods {
    pub(crate) centre: Centre,
    pub(crate) workload: Workload,
}

impl Step for NotePods {
    type Context = Aws;
    type Input = ();
    type Output = Before;
    const KIND: &'static str = "note-pods";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<Before, Fault> {
        let (clock, place): (_, &Place) = (at.clock().as_ref(), &self.centre.place);
        self.centre.check(clock).await?;
        let count = self.centre.scaler.usual(place, clock).await?;
        let rollout = self.workload.get(place, clock).await?;
        let pods = pods_of(&rollout, place, clock).await?;
        Ok(Before {
            uids: pods.iter().map(|pod| pod.uid().to_owned()).collect(),
            count,
        })
    }
}
