//! The steps of `aurora reset`. None can be undone; each finds out whether it
//! is done already.

mod drop;
mod look;
mod pods;
mod start;
mod stop;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Registry, Step};

use crate::aws::Aws;
use crate::kubernetes::{POLICY, Place, pod};
pub(crate) use drop::{DropSchema, Dropped};
pub(crate) use look::{LookAtSchema, NotePods};
pub use start::Restarted;
pub(crate) use start::StartKeycloak;
pub(crate) use stop::StopKeycloak;

/// How often to look at pods.
pub(super) const PACE: Duration = Duration::from_secs(2);

/// Takes away the pod of a reset that was given up, so that it does not come
/// to life later.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RemovePod {
    pub(crate) place: Place,
    pub(crate) pod: String,
}

impl Step for RemovePod {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "remove-pod";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        Ok(
            match pod::get(&self.place, at.clock().as_ref(), &self.pod).await? {
                None => Found::Ours(()),
                Some(_) => Found::Nothing,
            },
        )
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        pod::delete(&self.place, at.clock().as_ref(), &self.pod).await
    }
}

/// Takes the pod away that did it, now that nobody can doubt it any more.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Finish {
    pub(crate) place: Place,
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) database: String,
    pub(crate) schema: String,
}

/// What `aurora reset` gives: the run's output. The names are part of the
/// documented JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The database.
    pub database: String,
    /// The schema that is empty now, but for what Keycloak has made since.
    pub schema: String,
    /// Where Keycloak was restarted.
    pub restarted: Vec<Restarted>,
}

impl Finish {
    fn reset(&self, restarted: &[Restarted]) -> Reset {
        Reset {
            cluster: self.cluster.clone(),
            region: self.region.clone(),
            database: self.database.clone(),
            schema: self.schema.clone(),
            restarted: restarted.to_vec(),
        }
    }
}

impl Step for Finish {
    type Context = Aws;
    type Input = (Dropped, Vec<Restarted>);
    type Output = Reset;
    const KIND: &'static str = "remove-reset-pod";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        (dropped, restarted): &Self::Input,
    ) -> Result<Found<Reset>, Fault> {
        Ok(
            match pod::get(&self.place, at.clock().as_ref(), &dropped.pod).await? {
                None => Found::Ours(self.reset(restarted)),
                Some(_) => Found::Nothing,
            },
        )
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (dropped, restarted): &Self::Input,
    ) -> Result<Reset, Fault> {
        pod::delete(&self.place, at.clock().as_ref(), &dropped.pod).await?;
        Ok(self.reset(restarted))
    }
}

/// Adds the kinds of these steps.
pub(crate) fn register(registry: Registry<Aws>) -> Registry<Aws> {
    registry
        .register::<DropSchema>()
        .register::<Finish>()
        .register::<LookAtSchema>()
        .register::<NotePods>()
        .register::<RemovePod>()
        .register::<StartKeycloak>()
        .register::<StopKeycloak>()
}
