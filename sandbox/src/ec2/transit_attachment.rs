//! Attachments of VPCs to transit gateways.

use super::*;
use crate::ec2::transit::{transit_of, wrong_state};
use crate::field::items;

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
        refuse!("DuplicateTransitGatewayAttachment":
            "{transit} already has the attachment {held} to {vpc}");
    }
    let sort = EdgeSort::TransitAttachment { transit };
    let new = Edge::new(sort, Some(vpc), tags, context.now);
    let id = edge::insert(context, Kind::TransitAttachment, new);
    let what = "Network Interface for Transit Gateway Attachment";
    edge::place(context, &id, &subnets, &[], None, what);
    ATTACHMENT.of(context, &id)
}

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
    ATTACHMENT.of(context, &id)
}

pub(crate) static ATTACHMENT: Description<Edge> = Description {
    kind: Kind::TransitAttachment,
    ids: "TransitGatewayAttachmentIds",
    elements: (
        "transitGatewayVpcAttachments",
        "transitGatewayVpcAttachment",
    ),
    results: RESULTS,
    fields: fields! { v:
        "transitGatewayAttachmentId" ["transit-gateway-attachment-id"] v.id;
        "transitGatewayId" ["transit-gateway-id"] transit_of(v.one);
        "vpcId" ["vpc-id"] v.vpc.as_ref();
        "vpcOwnerId" [] v.account();
        "state" ["state"] v.state.name();
        "subnetIds" [] items("item", &v.subnets);
        "creationTime" [] iso(v.created_at);
    },
};

/// Attachments of whatever kind; here all of them are of VPCs.
pub(crate) static ANY_ATTACHMENT: Description<Edge> = Description {
    elements: ("transitGatewayAttachments", ""),
    fields: fields! { v:
        "transitGatewayAttachmentId" ["transit-gateway-attachment-id"] v.id;
        "transitGatewayId" ["transit-gateway-id"] transit_of(v.one);
        "transitGatewayOwnerId" ["transit-gateway-owner-id"] v.account();
        "resourceOwnerId" ["resource-owner-id"] v.account();
        "resourceType" ["resource-type"] "vpc";
        "resourceId" ["resource-id"] v.vpc.as_ref();
        "state" ["state"] v.state.name();
        "creationTime" [] iso(v.created_at);
    },
    ..ATTACHMENT
};
