//! Egress-only internet gateways: they are there at once, and gone at once.

use super::describe::{Describe, tag_set};
use super::edge;
use super::lookup::Kind;
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::ApiResult;
use crate::wire::xml::Xml;
use crate::world::edge::{Edge, EdgeSort};

/// `CreateEgressOnlyInternetGateway`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::EgressOnly)?;
    let new = Edge::new(EdgeSort::EgressOnly, Some(vpc), tags, context.now);
    let id = edge::insert(context, Kind::EgressOnly, new);
    let mut xml = Xml::new();
    xml.node("egressOnlyInternetGateway", |xml| {
        describe_one(xml, &id, &context.here().edges[&id]);
    });
    Ok(xml.finish())
}

/// `DeleteEgressOnlyInternetGateway`. Its routes stay, as blackholes.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context
        .params
        .need("EgressOnlyInternetGatewayId")?
        .to_owned();
    edge::any(context, Kind::EgressOnly, &id)?;
    let now = context.now;
    context.here_mut().delete_edge(now, &id);
    let mut xml = Xml::new();
    xml.text("returnCode", true);
    Ok(xml.finish())
}

/// `DescribeEgressOnlyInternetGateways`. It has no filters but those for tags.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let (gateways, next) = Describe {
        kind: Kind::EgressOnly,
        ids: "EgressOnlyInternetGatewayId",
        results: (5, 255),
        filters: &[],
        values: &|_, _, _: &Edge| Vec::new(),
        tags: &|edge| &edge.tags,
    }
    .select(context, edge::all(context, Kind::EgressOnly))?;
    let mut xml = Xml::new();
    xml.list(
        "egressOnlyInternetGatewaySet",
        "item",
        gateways,
        |xml, (id, edge)| describe_one(xml, id, edge),
    )
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, id: &str, edge: &Edge) {
    xml.text("egressOnlyInternetGatewayId", id).list(
        "attachmentSet",
        "item",
        &edge.vpc,
        |xml, vpc| {
            xml.text("state", "attached").text("vpcId", vpc);
        },
    );
    tag_set(xml, &edge.tags);
}
