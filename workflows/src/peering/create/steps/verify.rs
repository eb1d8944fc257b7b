//! The end of a `peering create`: it says "peered" only of what carries traffic.

use std::time::Duration;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Policy, Step};

use super::connection::Connection;
use super::port::PortOpened;
use super::route::RouteMade;
use crate::aws::poll::{Seen, poll};
use crate::aws::{Aws, POLICY};
use crate::peering::end::End;
use crate::peering::ingress::{self, default_port};
use crate::peering::{link, routes};

/// Looks at every part once more, on both sides.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifyPeering {
    pub(crate) cluster: String,
    pub(crate) aurora: End,
    pub(crate) rosa: End,
    pub(crate) rosa_cluster: Option<String>,
    pub(crate) machine_cidr: Ipv4Net,
    pub(crate) cidrs: Vec<Ipv4Net>,
    /// Whether the run had anything to change, by its survey.
    pub(crate) changed: bool,
}

/// A route of a peering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeeredRoute {
    /// Its table.
    pub id: String,
    /// Its region.
    pub region: String,
    /// Its destination.
    pub destination: Ipv4Net,
}

/// What `peering create` gives: the run's output. The names are part of the
/// documented JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peered {
    /// The peering connection.
    pub peering_id: String,
    /// Its state, the same on both sides.
    pub state: String,
    /// Whether anything was changed for it.
    pub changed: bool,
    /// The Aurora cluster.
    pub cluster: String,
    /// Its region.
    pub region: String,
    /// Its VPC.
    pub vpc_id: String,
    /// The address ranges of its VPC.
    pub cidrs: Vec<Ipv4Net>,
    /// The ROSA cluster, where it was named.
    pub rosa_cluster: Option<String>,
    /// ROSA's region.
    pub rosa_region: String,
    /// ROSA's VPC.
    pub rosa_vpc_id: String,
    /// The account that it belongs to.
    pub rosa_account: String,
    /// The range of ROSA's machines.
    pub machine_cidr: Ipv4Net,
    /// The routes, those in ROSA's tables first.
    pub routes: Vec<PeeredRoute>,
    /// The port that is open, on which the cluster serves.
    #[serde(default = "default_port")]
    pub port: i32,
    /// The security group in which the port is open.
    pub security_group_id: String,
    /// The rule that opens it.
    pub ingress_rule_id: String,
}

impl VerifyPeering {
    async fn missing(
        &self,
        at: &Attempt<Aws>,
        connection: &Connection,
        made: &[(&End, &RouteMade)],
        port: &PortOpened,
    ) -> Result<Vec<String>, Fault> {
        let (aws, id) = (at.context(), &connection.peering_id);
        let mut missing = Vec::new();
        for end in [&self.rosa, &self.aurora] {
            let link = link::from(aws, end, id).await?;
            if link.is_none_or(|link| link.state != "active") {
                missing.push(format!("{id} is not active in {}", end.region));
            }
        }
        for (end, route) in made {
            let found = routes::table(aws, end, &route.route_table_id)
                .await?
                .and_then(|table| routes::to(&table, &route.destination.into()));
            if !found.is_some_and(|found| found.leads_to(id) && !found.blackhole) {
                missing.push(format!(
                    "{} has no route for {} to {id}",
                    route.route_table_id, route.destination
                ));
            }
        }
        let groups = std::slice::from_ref(&port.group_id);
        let rules = ingress::openings(aws, &self.aurora, groups).await?;
        if !rules.iter().any(|rule| rule.is_for(port.source, port.port)) {
            missing.push(format!(
                "{} is not open to {} on port {}",
                port.group_id, port.source, port.port
            ));
        }
        Ok(missing)
    }
}

impl Step for VerifyPeering {
    type Context = Aws;
    type Input = (Connection, Vec<RouteMade>, Vec<RouteMade>, PortOpened);
    type Output = Peered;
    const KIND: &'static str = "verify-peering";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (connection, to_aurora, to_rosa, port): &Self::Input,
    ) -> Result<Peered, Fault> {
        let there = to_aurora.iter().map(|route| (&self.rosa, route));
        let here = to_rosa.iter().map(|route| (&self.aurora, route));
        let made: Vec<(&End, &RouteMade)> = there.chain(here).collect();
        let (pace, deadline) = (Duration::from_secs(2), Duration::from_secs(60));
        poll(at, "something is missing", pace, deadline, || async {
            let missing = self.missing(at, connection, &made, port).await?;
            Ok(if missing.is_empty() {
                Seen::Done(())
            } else {
                Seen::NotYet(missing.join(", "))
            })
        })
        .await?;
        Ok(Peered {
            peering_id: connection.peering_id.clone(),
            state: "active".to_owned(),
            changed: self.changed,
            cluster: self.cluster.clone(),
            region: self.aurora.region.clone(),
            vpc_id: self.aurora.vpc_id.clone(),
            cidrs: self.cidrs.clone(),
            rosa_cluster: self.rosa_cluster.clone(),
            rosa_region: self.rosa.region.clone(),
            rosa_vpc_id: self.rosa.vpc_id.clone(),
            rosa_account: self.rosa.owner.clone(),
            machine_cidr: self.machine_cidr,
            routes: made
                .iter()
                .map(|(end, route)| PeeredRoute {
                    id: route.route_table_id.clone(),
                    region: end.region.clone(),
                    destination: route.destination,
                })
                .collect(),
            port: port.port,
            security_group_id: port.group_id.clone(),
            ingress_rule_id: port.rule_id.clone(),
        })
    }
}
