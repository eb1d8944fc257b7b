//! The steps of `peering delete`. None can be undone; each is a success if what
//! it deletes is gone already.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Registry, Step};

use super::inventory::routes_to;
use super::parameters::{PeeringInventory, RuleInventory};
use super::rules::Need;
use crate::aws::destination::Destination;
use crate::aws::poll::{confirmed, until_gone};
use crate::aws::{Aws, POLICY, remove};
use crate::peering::end::End;
use crate::peering::link::{self, Link};
use crate::peering::{gone, ingress, routes};

/// Deletes a route, if it still leads to the peering.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeleteRoute {
    pub(crate) end: End,
    pub(crate) table: String,
    pub(crate) destination: Destination,
    pub(crate) peering: String,
}

impl DeleteRoute {
    /// Whether the route is there and leads to the peering: what leads
    /// elsewhere by now is somebody else's.
    async fn stands(&self, at: &Attempt<Aws>) -> Result<bool, Fault> {
        let look = || routes::table(at.context(), &self.end, &self.table);
        let table = confirmed(at, look).await?;
        let route = table.and_then(|table| routes::to(&table, &self.destination));
        Ok(route.is_some_and(|route| route.leads_to(&self.peering)))
    }
}

impl Step for DeleteRoute {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "delete-route";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        Ok(if self.stands(at).await? {
            Found::Nothing
        } else {
            Found::Ours(())
        })
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let (aws, region) = (self.end.aws(at.context()), &self.end.region);
        remove::route(aws, region, &self.table, &self.destination).await
    }
}

/// Deletes an ingress rule, unless a peering that came after the survey needs
/// it: such a one finds the port open and makes no rule of its own.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ClosePort {
    pub(crate) rule: RuleInventory,
    /// The peerings that this run deletes.
    pub(crate) deleted: Vec<String>,
    /// Ends that the credentials reach, by which others are reached.
    pub(crate) reached: [End; 2],
}

impl ClosePort {
    async fn is_needed(&self, at: &Attempt<Aws>) -> Result<bool, Fault> {
        let access = |owner: &str| {
            let end = self.reached.iter().find(|end| end.owner == owner);
            end.map(|end| end.access)
        };
        let (end, deleted) = (&self.rule.end, &self.deleted);
        let need = Need::of_others(at.context(), end, deleted, access).await?;
        Ok(need.keeps(self.rule.source, self.rule.own))
    }
}

impl Step for ClosePort {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "close-port";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        let groups = std::slice::from_ref(&self.rule.group);
        let rules = ingress::openings(at.context(), &self.rule.end, groups).await?;
        let stands = rules.iter().any(|rule| rule.rule == self.rule.rule);
        if !stands {
            return Ok(Found::Ours(()));
        }
        if self.is_needed(at).await? {
            let rule = &self.rule.rule;
            at.progress(format!("{rule} stays: another peering needs it"));
            return Ok(Found::Theirs(()));
        }
        Ok(Found::Nothing)
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let (end, rule) = (&self.rule.end, &self.rule);
        remove::ingress(end.aws(at.context()), &end.region, &rule.group, &rule.rule).await
    }
}

/// Asks for the peering to be deleted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeletePeering {
    pub(crate) peering: String,
    /// The requester's end: only it can take back what is not accepted yet
    /// (EC2 API reference, `DeleteVpcPeeringConnection`).
    pub(crate) end: End,
}

impl Step for DeletePeering {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "delete-peering";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        let look = || link::from(at.context(), &self.end, &self.peering);
        let link = confirmed(at, look).await?;
        Ok(if link.as_ref().is_some_and(Link::is_live) {
            Found::Nothing
        } else {
            Found::Ours(())
        })
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        gone::delete(at, &self.peering, &self.end).await
    }
}

/// Waits until the peering is gone on both sides.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WaitPeeringGone {
    pub(crate) peering: String,
    pub(crate) ends: [End; 2],
}

impl Step for WaitPeeringGone {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "wait-peering-gone";
    const EFFECT: Effect = Effect::Wait;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let [one, other] = &self.ends;
        gone::wait(at, &self.peering, [one, other]).await
    }
}

/// Looks once more on both sides: what is left must not pass for success.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifyUnpeered {
    pub(crate) peerings: Vec<PeeringInventory>,
}

/// What `peering delete` gives: the run's output. The names are part of the
/// documented JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unpeered {
    /// The peerings that are gone.
    pub peerings: Vec<UnpeeredLink>,
    /// How many routes were removed with them.
    pub routes: usize,
    /// How many ingress rules.
    pub ingress_rules: usize,
}

/// A peering that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnpeeredLink {
    /// Its id.
    pub id: String,
    /// The Aurora cluster.
    pub cluster: String,
    /// Its region.
    pub region: String,
    /// Its VPC.
    pub vpc_id: String,
    /// ROSA's region.
    pub rosa_region: String,
    /// ROSA's VPC.
    pub rosa_vpc_id: String,
}

impl VerifyUnpeered {
    async fn left(&self, at: &Attempt<Aws>) -> Result<Vec<String>, Fault> {
        let aws = at.context();
        let mut left = Vec::new();
        for peering in &self.peerings {
            for end in [&peering.rosa, &peering.aurora] {
                let link = link::from(aws, end, &peering.id).await?;
                if let Some(link) = link.filter(|link| link.is_live() || link.is_going()) {
                    left.push(format!("{} is {} in {}", link.id, link.state, end.region));
                }
                for route in routes_to(aws, end, &peering.id).await? {
                    left.push(format!(
                        "{} has a route for {} to {}",
                        route.table, route.destination, peering.id
                    ));
                }
            }
        }
        Ok(left)
    }
}

impl Step for VerifyUnpeered {
    type Context = Aws;
    type Input = ();
    type Output = Unpeered;
    const KIND: &'static str = "verify-unpeered";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<Unpeered, Fault> {
        until_gone(at, || self.left(at)).await?;
        let count = |of: fn(&PeeringInventory) -> usize| self.peerings.iter().map(of).sum();
        Ok(Unpeered {
            peerings: self
                .peerings
                .iter()
                .map(|peering| UnpeeredLink {
                    id: peering.id.clone(),
                    cluster: peering.cluster.clone(),
                    region: peering.aurora.region.clone(),
                    vpc_id: peering.aurora.vpc_id.clone(),
                    rosa_region: peering.rosa.region.clone(),
                    rosa_vpc_id: peering.rosa.vpc_id.clone(),
                })
                .collect(),
            routes: count(|peering| peering.routes.len()),
            ingress_rules: count(|peering| peering.rules.len()),
        })
    }
}

/// Adds the kinds of these steps.
pub(crate) fn register(registry: Registry<Aws>) -> Registry<Aws> {
    registry
        .register::<ClosePort>()
        .register::<DeletePeering>()
        .register::<DeleteRoute>()
        .register::<VerifyUnpeered>()
        .register::<WaitPeeringGone>()
}
