//! Transit gateways.

use super::describe::{Describe, RESULTS, one, tag_set};
use super::edge;
use super::lookup::Kind;
use super::tags::given_tags;
use super::vpn::asn;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::timestamp::iso;
use crate::wire::xml::Xml;
use crate::world::edge::{Edge, EdgeSort, EdgeState};

/// `CreateTransitGateway`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let description = params.get("Description").unwrap_or_default().to_owned();
    let asn = asn(context, "Options.AmazonSideAsn")?;
    let tags = given_tags(context, Kind::Transit)?;
    let held = edge::all(context, Kind::Transit).filter(|(_, one)| one.state.holds());
    let most = context.quotas.transit_gateways;
    edge::check_quota(held.count(), most, "TransitGatewayLimitExceeded")?;
    let sort = EdgeSort::Transit { description, asn };
    let new = Edge::new(sort, None, tags, context.now);
    let id = edge::insert(context, Kind::Transit, new);
    Ok(answer(context, &id))
}

/// `DeleteTransitGateway`, once it has no attachments.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("TransitGatewayId")?.to_owned();
    let state = edge::any(context, Kind::Transit, &id)?.state;
    let attached: Vec<&str> = edge::all(context, Kind::TransitAttachment)
        .filter(|(_, one)| one.state.holds() && transit_of(one) == Some(&id))
        .map(|(id, _)| id)
        .collect();
    if !attached.is_empty() {
        return Err(ApiError::new(
            "IncorrectState",
            format!(
                "{id} has non-deleted VPC Attachments: {}.",
                attached.join(", ")
            ),
        ));
    }
    let now = context.now;
    match state {
        EdgeState::Deleted => return Err(Kind::Transit.not_found(&id)),
        EdgeState::Available => context.here_mut().delete_edge(now, &id),
        _ => return Err(wrong_state(&id)),
    }
    Ok(answer(context, &id))
}

/// The error for a transit gateway or attachment in another state than the call needs.
pub(super) fn wrong_state(id: &str) -> ApiError {
    ApiError::new("IncorrectState", format!("{id} is in invalid state."))
}

/// The transit gateway of an attachment.
pub(super) fn transit_of(edge: &Edge) -> Option<&String> {
    match &edge.sort {
        EdgeSort::TransitAttachment { transit } => Some(transit),
        _ => None,
    }
}

fn answer(context: &Context<'_>, id: &str) -> String {
    let mut xml = Xml::new();
    xml.node("transitGateway", |xml| {
        describe_one(xml, context, id, &context.here().edges[id]);
    });
    xml.finish()
}

/// `DescribeTransitGateways`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let (gateways, next) = Describe {
        kind: Kind::Transit,
        ids: "TransitGatewayIds",
        results: RESULTS,
        filters: &["owner-id", "state", "transit-gateway-id"],
        values: &|name, id, edge: &Edge| match name {
            "owner-id" => one(&account),
            "state" => one(edge.state.name()),
            "transit-gateway-id" => one(id),
            _ => Vec::new(),
        },
        tags: &|edge| &edge.tags,
    }
    .select(context, edge::all(context, Kind::Transit))?;
    let mut xml = Xml::new();
    xml.list("transitGatewaySet", "item", gateways, |xml, (id, edge)| {
        describe_one(xml, context, id, edge);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, edge: &Edge) {
    let EdgeSort::Transit { description, asn } = &edge.sort else {
        return;
    };
    let account = &context.world.account_id;
    let arn = format!(
        "arn:aws:ec2:{}:{account}:transit-gateway/{id}",
        context.region
    );
    xml.text("transitGatewayId", id)
        .text("transitGatewayArn", arn)
        .text("state", edge.state.name())
        .text("ownerId", account)
        .text("description", description)
        .text("creationTime", iso(edge.created_at))
        .node("options", |xml| {
            xml.text("amazonSideAsn", asn);
        });
    tag_set(xml, &edge.tags);
}
