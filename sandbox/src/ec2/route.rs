//! Routes.

use super::describe::done;
use super::lookup::{Kind, find, find_any};
use crate::operations::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::world::cidr::Cidr;
use crate::world::network::{Route, RouteTable, Target};
use crate::world::peering::PeeringStatus;

/// The range of the local route: that of the VPC.
pub(crate) fn local(context: &Context<'_>, table: &RouteTable) -> Option<Cidr> {
    context.here().vpcs.get(&table.vpc).map(|vpc| vpc.cidr)
}

/// Whether the route's target is gone.
pub(crate) fn is_blackhole(context: &Context<'_>, vpc: &str, route: &Route) -> bool {
    match &route.target {
        Target::Peering(id) => context
            .world
            .peerings
            .get(id)
            .is_none_or(|peering| peering.status != PeeringStatus::Active),
        Target::Gateway(id) => context
            .here()
            .gateways
            .get(id)
            .is_none_or(|gateway| gateway.vpc.as_deref() != Some(vpc)),
    }
}

/// The table, destination and target that a call is about.
struct Given {
    table: String,
    destination: Cidr,
    target: Target,
}

fn given(context: &Context<'_>, ended: bool) -> ApiResult<Given> {
    let table_id = context.params.need("RouteTableId")?;
    let table = context.route_table(table_id)?;
    let destination = destination(context)?;
    let target = target(context, table_id, table, ended)?;
    if let Some(local) = local(context, table)
        && local.contains(destination)
        && local != destination
    {
        return Err(ApiError::value(format!(
            "Route destination {destination} is more specific than the local route {local} and its target is not in the VPC"
        )));
    }
    Ok(Given {
        table: table_id.to_owned(),
        destination,
        target,
    })
}

fn destination(context: &Context<'_>) -> ApiResult<Cidr> {
    let text = context.params.need("DestinationCidrBlock")?;
    text.parse().map_err(|_| {
        ApiError::value(format!(
            "Value ({text}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block."
        ))
    })
}

/// The target. One that has `ended` and is still shown is taken or not.
fn target(
    context: &Context<'_>,
    table_id: &str,
    table: &RouteTable,
    ended: bool,
) -> ApiResult<Target> {
    let peering = context.params.get("VpcPeeringConnectionId");
    let gateway = context.params.get("GatewayId");
    let other = [
        "NatGatewayId",
        "InstanceId",
        "NetworkInterfaceId",
        "TransitGatewayId",
        "VpcEndpointId",
    ]
    .iter()
    .find(|name| context.params.has(name));
    if let Some(other) = other {
        return Err(ApiError::value(format!(
            "{other} is not simulated as a route target"
        )));
    }
    match (peering, gateway) {
        (Some(id), None) => {
            let found = find(&context.world.peerings, Kind::Peering, id, context.now)?;
            if !found.touches(context.region, &table.vpc) {
                return Err(different_networks(table_id, id));
            }
            match found.status {
                PeeringStatus::Active => Ok(Target::Peering(id.to_owned())),
                // A young peering looks to routes like one of another network.
                PeeringStatus::InitiatingRequest
                | PeeringStatus::PendingAcceptance
                | PeeringStatus::Provisioning => Err(different_networks(table_id, id)),
                _ if ended => Ok(Target::Peering(id.to_owned())),
                _ => Err(ApiError::new(
                    "InvalidStateTransition",
                    format!(
                        "The vpcPeeringConnection {id} is in state {} and cannot be a route target",
                        found.status.code()
                    ),
                )),
            }
        }
        (None, Some(id)) => {
            let found = find(&context.here().gateways, Kind::Gateway, id, context.now)?;
            if found.vpc.as_deref() == Some(table.vpc.as_str()) {
                Ok(Target::Gateway(id.to_owned()))
            } else {
                Err(different_networks(table_id, id))
            }
        }
        (Some(_), Some(_)) => Err(ApiError::combination(
            "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId",
        )),
        (None, None) => Err(ApiError::missing("gatewayId or vpcPeeringConnectionId")),
    }
}

fn different_networks(table: &str, target: &str) -> ApiError {
    ApiError::value(format!(
        "route table {table} and network gateway {target} belong to different networks"
    ))
}

fn not_found(table: &str, destination: Cidr) -> ApiError {
    ApiError::new(
        "InvalidRoute.NotFound",
        format!("no route with destination-cidr-block {destination} in route table {table}"),
    )
}

/// `CreateRoute`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let Given {
        table,
        destination,
        target,
    } = given(context, false)?;
    let quota = context.quotas.routes;
    let held = context.route_table(&table)?;
    let taken = local(context, held) == Some(destination)
        || held
            .routes
            .iter()
            .any(|route| route.destination == destination);
    if taken {
        return Err(ApiError::new(
            "RouteAlreadyExists",
            format!("The route identified by {destination} already exists."),
        ));
    }
    if held.routes.len() >= quota {
        return Err(ApiError::new(
            "RouteLimitExceeded",
            format!("The route table {table} has reached the limit of {quota} routes"),
        ));
    }
    if let Some(table) = context.here_mut().route_tables.get_mut(&table) {
        table.routes.push(Route {
            destination,
            target,
        });
    }
    done()
}

/// `ReplaceRoute`.
pub(crate) fn replace(context: &mut Context<'_>) -> ApiResult<String> {
    let Given {
        table,
        destination,
        target,
    } = given(context, true)?;
    let held = context.route_table(&table)?;
    if local(context, held) == Some(destination) {
        return Err(ApiError::value(format!(
            "cannot replace local route {destination} in route table {table}"
        )));
    }
    let route = context
        .here_mut()
        .route_tables
        .get_mut(&table)
        .and_then(|table| {
            table
                .routes
                .iter_mut()
                .find(|route| route.destination == destination)
        })
        .ok_or_else(|| not_found(&table, destination))?;
    route.target = target;
    done()
}

/// `DeleteRoute`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let table_id = context.params.need("RouteTableId")?.to_owned();
    let destination = destination(context)?;
    let table = find_any(&context.here().route_tables, Kind::RouteTable, &table_id)?;
    if local(context, table) == Some(destination) {
        return Err(ApiError::value(format!(
            "cannot remove local route {destination} in route table {table_id}"
        )));
    }
    let index = table
        .routes
        .iter()
        .position(|route| route.destination == destination)
        .ok_or_else(|| not_found(&table_id, destination))?;
    if let Some(table) = context.here_mut().route_tables.get_mut(&table_id) {
        table.routes.remove(index);
    }
    done()
}
