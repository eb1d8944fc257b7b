//! Transit gateways.

use super::*;
use crate::ec2::vpn::asn;

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
    TRANSIT.of(context, &id)
}

/// `DeleteTransitGateway`, once it has no attachments.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("TransitGatewayId")?.to_owned();
    let state = edge::any(context, Kind::Transit, &id)?.state;
    let attached: Vec<&str> = edge::all(context, Kind::TransitAttachment)
        .filter(|(_, one)| one.state.holds() && transit_of(one) == Some(&id))
        .map(|(id, _)| id.as_str())
        .collect();
    if !attached.is_empty() {
        refuse!("IncorrectState": "{id} has non-deleted VPC Attachments: {}.", attached.join(", "));
    }
    let now = context.now;
    match state {
        EdgeState::Deleted => return Err(Kind::Transit.not_found(&id)),
        EdgeState::Available => context.here_mut().delete_edge(now, &id),
        _ => return Err(wrong_state(&id)),
    }
    TRANSIT.of(context, &id)
}

pub(super) fn wrong_state(id: &str) -> ApiError {
    refusal!("IncorrectState": "{id} is in invalid state.")
}

pub(super) fn transit_of(edge: &Edge) -> Option<&String> {
    match &edge.sort {
        EdgeSort::TransitAttachment { transit } => Some(transit),
        _ => None,
    }
}

pub(crate) static TRANSIT: Description<Edge> = Description {
    kind: Kind::Transit,
    ids: "TransitGatewayIds",
    elements: ("transitGatewaySet", "transitGateway"),
    results: RESULTS,
    fields: fields! { v:
        "transitGatewayId" ["transit-gateway-id"] v.id;
        "transitGatewayArn" [] v.context.ec2_arn("transit-gateway", v.id);
        "state" ["state"] v.state.name();
        "ownerId" ["owner-id"] v.account();
        "description" [] options(v.one).map(|(description, _)| description);
        "creationTime" [] iso(v.created_at);
        "options" [] inside(|xml| {
            xml.maybe("amazonSideAsn", options(v.one).map(|(_, asn)| asn));
        });
    },
};

fn options(edge: &Edge) -> Option<(&String, i64)> {
    match &edge.sort {
        EdgeSort::Transit { description, asn } => Some((description, *asn)),
        _ => None,
    }
}
