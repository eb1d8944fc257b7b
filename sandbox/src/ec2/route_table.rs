//! Route tables.

use super::*;
use crate::ec2::route::locals;
use crate::ec2::route_target::is_blackhole;
use crate::field;
use crate::field::Value;
use crate::world::network::{Association, Route};

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::RouteTable)?;
    let held = context.here().route_tables.values();
    if held.filter(|one| one.vpc == vpc).count() >= context.quotas.route_tables {
        refuse!("RouteTableLimitExceeded":
            "You have reached the limit on the number of route tables in VPC '{vpc}'");
    }
    let id = context.world.new_id("rtb");
    let table = RouteTable {
        vpc,
        tags,
        routes: Vec::new(),
        associations: Vec::new(),
        visible_at: context.visible_at(&id),
    };
    let body = ROUTE_TABLE.single(context, &id, &table);
    context.here_mut().route_tables.insert(id, table);
    Ok(body)
}

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("RouteTableId")?.to_owned();
    let table = find_any(&context.here().route_tables, Kind::RouteTable, &id)?;
    if !table.associations.is_empty() {
        refuse!("DependencyViolation":
            "The routeTable '{id}' has dependencies and cannot be deleted.");
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

pub(crate) static ROUTE_TABLE: Description<RouteTable> = Description {
    kind: Kind::RouteTable,
    ids: "RouteTableId",
    elements: ("routeTableSet", "routeTable"),
    results: (5, 100),
    fields: fields! { v:
        "routeTableId" ["route-table-id"] v.id;
        "vpcId" ["vpc-id"] &v.vpc;
        "ownerId" ["owner-id"] v.account();
        "routeSet" [] inside(|xml| routes(xml, v));
        ["route.carrier-gateway-id"] targets(v, "carrierGatewayId");
        ["route.destination-cidr-block"] destinations(v, "destinationCidrBlock");
        ["route.destination-ipv6-cidr-block"] destinations(v, "destinationIpv6CidrBlock");
        ["route.destination-prefix-list-id"] destinations(v, "destinationPrefixListId");
        ["route.egress-only-internet-gateway-id"] targets(v, "egressOnlyInternetGatewayId");
        ["route.gateway-id"] targets(v, "gatewayId");
        ["route.gateway-id"] "local";
        ["route.nat-gateway-id"] targets(v, "natGatewayId");
        ["route.origin"] Each(v.routes.iter().map(|_| "CreateRoute"));
        ["route.origin"] "CreateRouteTable";
        ["route.state"] Each(v.routes.iter().map(|route| state(v.context, v.one, route)));
        ["route.state"] "active";
        ["route.transit-gateway-id"] targets(v, "transitGatewayId");
        ["route.vpc-peering-connection-id"] targets(v, "vpcPeeringConnectionId");
        "associationSet" [] inside(|xml| for one in &v.associations {
            xml.node("item", |xml| association(xml, v.id, one));
        });
        ["association.gateway-id"] None::<&str>;
        ["association.main"] Each(v.associations.iter().map(|one| one.subnet.is_none()));
        ["association.route-table-association-id"] Each(v.associations.iter().map(|one| &one.id));
        ["association.route-table-id"] Each(v.associations.iter().map(|_| v.id));
        ["association.subnet-id"] Each(v.associations.iter().filter_map(|one| one.subnet.as_ref()));
        "propagatingVgwSet" [] "";
    },
};

type View<'a> = field::View<'a, RouteTable>;

/// The destinations that have this element.
fn destinations(v: &View<'_>, element: &'static str) -> impl Value {
    let own = v.routes.iter().map(|route| route.destination.clone());
    let all = locals(v.here(), v.one).into_iter().chain(own);
    let named = all.filter(move |one| destination_name(one) == element);
    Each(named.map(|one| one.to_string()))
}

/// The ids of the targets that have this element.
fn targets(v: &View<'_>, element: &'static str) -> impl Value {
    let all = v.routes.iter().map(|route| target_name(&route.target));
    Each(
        all.filter(move |(name, _)| *name == element)
            .map(|(_, id)| id),
    )
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

fn routes(xml: &mut Xml, v: &View<'_>) {
    for local in locals(v.here(), v.one) {
        xml.node("item", |xml| {
            xml.text(destination_name(&local), &local)
                .text("gatewayId", "local")
                .text("state", "active")
                .text("origin", "CreateRouteTable");
        });
    }
    for route in &v.routes {
        let (name, id) = target_name(&route.target);
        xml.node("item", |xml| {
            xml.text(destination_name(&route.destination), &route.destination)
                .text(name, id)
                .text("state", state(v.context, v.one, route))
                .text("origin", "CreateRoute");
        });
    }
}

fn association(xml: &mut Xml, table: &str, one: &Association) {
    xml.text("routeTableAssociationId", &one.id)
        .text("routeTableId", table)
        .maybe("subnetId", one.subnet.as_ref())
        .text("main", one.subnet.is_none())
        .node("associationState", |xml| {
            xml.text("state", "associated");
        });
}
