//! Route tables.

use super::describe::{Describe, done, one, tag_set};
use super::lookup::{Kind, find_any};
use super::route::{is_blackhole, local};
use super::tags::given_tags;
use crate::operations::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::network::{Association, Route, RouteTable, Target};

/// `CreateRouteTable`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::RouteTable)?;
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
    context.here_mut().route_tables.remove(&id);
    done()
}

/// `DescribeRouteTables`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let (tables, next) = Describe {
        kind: Kind::RouteTable,
        ids: "RouteTableId",
        filters: &[
            "association.gateway-id",
            "association.main",
            "association.route-table-association-id",
            "association.route-table-id",
            "association.subnet-id",
            "owner-id",
            "route.destination-cidr-block",
            "route.gateway-id",
            "route.origin",
            "route.state",
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
    let routes = |value: &dyn Fn(&Route) -> Option<String>, local: Option<String>| {
        table.routes.iter().filter_map(value).chain(local).collect()
    };
    match name {
        "association.main" => associations(&|one| Some(one.subnet.is_none().to_string())),
        "association.route-table-association-id" => associations(&|one| Some(one.id.clone())),
        "association.route-table-id" => associations(&|_| Some(id.to_owned())),
        "association.subnet-id" => associations(&|one| one.subnet.clone()),
        "owner-id" => one(account),
        "route.destination-cidr-block" => routes(
            &|route| Some(route.destination.to_string()),
            local(context, table).map(|cidr| cidr.to_string()),
        ),
        "route.gateway-id" => routes(
            &|route| match &route.target {
                Target::Gateway(id) => Some(id.clone()),
                Target::Peering(_) => None,
            },
            Some("local".into()),
        ),
        "route.origin" => routes(
            &|_| Some("CreateRoute".into()),
            Some("CreateRouteTable".into()),
        ),
        "route.state" => routes(
            &|route| Some(state(context, table, route).into()),
            Some("active".into()),
        ),
        "route.vpc-peering-connection-id" => routes(
            &|route| match &route.target {
                Target::Peering(id) => Some(id.clone()),
                Target::Gateway(_) => None,
            },
            None,
        ),
        "route-table-id" => one(id),
        "vpc-id" => one(&table.vpc),
        _ => Vec::new(),
    }
}

fn state(context: &Context<'_>, table: &RouteTable, route: &Route) -> &'static str {
    if is_blackhole(context, &table.vpc, route) {
        "blackhole"
    } else {
        "active"
    }
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, table: &RouteTable) {
    xml.text("routeTableId", id)
        .text("vpcId", &table.vpc)
        .text("ownerId", &context.world.account_id)
        .node("routeSet", |xml| {
            if let Some(cidr) = local(context, table) {
                xml.node("item", |xml| {
                    xml.text("destinationCidrBlock", cidr)
                        .text("gatewayId", "local")
                        .text("state", "active")
                        .text("origin", "CreateRouteTable");
                });
            }
            for route in &table.routes {
                xml.node("item", |xml| {
                    xml.text("destinationCidrBlock", route.destination);
                    match &route.target {
                        Target::Peering(id) => xml.text("vpcPeeringConnectionId", id),
                        Target::Gateway(id) => xml.text("gatewayId", id),
                    };
                    xml.text("state", state(context, table, route))
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
