//! VPN gateways, also called virtual private gateways.

use super::*;
use crate::world::edge::{AttachmentState, VpnAttachment};

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let kind = context.params.need("Type")?;
    if kind != "ipsec.1" {
        refuse!("InvalidParameterValue":
            "Value ({kind}) for parameter type is invalid. Must be ipsec.1");
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
    VPN.of(context, &id)
}

/// The private number of Amazon's side of BGP sessions, 64512 unless another is given.
pub(crate) fn asn(context: &Context<'_>, name: &str) -> ApiResult<i64> {
    let asn = context.params.number(name)?.unwrap_or(64512);
    if (64512..=65534).contains(&asn) || (4_200_000_000..=4_294_967_294).contains(&asn) {
        return Ok(asn);
    }
    Err(refusal!("InvalidParameterValue":
        "Value ({asn}) for parameter amazonSideAsn is invalid. It must be a private one"))
}

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
            refuse!("VpnGatewayAttachmentLimitExceeded":
                "VPN gateway {id} already has an attachment to {}", held.vpc)
        }
        _ => {}
    }
    if edge::all(context, Kind::Vpn).any(|(_, one)| one.holds(&vpc)) {
        refuse!("VpnGatewayAttachmentLimitExceeded":
            "Network {vpc} already has a VPN gateway attached");
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
        refuse!("InvalidVpnGatewayAttachment.NotFound":
            "The attachment with vpn gateway ID '{id}' and vpc ID '{vpc}' does not exist");
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

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("VpnGatewayId")?.to_owned();
    let edge = edge::any(context, Kind::Vpn, &id)?;
    if edge.state == EdgeState::Deleted {
        return Err(Kind::Vpn.not_found(&id));
    }
    let attachment = edge.attachment();
    if attachment.is_some_and(|one| one.state != AttachmentState::Detached) {
        refuse!("IncorrectState": "The VPN gateway '{id}' is in use.");
    }
    let now = context.now;
    context.here_mut().delete_edge(now, &id);
    done()
}

static VPN: Description<Edge> = Description {
    kind: Kind::Vpn,
    ids: "VpnGatewayId",
    elements: ("vpnGatewaySet", "vpnGateway"),
    results: RESULTS,
    fields: fields! { v:
        "vpnGatewayId" ["vpn-gateway-id"] v.id;
        "state" ["state"] v.state.name();
        "type" ["type"] "ipsec.1";
        ["availability-zone"] None::<&str>;
        "amazonSideAsn" ["amazon-side-asn"] match &v.sort {
            EdgeSort::Vpn { asn, .. } => Some(*asn),
            _ => None,
        };
        "attachments" [] inside(|xml| if let Some(held) = v.attachment() {
            xml.node("item", |xml| describe_attachment(xml, held));
        });
        ["attachment.state"] v.attachment().map(|held| held.state.name());
        ["attachment.vpc-id"] v.attachment().map(|held| &held.vpc);
    },
};

/// `DescribeVpnGateways`, which has no pages.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let (gateways, _) = VPN.select(context, edge::all(context, Kind::Vpn))?;
    let mut xml = Xml::new();
    xml.list("vpnGatewaySet", "item", gateways, |xml, (id, edge)| {
        VPN.write(xml, context, id, edge);
    });
    Ok(xml.finish())
}

fn describe_attachment(xml: &mut Xml, attachment: &VpnAttachment) {
    xml.text("vpcId", &attachment.vpc)
        .text("state", attachment.state.name());
}
