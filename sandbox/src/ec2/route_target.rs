//! What routes lead to: which target a call names, and whether it still carries traffic.

use super::*;
use crate::ec2::transit::transit_of;
use crate::world::edge::AttachmentState;
use crate::world::peering::PeeringStatus;

/// Whether the target of a route of the VPC is gone.
pub(crate) fn is_blackhole(context: &Context<'_>, vpc: &str, target: &Target) -> bool {
    let serves = match target {
        Target::Peering(id) => {
            let peering = context.world.peerings.get(id);
            peering.is_some_and(|peering| peering.status == PeeringStatus::Active)
        }
        Target::Gateway(id) => {
            let gateway = context.here().gateways.get(id);
            gateway.is_some_and(|gateway| gateway.vpc.as_deref() == Some(vpc))
        }
        Target::Edge(id) => edge_serves(context, vpc, id),
    };
    !serves
}

fn edge_serves(context: &Context<'_>, vpc: &str, id: &str) -> bool {
    let Some(edge) = context.here().edges.get(id) else {
        return false;
    };
    match Kind::of_id(id) {
        Some(Kind::Vpn) => edge
            .attachment()
            .is_some_and(|held| held.vpc == vpc && held.state == AttachmentState::Attached),
        Some(Kind::Transit) => edge::all(context, Kind::TransitAttachment).any(|(_, one)| {
            one.state == EdgeState::Available
                && one.vpc.as_deref() == Some(vpc)
                && transit_of(one).is_some_and(|transit| transit == id)
        }),
        _ => edge.vpc.as_deref() == Some(vpc) && edge.state.serves(),
    }
}

#[rustfmt::skip]
const TARGETS: [&str; 6] = [
    "VpcPeeringConnectionId", "GatewayId", "NatGatewayId", "EgressOnlyInternetGatewayId",
    "TransitGatewayId", "CarrierGatewayId",
];

/// Those of AWS that are not simulated.
#[rustfmt::skip]
const UNKNOWN: [&str; 6] = [
    "InstanceId", "NetworkInterfaceId", "VpcEndpointId", "LocalGatewayId", "CoreNetworkArn",
    "OdbNetworkArn",
];

/// The target that a call names. A peering that has `ended` and is still shown is taken or not.
pub(crate) fn given(
    context: &Context<'_>,
    table: &str,
    vpc: &str,
    destination: &Destination,
    ended: bool,
) -> ApiResult<Target> {
    let params = context.params;
    if let Some(name) = UNKNOWN.iter().find(|name| params.has(name)) {
        refuse!("InvalidParameterValue": "{name} is not simulated as a route target");
    }
    let mut given = TARGETS
        .iter()
        .filter_map(|name| Some((*name, params.get(name)?)));
    let Some((name, id)) = given.next() else {
        return Err(ApiError::missing("gatewayId or vpcPeeringConnectionId"));
    };
    if given.next().is_some() {
        refuse!("InvalidParameterCombination":
            "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId");
    }
    if name == "VpcPeeringConnectionId" {
        return peering(context, table, vpc, id, ended);
    }
    if name == "GatewayId" && Kind::of_id(id) != Some(Kind::Vpn) {
        let found = find(&context.here().gateways, Kind::Gateway, id, context.now)?;
        return match found.vpc.as_deref() == Some(vpc) {
            true => Ok(Target::Gateway(id.to_owned())),
            false => Err(different_networks(table, id)),
        };
    }
    let v6 = matches!(destination, Destination::Cidr6(_));
    if name == "EgressOnlyInternetGatewayId" && !v6 {
        refuse!("InvalidParameterValue":
            "Route destination {destination} is not an IPv6 range, which egress only internet gateway {id} needs");
    }
    edge_target(context, table, vpc, name, id)
}

fn edge_target(
    context: &Context<'_>,
    table: &str,
    vpc: &str,
    name: &str,
    id: &str,
) -> ApiResult<Target> {
    let kind = match name {
        "NatGatewayId" => Kind::Nat,
        "EgressOnlyInternetGatewayId" => Kind::EgressOnly,
        "TransitGatewayId" => Kind::Transit,
        "CarrierGatewayId" => Kind::Carrier,
        _ => Kind::Vpn,
    };
    let found = edge::seen(context, kind, id).map_err(|error| match kind {
        // As a target it has another code than where it is described.
        Kind::Nat if error.code == "NatGatewayNotFound" => nat_not_found(id),
        _ => error,
    })?;
    if edge_serves(context, vpc, id) {
        return Ok(Target::Edge(id.to_owned()));
    }
    Err(match kind {
        // A VPC can't tell a transit gateway that it is not attached to from none.
        Kind::Transit => kind.not_found(id),
        Kind::Nat if found.vpc.as_deref() == Some(vpc) => nat_not_found(id),
        _ => different_networks(table, id),
    })
}

fn nat_not_found(id: &str) -> ApiError {
    refusal!("InvalidNatGatewayID.NotFound": "The natGateway ID '{id}' does not exist")
}

fn peering(
    context: &Context<'_>,
    table: &str,
    vpc: &str,
    id: &str,
    ended: bool,
) -> ApiResult<Target> {
    let found = find(&context.world.peerings, Kind::Peering, id, context.now)?;
    if !found.touches(context.region, vpc) {
        return Err(different_networks(table, id));
    }
    match found.status {
        PeeringStatus::Active => Ok(Target::Peering(id.to_owned())),
        // A young peering looks to routes like one of another network.
        PeeringStatus::InitiatingRequest
        | PeeringStatus::PendingAcceptance
        | PeeringStatus::Provisioning => Err(different_networks(table, id)),
        _ if ended => Ok(Target::Peering(id.to_owned())),
        _ => Err(refusal!("InvalidStateTransition":
            "The vpcPeeringConnection {id} is in state {} and cannot be a route target", found.status.name())),
    }
}

fn different_networks(table: &str, target: &str) -> ApiError {
    refusal!("InvalidParameterValue":
        "route table {table} and network gateway {target} belong to different networks")
}
