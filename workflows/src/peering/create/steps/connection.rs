//! The peering connection itself.

use std::time::Duration;

use aws_sdk_ec2::types::ResourceType;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Policy, Step};

use super::network::Network;
use crate::aws::call::{fault, has_code};
use crate::aws::poll::{Seen, poll};
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY};
use crate::peering::end::End;
use crate::peering::gone;
use crate::peering::link::{self, Link};

/// Requests the peering, from ROSA's side. One that is there already, in
/// either direction and in whatever live state, is adopted and continued.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreatePeering {
    pub(crate) aurora: End,
    pub(crate) labels: Labels,
}

/// A peering connection and which end is whose.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Connection {
    pub(crate) peering_id: String,
    pub(crate) requester: End,
    pub(crate) accepter: End,
}

impl CreatePeering {
    fn connection(&self, link: &Link, rosa: &End) -> Connection {
        let (requester, accepter) = if link.requester.vpc_id == rosa.vpc_id {
            (rosa, &self.aurora)
        } else {
            (&self.aurora, rosa)
        };
        Connection {
            peering_id: link.id.clone(),
            requester: requester.clone(),
            accepter: accepter.clone(),
        }
    }

    /// The peerings of the two VPCs: those of this run, and the others.
    async fn find(&self, at: &Attempt<Aws>, rosa: &End) -> Result<(Vec<Link>, Vec<Link>), Fault> {
        let links = link::all(rosa.aws(at.context()), &rosa.region).await?;
        Ok(links
            .into_iter()
            .filter(|link| link.joins(&self.aurora.vpc_id, &rosa.vpc_id))
            .partition(|link| tags::is_of_run(tags::value(&link.tags, tags::RUN), at)))
    }
}

impl Step for CreatePeering {
    type Context = Aws;
    type Input = Network;
    type Output = Connection;
    const KIND: &'static str = "create-peering";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        network: &Network,
    ) -> Result<Found<Connection>, Fault> {
        let rosa = &network.end;
        let (own, others) = self.find(at, rosa).await?;
        let alive = |links: &[Link]| {
            links
                .iter()
                .filter(|link| link.is_live())
                .max_by_key(|link| link.progress())
                .cloned()
        };
        let (ours, theirs) = (alive(&own), alive(&others));
        if at.undoing() {
            return Ok(match own.first() {
                Some(link) => Found::Ours(self.connection(link, rosa)),
                None => Found::Nothing,
            });
        }
        if let Some(link) = ours {
            return Ok(Found::Ours(self.connection(&link, rosa)));
        }
        if let Some(link) = own.first() {
            // To ask once more would come to the same end.
            return Err(ended(link));
        }
        Ok(match theirs {
            Some(link) => Found::Theirs(self.connection(&link, rosa)),
            None => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, network: &Network) -> Result<Connection, Fault> {
        let rosa = &network.end;
        let name = match &network.network.cluster {
            Some(rosa) => format!("Aurora Cluster {} - ROSA {rosa}", self.labels.cluster),
            None => format!("Aurora Cluster {}", self.labels.cluster),
        };
        let answer = rosa
            .aws(at.context())
            .ec2(&rosa.region)
            .create_vpc_peering_connection()
            .vpc_id(&rosa.vpc_id)
            .peer_vpc_id(&self.aurora.vpc_id)
            .peer_region(&self.aurora.region)
            .peer_owner_id(&self.aurora.owner)
            .tag_specifications(self.labels.specification(
                at,
                ResourceType::VpcPeeringConnection,
                &name,
            ))
            .send()
            .await
            .map_err(|error| fault("CreateVpcPeeringConnection", error));
        let answer = match answer {
            Ok(answer) => answer,
            Err(fault) if has_code(&fault, &["VpcPeeringConnectionAlreadyExists"]) => {
                return Err(fault.in_doubt().with_class(FaultClass::Transient));
            }
            Err(fault) => return Err(fault),
        };
        let id = answer
            .vpc_peering_connection()
            .and_then(|peering| peering.vpc_peering_connection_id())
            .ok_or_else(|| Fault::transient("aws named no peering connection").in_doubt())?
            .to_owned();
        // AWS answers a request that stands already with that one, so only its
        // tags tell whether it is this run's.
        let (pace, deadline) = (Duration::from_secs(1), Duration::from_secs(60));
        let what = format!("{id} can't be seen");
        let link = poll(at, &what, pace, deadline, || async {
            Ok(match link::from(at.context(), rosa, &id).await? {
                Some(link) => Seen::Done(link),
                None => Seen::NotYet(format!("{id} is not visible yet")),
            })
        })
        .await
        .map_err(Fault::in_doubt)?;
        if tags::is_of_run(tags::value(&link.tags, tags::RUN), at) {
            Ok(self.connection(&link, rosa))
        } else {
            Err(Fault::transient(format!("{id} was requested by somebody else")).in_doubt())
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        network: &Network,
        output: &Connection,
    ) -> Result<(), Fault> {
        let (own, _) = self.find(at, &network.end).await?;
        let mut ids: Vec<String> = own.into_iter().map(|link| link.id).collect();
        ids.push(output.peering_id.clone());
        ids.sort();
        ids.dedup();
        for id in ids {
            gone::delete(at, &id, &output.requester).await?;
            gone::wait(at, &id, [&output.requester, &output.accepter]).await?;
        }
        Ok(())
    }

    fn ids(&self, output: &Connection) -> Vec<String> {
        vec![output.peering_id.clone()]
    }
}

/// That a peering has come to an end from which it does not come back.
pub(super) fn ended(link: &Link) -> Fault {
    let fault = Fault::permanent(format!(
        "peering {} is {}: {}",
        link.id, link.state, link.message
    ));
    match link.state.as_str() {
        "failed" => fault.with_hint(
            "the address ranges of the two VPCs overlap, or one of the VPCs or accounts is not what it was taken for",
        ),
        "rejected" => fault.with_hint("the other side refused the request"),
        "expired" => fault.with_hint(
            "nobody accepted the request within seven days: roll this run back, and run the command again",
        ),
        _ => fault.with_hint("somebody or something else deleted it"),
    }
}
