//! The step that stops Keycloak.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use crate::aurora::reset::keycloak::{Before, Keycloak, is_for_a_person};
use crate::aws::Aws;
use crate::kubernetes::WAITING;

/// Has no pod of Keycloak's be left in any data centre. Where that can't be had,
/// it is started again as it was.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StopKeycloak {
    pub(crate) keycloak: Keycloak,
}

impl Step for StopKeycloak {
    type Context = Aws;
    type Input = Vec<Before>;
    type Output = ();
    const KIND: &'static str = "stop-keycloak";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        WAITING
    }

    async fn check(&self, at: &Attempt<Aws>, _: &Vec<Before>) -> Result<Found<()>, Fault> {
        let stopped = self.keycloak.is_stopped(at.clock().as_ref()).await?;
        Ok(if stopped {
            Found::Ours(())
        } else {
            Found::Nothing
        })
    }

    async fn run(&self, at: &Attempt<Aws>, before: &Vec<Before>) -> Result<(), Fault> {
        match self.keycloak.stop(at, before).await {
            Ok(()) => Ok(()),
            Err(fault) if is_for_a_person(&fault) => {
                Err(self.keycloak.given_back(at, before, fault).await)
            }
            // What was asked for may still be done.
            Err(fault) => Err(fault.in_doubt()),
        }
    }
}
