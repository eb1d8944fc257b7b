//! VPN gateways, also called virtual private gateways.

use super::describe::{Describe, RESULTS, done, one, tag_set};
use super::edge;
use super::lookup::Kind;
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::edge::{AttachmentState, Edge, EdgeSort, EdgeState, VpnAttachment};
use crate::world::timing;

/// `CreateVpnGateway`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let kind = context.params.need("Type")?;
    if kind != "ipsec.1" {
        return Err(ApiError::value(format!(
            "Value ({kind}) for parameter type is invalid. Must be ipsec.1"
        )));
    }
    let asn = asn(context, "AmazonSideAsn")?;
    let tags = given_tags(context, Kind::Vpn)?;
    let held = edge::all(context, Kind::Vpn).filter(|(_, one)| one.state.holds());
    let most = context.quotas.vpn_gateways;
    edge::check_quota(held.count(), most, "VpnGatewayLimitExceeded")?;
    let sort = EdgeSort::Vpn {
        asn,
        attachment: None,
    };
    let new = Edge::new(sort, None, tags, context.now);
    let id = edge::insert(context, Kind::Vpn, new);
    let mut xml = Xml::new();
    xml.node("vpnGateway", |xml| {
        describe_one(xml, &id, &context.here().edges[&id]);
    });
    Ok(xml.finish())
}

/// The private number of Amazon's side of BGP sessions, 64512 unless another is given.
pub(crate) fn asn(context: &Context<'_>, name: &str) -> ApiResult<i64> {
    let asn = context.params.number(name)?.unwrap_or(64512);
    if (64512..=65534).contains(&asn) || (4_200_000_000..=4_294_967_294).contains(&asn) {
        return Ok(asn);
    }
    Err(ApiError::value(format!(
        "Value ({asn}) for parameter amazonSideAsn is invalid. It must be a private one"
    )))
}

/// The gateway and the VPC that a call is about.
fn given(context: &Context<'_>) -> ApiResult<(String, String)> {
    let id = context.params.need("VpnGatewayId")?.to_owned();
    let vpc = context.params.need("VpcId")?.to_owned();
    Ok((id, vpc))
}

/// `AttachVpnGateway`: one gateway per VPC, one VPC per gateway.
pub(crate) fn attach(context: &mut Context<'_>) -> ApiResult<String> {
    let (id, vpc) = given(context)?;
    context.given_vpc()?;
    let edge = edge::seen(context, Kind::Vpn, &id)?;
    if !edge.state.serves() {
        return Err(Kind::Vpn.not_found(&id));
    }
    match edge.attachment() {
        Some(held) if held.vpc == vpc && held.state.serves() => return Ok(answer(held)),
        Some(held) if held.state != AttachmentState::Detached => {
            return Err(ApiError::new(
                "VpnGatewayAttachmentLimitExceeded",
                format!("VPN gateway {id} already has an attachment to {}", held.vpc),
            ));
        }
        _ => {}
    }
    if edge::all(context, Kind::Vpn).any(|(_, one)| one.holds(&vpc)) {
        return Err(ApiError::new(
            "VpnGatewayAttachmentLimitExceeded",
            format!("Network {vpc} already has a VPN gateway attached"),
        ));
    }
    let attachment = VpnAttachment {
        vpc,
        state: AttachmentState::Attaching,
        until: Some(context.now + timing::VPN_ATTACHMENT),
    };
    let body = answer(&attachment);
    set_attachment(context, &id, attachment);
    Ok(body)
}

fn answer(attachment: &VpnAttachment) -> String {
    let mut xml = Xml::new();
    xml.node("attachment", |xml| describe_attachment(xml, attachment));
    xml.finish()
}

fn set_attachment(context: &mut Context<'_>, id: &str, new: VpnAttachment) {
    if let Some(edge) = context.here_mut().edges.get_mut(id)
        && let EdgeSort::Vpn { attachment, .. } = &mut edge.sort
    {
        *attachment = Some(new);
    }
}

/// `DetachVpnGateway`. The VPC is held until the attachment is `detached`.
pub(crate) fn detach(context: &mut Context<'_>) -> ApiResult<String> {
    let (id, vpc) = given(context)?;
    let held = edge::any(context, Kind::Vpn, &id)?.attachment();
    let held = held.filter(|one| one.vpc == vpc && one.state != AttachmentState::Detached);
    let Some(held) = held else {
        return Err(ApiError::new(
            "InvalidVpnGatewayAttachment.NotFound",
            format!("The attachment with vpn gateway ID '{id}' and vpc ID '{vpc}' does not exist"),
        ));
    };
    if held.state != AttachmentState::Detaching {
        let attachment = VpnAttachment {
            vpc,
            state: AttachmentState::Detaching,
            until: Some(context.now + timing::VPN_ATTACHMENT),
        };
        set_attachment(context, &id, attachment);
    }
    done()
}

/// `DeleteVpnGateway`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("VpnGatewayId")?.to_owned();
    let edge = edge::any(context, Kind::Vpn, &id)?;
    if edge.state == EdgeState::Deleted {
        return Err(Kind::Vpn.not_found(&id));
    }
    let attachment = edge.attachment();
    if attachment.is_some_and(|one| one.state != AttachmentState::Detached) {
        return Err(ApiError::new(
            "IncorrectState",
            format!("The VPN gateway '{id}' is in use."),
        ));
    }
    let now = context.now;
    context.here_mut().delete_edge(now, &id);
    done()
}

/// `DescribeVpnGateways`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let (gateways, _) = Describe {
        kind: Kind::Vpn,
        ids: "VpnGatewayId",
        results: RESULTS,
        filters: &[
            "amazon-side-asn",
            "attachment.state",
            "attachment.vpc-id",
            "availability-zone",
            "state",
            "type",
            "vpn-gateway-id",
        ],
        values: &|name, id, edge: &Edge| {
            let attachment = edge.attachment().into_iter();
            match name {
                "amazon-side-asn" => asn_of(edge).map(one).unwrap_or_default(),
                "attachment.state" => attachment.map(|held| held.state.name().into()).collect(),
                "attachment.vpc-id" => attachment.map(|held| held.vpc.clone()).collect(),
                "state" => one(edge.state.name()),
                "type" => one("ipsec.1"),
                "vpn-gateway-id" => one(id),
                _ => Vec::new(),
            }
        },
        tags: &|edge| &edge.tags,
    }
    .select(context, edge::all(context, Kind::Vpn))?;
    let mut xml = Xml::new();
    xml.list("vpnGatewaySet", "item", gateways, |xml, (id, edge)| {
        describe_one(xml, id, edge);
    });
    Ok(xml.finish())
}

fn asn_of(edge: &Edge) -> Option<i64> {
    match &edge.sort {
        EdgeSort::Vpn { asn, .. } => Some(*asn),
        _ => None,
    }
}

fn describe_one(xml: &mut Xml, id: &str, edge: &Edge) {
    xml.text("vpnGatewayId", id)
        .text("state", edge.state.name())
        .text("type", "ipsec.1")
        .maybe("amazonSideAsn", asn_of(edge))
        .list(
            "attachments",
            "item",
            edge.attachment(),
            describe_attachment,
        );
    tag_set(xml, &edge.tags);
}

fn describe_attachment(xml: &mut Xml, attachment: &VpnAttachment) {
    xml.text("vpcId", &attachment.vpc)
        .text("state", attachment.state.name());
}
