//! Waiting until the peering carries traffic.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::connection::{Connection, ended};
use crate::aws::poll::{Presence, Seen, poll};
use crate::aws::{Aws, POLICY};
use crate::peering::link::{self, Link};

/// Waits until both sides say that the peering is active, twice in a row: a
/// read may come from a place that has not heard of it, and a route to a
/// peering that is not active is refused.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitActive {}

const PACE: Duration = Duration::from_secs(1);

async fn both(at: &Attempt<Aws>, connection: &Connection) -> Result<[Option<Link>; 2], Fault> {
    let id = &connection.peering_id;
    Ok([
        link::from(at.context(), &connection.requester, id).await?,
        link::from(at.context(), &connection.accepter, id).await?,
    ])
}

fn is_active(links: &[Option<Link>; 2]) -> bool {
    links
        .iter()
        .all(|link| link.as_ref().is_some_and(|link| link.state == "active"))
}

impl Step for WaitActive {
    type Context = Aws;
    type Input = Connection;
    type Output = Connection;
    const KIND: &'static str = "wait-peering-active";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        connection: &Connection,
    ) -> Result<Found<Connection>, Fault> {
        // A plan looks at the routes of a peering that is active already.
        if !is_active(&both(at, connection).await?) {
            return Ok(Found::Nothing);
        }
        at.pause(PACE).await;
        Ok(if is_active(&both(at, connection).await?) {
            Found::Ours(connection.clone())
        } else {
            Found::Nothing
        })
    }

    async fn run(&self, at: &Attempt<Aws>, connection: &Connection) -> Result<Connection, Fault> {
        let id = &connection.peering_id;
        let presences = [Presence::default(), Presence::default()];
        let sightings = AtomicU32::new(0);
        let what = format!("{id} is not active");
        poll(at, &what, PACE, Duration::from_secs(4 * 60), || async {
            let links = both(at, connection).await?;
            let active = is_active(&links);
            let mut states = Vec::new();
            for (link, presence) in links.into_iter().zip(&presences) {
                match presence.look(link, id)? {
                    Some(link) if link.is_live() => states.push(link.state),
                    Some(link) => return Err(ended(&link)),
                    None => states.push("not visible".to_owned()),
                }
            }
            if !active {
                sightings.store(0, Ordering::Relaxed);
            } else if sightings.fetch_add(1, Ordering::Relaxed) > 0 {
                return Ok(Seen::Done(()));
            }
            Ok(Seen::NotYet(format!("{id} is {}", states.join(" and "))))
        })
        .await?;
        Ok(connection.clone())
    }
}
