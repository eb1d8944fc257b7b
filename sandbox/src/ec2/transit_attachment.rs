//! Attachments of VPCs to transit gateways.

use super::describe::{Describe, RESULTS, one, tag_set};
use super::edge;
use super::lookup::Kind;
use super::tags::given_tags;
use super::transit::{transit_of, wrong_state};
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::timestamp::iso;
use crate::wire::xml::Xml;
use crate::world::edge::{Edge, EdgeSort, EdgeState};

/// `CreateTransitGatewayVpcAttachment`: an interface in one subnet of each zone.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let transit = context.params.need("TransitGatewayId")?.to_owned();
    let vpc = context.given_vpc()?.0.to_owned();
    let state = edge::seen(context, Kind::Transit, &transit)?.state;
    if state != EdgeState::Available {
        return Err(wrong_state(&transit));
    }
    let subnets = context.params.list("SubnetIds");
    if subnets.is_empty() {
        return Err(ApiError::missing("SubnetIds"));
    }
    edge::check_subnets(context, &vpc, &subnets)?;
    let tags = given_tags(context, Kind::TransitAttachment)?;
    let twin = edge::all(context, Kind::TransitAttachment)
        .find(|(_, one)| one.holds(&vpc) && transit_of(one) == Some(&transit));
    if let Some((held, _)) = twin {
        return Err(ApiError::new(
            "DuplicateTransitGatewayAttachment",
            format!("{transit} already has the attachment {held} to {vpc}"),
        ));
    }
    let sort = EdgeSort::TransitAttachment { transit };
    let new = Edge::new(sort, Some(vpc), tags, context.now);
    let id = edge::insert(context, Kind::TransitAttachment, new);
    let what = "Network Interface for Transit Gateway Attachment";
    edge::place(context, &id, &subnets, &[], None, what);
    Ok(answer(context, &id))
}

/// `DeleteTransitGatewayVpcAttachment`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context
        .params
        .need("TransitGatewayAttachmentId")?
        .to_owned();
    let state = edge::any(context, Kind::TransitAttachment, &id)?.state;
    let now = context.now;
    match state {
        EdgeState::Deleted => return Err(Kind::TransitAttachment.not_found(&id)),
        EdgeState::Available => context.here_mut().delete_edge(now, &id),
        _ => return Err(wrong_state(&id)),
    }
    Ok(answer(context, &id))
}

fn answer(context: &Context<'_>, id: &str) -> String {
    let mut xml = Xml::new();
    xml.node("transitGatewayVpcAttachment", |xml| {
        describe_one(xml, context, id, &context.here().edges[id]);
    });
    xml.finish()
}

/// `DescribeTransitGatewayVpcAttachments`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let (attachments, next) = Describe {
        kind: Kind::TransitAttachment,
        ids: "TransitGatewayAttachmentIds",
        results: RESULTS,
        filters: &[
            "state",
            "transit-gateway-attachment-id",
            "transit-gateway-id",
            "vpc-id",
        ],
        values: &|name, id, edge: &Edge| values("", name, id, edge),
        tags: &|edge| &edge.tags,
    }
    .select(context, edge::all(context, Kind::TransitAttachment))?;
    let mut xml = Xml::new();
    xml.list(
        "transitGatewayVpcAttachments",
        "item",
        attachments,
        |xml, (id, edge)| describe_one(xml, context, id, edge),
    )
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn values(account: &str, name: &str, id: &str, edge: &Edge) -> Vec<String> {
    match name {
        "resource-id" | "vpc-id" => edge.vpc.clone().into_iter().collect(),
        "resource-owner-id" | "transit-gateway-owner-id" => one(account),
        "resource-type" => one("vpc"),
        "state" => one(edge.state.name()),
        "transit-gateway-attachment-id" => one(id),
        "transit-gateway-id" => transit_of(edge).cloned().into_iter().collect(),
        _ => Vec::new(),
    }
}

/// `DescribeTransitGatewayAttachments`: attachments of VPCs are the only ones here.
pub(crate) fn describe_all(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let (attachments, next) = Describe {
        kind: Kind::TransitAttachment,
        ids: "TransitGatewayAttachmentIds",
        results: RESULTS,
        filters: &[
            "resource-id",
            "resource-owner-id",
            "resource-type",
            "state",
            "transit-gateway-attachment-id",
            "transit-gateway-id",
            "transit-gateway-owner-id",
        ],
        values: &|name, id, edge: &Edge| values(&account, name, id, edge),
        tags: &|edge| &edge.tags,
    }
    .select(context, edge::all(context, Kind::TransitAttachment))?;
    let mut xml = Xml::new();
    xml.list(
        "transitGatewayAttachments",
        "item",
        attachments,
        |xml, (id, edge)| {
            xml.text("transitGatewayAttachmentId", id)
                .maybe("transitGatewayId", transit_of(edge))
                .text("transitGatewayOwnerId", &account)
                .text("resourceOwnerId", &account)
                .text("resourceType", "vpc")
                .maybe("resourceId", edge.vpc.as_ref())
                .text("state", edge.state.name())
                .text("creationTime", iso(edge.created_at));
            tag_set(xml, &edge.tags);
        },
    )
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, edge: &Edge) {
    xml.text("transitGatewayAttachmentId", id)
        .maybe("transitGatewayId", transit_of(edge))
        .maybe("vpcId", edge.vpc.as_ref())
        .text("vpcOwnerId", &context.world.account_id)
        .text("state", edge.state.name())
        .texts("subnetIds", "item", &edge.subnets)
        .text("creationTime", iso(edge.created_at));
    tag_set(xml, &edge.tags);
}
