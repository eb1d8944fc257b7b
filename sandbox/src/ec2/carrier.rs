//! Carrier gateways.

use super::*;

/// `CreateCarrierGateway`: one per VPC.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::Carrier)?;
    if edge::all(context, Kind::Carrier).any(|(_, one)| one.holds(&vpc)) {
        refuse!("CarrierGatewayLimitExceeded": "Network {vpc} already has a carrier gateway");
    }
    let new = Edge::new(EdgeSort::Carrier, Some(vpc), tags, context.now);
    let id = edge::insert(context, Kind::Carrier, new);
    CARRIER.of(context, &id)
}

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = edge::delete(context, Kind::Carrier, "CarrierGatewayId")?;
    CARRIER.of(context, &id)
}

pub(crate) static CARRIER: Description<Edge> = Description {
    kind: Kind::Carrier,
    ids: "CarrierGatewayId",
    elements: ("carrierGatewaySet", "carrierGateway"),
    results: RESULTS,
    fields: fields! { v:
        "carrierGatewayId" ["carrier-gateway-id"] v.id;
        "vpcId" ["vpc-id"] v.vpc.as_ref();
        "state" ["state"] v.state.name();
        "ownerId" ["owner-id"] v.account();
    },
};
