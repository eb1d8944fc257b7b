//! Carrier gateways.

use super::describe::{Describe, RESULTS, one, tag_set};
use super::edge;
use super::lookup::Kind;
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::edge::{Edge, EdgeSort, EdgeState};

/// `CreateCarrierGateway`: one per VPC.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::Carrier)?;
    if edge::all(context, Kind::Carrier).any(|(_, one)| one.holds(&vpc)) {
        return Err(ApiError::new(
            "CarrierGatewayLimitExceeded",
            format!("Network {vpc} already has a carrier gateway"),
        ));
    }
    let new = Edge::new(EdgeSort::Carrier, Some(vpc), tags, context.now);
    let id = edge::insert(context, Kind::Carrier, new);
    Ok(answer(context, &id))
}

/// `DeleteCarrierGateway`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("CarrierGatewayId")?.to_owned();
    let state = edge::any(context, Kind::Carrier, &id)?.state;
    let now = context.now;
    match state {
        EdgeState::Deleted => return Err(Kind::Carrier.not_found(&id)),
        EdgeState::Deleting => {}
        _ => context.here_mut().delete_edge(now, &id),
    }
    Ok(answer(context, &id))
}

fn answer(context: &Context<'_>, id: &str) -> String {
    let mut xml = Xml::new();
    xml.node("carrierGateway", |xml| {
        describe_one(xml, context, id, &context.here().edges[id]);
    });
    xml.finish()
}

/// `DescribeCarrierGateways`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let (gateways, next) = Describe {
        kind: Kind::Carrier,
        ids: "CarrierGatewayId",
        results: RESULTS,
        filters: &["carrier-gateway-id", "owner-id", "state", "vpc-id"],
        values: &|name, id, edge: &Edge| match name {
            "carrier-gateway-id" => one(id),
            "owner-id" => one(&account),
            "state" => one(edge.state.name()),
            "vpc-id" => edge.vpc.clone().into_iter().collect(),
            _ => Vec::new(),
        },
        tags: &|edge| &edge.tags,
    }
    .select(context, edge::all(context, Kind::Carrier))?;
    let mut xml = Xml::new();
    xml.list("carrierGatewaySet", "item", gateways, |xml, (id, edge)| {
        describe_one(xml, context, id, edge);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, edge: &Edge) {
    xml.text("carrierGatewayId", id)
        .maybe("vpcId", edge.vpc.as_ref())
        .text("state", edge.state.name())
        .text("ownerId", &context.world.account_id);
    tag_set(xml, &edge.tags);
}
