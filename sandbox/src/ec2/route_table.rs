//! Route tables.

use super::describe::{Describe, done, one, tag_set};
use super::lookup::{Kind, find_any};
use super::route::locals;
use super::route_target::is_blackhole;
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::edge::EdgeSort;
use crate::world::network::{Association, Destination, Route, RouteTable, Target};

/// `CreateRouteTable`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::RouteTable)?;
    let held = context.here().route_tables.values();
    if held.filter(|one| one.vpc == vpc).count() >= context.quotas.route_tables {
        return Err(ApiError::new(
            "RouteTableLimitExceeded",
            format!("You have reached the limit on the number of route tables in VPC '{vpc}'"),
        ));
    }
    let id = context.world.new_id("rtb");
    let table = RouteTable {
        vpc,
        tags,
        routes: Vec::new(),
        associations: Vec::new(),
        visible_at: context.visible_at(&id),
    };
    let mut xml = Xml::new();
    xml.node("routeTable", |xml| describe_one(xml, context, &id, &table));
    context.here_mut().route_tables.insert(id, table);
    Ok(xml.finish())
}

/// `DeleteRouteTable`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("RouteTableId")?.to_owned();
    let table = find_any(&context.here().route_tables, Kind::RouteTable, &id)?;
    if !table.associations.is_empty() {
        return Err(ApiError::dependency(format!(
            "The routeTable '{id}' has dependencies and cannot be deleted."
        )));
    }
    let here = context.here_mut();
    here.route_tables.remove(&id);
    for edge in here.edges.values_mut() {
        if let EdgeSort::Endpoint(endpoint) = &mut edge.sort {
            endpoint.tables.retain(|table| *table != id);
        }
    }
    done()
}

/// `DescribeRouteTables`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let (tables, next) = Describe {
        kind: Kind::RouteTable,
        ids: "RouteTableId",
        results: (5, 100),
        filters: &[
            "association.gateway-id",
            "association.main",
            "association.route-table-association-id",
            "association.route-table-id",
            "association.subnet-id",
            "owner-id",
            "route.carrier-gateway-id",
            "route.destination-cidr-block",
            "route.destination-ipv6-cidr-block",
            "route.destination-prefix-list-id",
            "route.egress-only-internet-gateway-id",
            "route.gateway-id",
            "route.nat-gateway-id",
            "route.origin",
            "route.state",
            "route.transit-gateway-id",
            "route.vpc-peering-connection-id",
            "route-table-id",
            "vpc-id",
        ],
        values: &|name, id, table: &RouteTable| values(context, &account, name, id, table),
        tags: &|table| &table.tags,
    }
    .select(
        context,
        context
            .here()
            .route_tables
            .iter()
            .map(|(id, one)| (id.as_str(), one)),
    )?;
    let mut xml = Xml::new();
    xml.list("routeTableSet", "item", tables, |xml, (id, table)| {
        describe_one(xml, context, id, table);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn values(
    context: &Context<'_>,
    account: &str,
    name: &str,
    id: &str,
    table: &RouteTable,
) -> Vec<String> {
    let associations = |value: &dyn Fn(&Association) -> Option<String>| {
        table.associations.iter().filter_map(value).collect()
    };
    let locals = locals(context.here(), table);
    let own = table.routes.iter().map(|route| &route.destination);
    let destinations = |wanted: &str| -> Vec<String> {
        (locals.iter().chain(own))
            .filter(|one| destination_name(one) == wanted)
            .map(ToString::to_string)
            .collect()
    };
    let targets = |wanted: &'static str| {
        let named = table.routes.iter().map(|route| target_name(&route.target));
        named
            .filter(move |(name, _)| *name == wanted)
            .map(|(_, id)| id.to_owned())
    };
    match name {
        "association.main" => associations(&|one| Some(one.subnet.is_none().to_string())),
        "association.route-table-association-id" => associations(&|one| Some(one.id.clone())),
        "association.route-table-id" => associations(&|_| Some(id.to_owned())),
        "association.subnet-id" => associations(&|one| one.subnet.clone()),
        "owner-id" => one(account),
        "route.carrier-gateway-id" => targets("carrierGatewayId").collect(),
        "route.destination-cidr-block" => destinations("destinationCidrBlock"),
        "route.destination-ipv6-cidr-block" => destinations("destinationIpv6CidrBlock"),
        "route.destination-prefix-list-id" => destinations("destinationPrefixListId"),
        "route.egress-only-internet-gateway-id" => targets("egressOnlyInternetGatewayId").collect(),
        "route.gateway-id" => targets("gatewayId").chain(["local".into()]).collect(),
        "route.nat-gateway-id" => targets("natGatewayId").collect(),
        "route.origin" => {
            let own = table.routes.iter().map(|_| "CreateRoute".to_owned());
            own.chain(["CreateRouteTable".into()]).collect()
        }
        "route.state" => {
            let own = table
                .routes
                .iter()
                .map(|route| state(context, table, route).to_owned());
            own.chain(["active".into()]).collect()
        }
        "route.transit-gateway-id" => targets("transitGatewayId").collect(),
        "route.vpc-peering-connection-id" => targets("vpcPeeringConnectionId").collect(),
        "route-table-id" => one(id),
        "vpc-id" => one(&table.vpc),
        _ => Vec::new(),
    }
}

fn state(context: &Context<'_>, table: &RouteTable, route: &Route) -> &'static str {
    if is_blackhole(context, &table.vpc, &route.target) {
        "blackhole"
    } else {
        "active"
    }
}

/// The element of a route that has its destination.
fn destination_name(destination: &Destination) -> &'static str {
    match destination {
        Destination::Cidr(_) => "destinationCidrBlock",
        Destination::Cidr6(_) => "destinationIpv6CidrBlock",
        Destination::PrefixList(_) => "destinationPrefixListId",
    }
}

/// The element of a route that has its target, and the target's id.
fn target_name(target: &Target) -> (&'static str, &str) {
    match target {
        Target::Peering(id) => ("vpcPeeringConnectionId", id),
        Target::Gateway(id) => ("gatewayId", id),
        Target::Edge(id) => {
            let name = match Kind::of_id(id) {
                Some(Kind::Nat) => "natGatewayId",
                Some(Kind::EgressOnly) => "egressOnlyInternetGatewayId",
                Some(Kind::Transit) => "transitGatewayId",
                Some(Kind::Carrier) => "carrierGatewayId",
                _ => "gatewayId",
            };
            (name, id)
        }
    }
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, table: &RouteTable) {
    xml.text("routeTableId", id)
        .text("vpcId", &table.vpc)
        .text("ownerId", &context.world.account_id)
        .node("routeSet", |xml| {
            for local in locals(context.here(), table) {
                xml.node("item", |xml| {
                    xml.text(destination_name(&local), &local)
                        .text("gatewayId", "local")
                        .text("state", "active")
                        .text("origin", "CreateRouteTable");
                });
            }
            for route in &table.routes {
                let (name, id) = target_name(&route.target);
                xml.node("item", |xml| {
                    xml.text(destination_name(&route.destination), &route.destination)
                        .text(name, id)
                        .text("state", state(context, table, route))
                        .text("origin", "CreateRoute");
                });
            }
        })
        .list("associationSet", "item", &table.associations, |xml, one| {
            xml.text("routeTableAssociationId", &one.id)
                .text("routeTableId", id)
                .maybe("subnetId", one.subnet.as_ref())
                .text("main", one.subnet.is_none())
                .node("associationState", |xml| {
                    xml.text("state", "associated");
                });
        })
        .text("propagatingVgwSet", "");
    tag_set(xml, &table.tags);
}
