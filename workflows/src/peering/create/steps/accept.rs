//! Accepting the peering, on whichever side is the accepter's.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Policy, Step};

use super::connection::{Connection, ended};
use crate::aws::call::{fault, has_code};
use crate::aws::poll::{Presence, Seen, poll};
use crate::aws::{Aws, POLICY};
use crate::peering::link;

/// Accepts the peering. There is no undo: a peering of this run is deleted as
/// a whole, and one that was there before can't be made to wait again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AcceptPeering {}

impl Step for AcceptPeering {
    type Context = Aws;
    type Input = Connection;
    type Output = Connection;
    const KIND: &'static str = "accept-peering";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        connection: &Connection,
    ) -> Result<Found<Connection>, Fault> {
        let link = link::from(at.context(), &connection.accepter, &connection.peering_id).await?;
        Ok(match link {
            Some(link) if matches!(link.state.as_str(), "provisioning" | "active") => {
                Found::Ours(connection.clone())
            }
            _ => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, connection: &Connection) -> Result<Connection, Fault> {
        let (end, id) = (&connection.accepter, &connection.peering_id);
        // A request that was just made takes some seconds to arrive.
        let presence = Presence::default();
        let (pace, deadline) = (Duration::from_secs(1), Duration::from_secs(4 * 60));
        let what = format!("{id} does not wait for acceptance");
        let state = poll(at, &what, pace, deadline, || async {
            let link = link::from(at.context(), end, id).await?;
            let link = presence.look(link, id).map_err(|gone| gone.with_hint(
                "somebody or something else deleted it, or nobody accepted it within seven days: roll this run back, and run the command again",
            ))?;
            let Some(link) = link else {
                return Ok(Seen::NotYet(format!("{id} is not visible in {}", end.region)));
            };
            match link.state.as_str() {
                "initiating-request" => Ok(Seen::NotYet(format!("{id} is {}", link.state))),
                "pending-acceptance" | "provisioning" | "active" => Ok(Seen::Done(link.state)),
                _ => Err(ended(&link)),
            }
        })
        .await?;
        if state != "pending-acceptance" {
            return Ok(connection.clone());
        }
        let answer = end
            .aws(at.context())
            .ec2(&end.region)
            .accept_vpc_peering_connection()
            .vpc_peering_connection_id(id)
            .send()
            .await
            .map_err(|error| fault("AcceptVpcPeeringConnection", error));
        match answer {
            Ok(_) => Ok(connection.clone()),
            // Accepted by an attempt whose answer was lost, or at an end: the
            // next look says which.
            Err(fault) if has_code(&fault, &["InvalidStateTransition"]) => {
                Err(fault.in_doubt().with_class(FaultClass::Transient))
            }
            Err(fault) if has_code(&fault, &["VpcPeeringConnectionAlreadyExists"]) => Err(fault
                .with_hint("somebody peered the two VPCs the other way round meanwhile: `stepwell peering create` goes on from there")),
            Err(fault) => Err(fault),
        }
    }

    fn ids(&self, output: &Connection) -> Vec<String> {
        vec![output.peering_id.clone()]
    }
}
