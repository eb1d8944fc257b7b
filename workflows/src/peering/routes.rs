//! Routes: where they lead, and which tables count.

use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_ec2::types::{Route, RouteState, RouteTable};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use stepwell_engine::Fault;

use super::end::End;
use crate::aws::call::{fault, unless_gone};
use crate::aws::destination::Destination;
use crate::aws::{Aws, ec2};

/// What kind of thing a route leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// A peering connection.
    Peering,
    /// An internet gateway, a virtual private gateway or a VPC endpoint.
    Gateway,
    /// A NAT gateway.
    NatGateway,
    /// A transit gateway.
    TransitGateway,
    /// A network interface.
    Interface,
    /// An instance.
    Instance,
    /// Something that can't be named in a request of ours.
    Other,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTarget {
    /// What kind of thing.
    pub kind: TargetKind,
    /// Its id.
    pub id: String,
}

impl RouteTarget {
    /// A peering connection.
    pub(crate) fn peering(id: &str) -> Self {
        Self {
            kind: TargetKind::Peering,
            id: id.to_owned(),
        }
    }

    fn of(route: &Route) -> Self {
        // A route to an instance names its interface too, which is what counts.
        let named = [
            (TargetKind::Peering, route.vpc_peering_connection_id()),
            (TargetKind::Interface, route.network_interface_id()),
            (TargetKind::NatGateway, route.nat_gateway_id()),
            (TargetKind::TransitGateway, route.transit_gateway_id()),
            (TargetKind::Instance, route.instance_id()),
            (TargetKind::Gateway, route.gateway_id()),
            (TargetKind::Other, route.carrier_gateway_id()),
            (TargetKind::Other, route.local_gateway_id()),
            (TargetKind::Other, route.core_network_arn()),
        ];
        let (kind, id) = named
            .into_iter()
            .find_map(|(kind, id)| Some((kind, id?)))
            .unwrap_or((TargetKind::Other, "an unknown target"));
        Self {
            kind,
            id: id.to_owned(),
        }
    }
}

impl Standing {
    /// Whether it leads to a peering.
    pub(crate) fn leads_to(&self, peering: &str) -> bool {
        self.target.kind == TargetKind::Peering && self.target.id == peering
    }
}

impl fmt::Display for RouteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// A route as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) destination: Destination,
    pub(crate) target: RouteTarget,
    /// Whether AWS says that the target is not there.
    pub(crate) blackhole: bool,
}

/// The routes of a table, the local ones aside.
pub(crate) fn standing(table: &RouteTable) -> Vec<Standing> {
    table
        .routes()
        .iter()
        .filter(|route| route.gateway_id() != Some("local"))
        .filter_map(|route| {
            Some(Standing {
                destination: Destination::of(route)?,
                target: RouteTarget::of(route),
                blackhole: route.state() == Some(&RouteState::Blackhole),
            })
        })
        .collect()
}

/// The route of a table to exactly a destination.
pub(crate) fn to(table: &RouteTable, destination: &Destination) -> Option<Standing> {
    standing(table)
        .into_iter()
        .find(|route| route.destination == *destination)
}

/// The tables that serve subnets: those associated with one, and the main one
/// where a subnet has no association of its own.
pub(crate) fn serving<'a>(tables: &'a [RouteTable], subnets: &[String]) -> Vec<&'a RouteTable> {
    let associated = |subnet: &str| {
        tables.iter().find(|table| {
            table
                .associations()
                .iter()
                .any(|association| association.subnet_id() == Some(subnet))
        })
    };
    let main = tables.iter().find(|table| ec2::is_main(table));
    let ids: BTreeSet<&str> = subnets
        .iter()
        .filter_map(|subnet| associated(subnet).or(main))
        .filter_map(|table| table.route_table_id())
        .collect();
    tables
        .iter()
        .filter(|table| table.route_table_id().is_some_and(|id| ids.contains(id)))
        .collect()
}

/// A table, if it is there.
pub(crate) async fn table(aws: &Aws, end: &End, id: &str) -> Result<Option<RouteTable>, Fault> {
    let answer = end
        .aws(aws)
        .ec2(&end.region)
        .describe_route_tables()
        .route_table_ids(id)
        .send()
        .await
        .map_err(|error| fault("DescribeRouteTables", error));
    Ok(unless_gone(answer)?.and_then(|answer| answer.route_tables.unwrap_or_default().pop()))
}

/// Adds a route to a peering.
pub(crate) async fn create(
    aws: &Aws,
    end: &End,
    table: &str,
    destination: Ipv4Net,
    peering: &str,
) -> Result<(), Fault> {
    end.aws(aws)
        .ec2(&end.region)
        .create_route()
        .route_table_id(table)
        .destination_cidr_block(destination.to_string())
        .vpc_peering_connection_id(peering)
        .send()
        .await
        .map_err(|error| fault("CreateRoute", error))
        .map(drop)
}

/// Turns a route to another target.
pub(crate) async fn replace(
    aws: &Aws,
    end: &End,
    table: &str,
    destination: Ipv4Net,
    target: &RouteTarget,
) -> Result<(), Fault> {
    let request = end
        .aws(aws)
        .ec2(&end.region)
        .replace_route()
        .route_table_id(table)
        .destination_cidr_block(destination.to_string());
    let request = match target.kind {
        TargetKind::Peering => request.vpc_peering_connection_id(&target.id),
        TargetKind::Gateway => request.gateway_id(&target.id),
        TargetKind::NatGateway => request.nat_gateway_id(&target.id),
        TargetKind::TransitGateway => request.transit_gateway_id(&target.id),
        TargetKind::Interface => request.network_interface_id(&target.id),
        TargetKind::Instance => request.instance_id(&target.id),
        TargetKind::Other => {
            return Err(Fault::permanent(format!(
                "a route to {target} can't be written"
            )));
        }
    };
    request
        .send()
        .await
        .map_err(|error| fault("ReplaceRoute", error))
        .map(drop)
}
