//! VPC peering connections, between VPCs of this account in any two regions.

use super::*;
use crate::world::peering::{Peering, PeeringStatus, Side};
use crate::world::regions;

/// `CreateVpcPeeringConnection`. A live one of the same direction is answered instead of a new one.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let (vpc_id, vpc) = context.given_vpc()?;
    let (vpc_id, cidr) = (vpc_id.to_owned(), vpc.cidr);
    let peer_id = context.params.need("PeerVpcId")?.to_owned();
    let peer_region = context.params.get("PeerRegion");
    let peer_region = peer_region.unwrap_or(context.region).to_owned();
    if !regions::find(&peer_region).is_some_and(|region| region.is_enabled(context.regions)) {
        refuse!("InvalidParameterValue": "The peer region {peer_region} is not available");
    }
    let owner = context.params.get("PeerOwnerId");
    if owner.is_some_and(|owner| owner != context.world.account_id) {
        refuse!("InvalidParameterValue": "Peering with other accounts is not simulated");
    }
    if vpc_id == peer_id {
        refuse!("InvalidParameterValue": "The VPC cannot be peered with itself");
    }
    let tags = given_tags(context, Kind::Peering)?;
    let same = context.world.peerings.iter().find(|(_, held)| {
        held.status.is_live()
            && (held.requester.region.as_str(), &held.requester.vpc) == (context.region, &vpc_id)
            && (&held.accepter.region, &held.accepter.vpc) == (&peer_region, &peer_id)
    });
    if let Some((id, held)) = same {
        return Ok(answer(context, id, held));
    }
    let held = context.world.peerings.values();
    let pending =
        held.filter(|one| one.status.is_pending() && one.requester.region == context.region);
    if pending.count() >= context.quotas.pending_peerings {
        refuse!("PendingVpcPeeringConnectionLimitExceeded":
            "You've reached the limit on the number of pending VPC peering connections that you can have.");
    }
    // AWS does not tell whether a VPC elsewhere exists: the request is taken and fails.
    let peer = context.world.region(&peer_region).vpcs.get(&peer_id);
    if peer.is_none() && peer_region == context.region {
        return Err(Kind::Vpc.not_found(&peer_id));
    }
    let peer_cidr = peer.map_or(cidr, |peer| peer.cidr);
    let id = context.world.new_id("pcx");
    let peering = Peering {
        requester: Side {
            region: context.region.to_owned(),
            vpc: vpc_id,
            cidr,
            tags,
        },
        accepter: Side {
            region: peer_region,
            vpc: peer_id,
            cidr: peer_cidr,
            tags: Tags::new(),
        },
        status: PeeringStatus::InitiatingRequest,
        until: Some(context.now + timing::PEERING_INITIATING),
        expires_at: context.now + timing::PEERING_EXPIRES,
        visible_at: context.visible_at(&id),
    };
    let body = answer(context, &id, &peering);
    context.world.peerings.insert(id, peering);
    Ok(body)
}

fn answer(context: &Context<'_>, id: &str, peering: &Peering) -> String {
    PEERING.single(context, id, peering)
}

fn given(context: &Context<'_>) -> ApiResult<String> {
    Ok(context.params.need("VpcPeeringConnectionId")?.to_owned())
}

fn wrong_state(id: &str, verb: &str, status: PeeringStatus) -> ApiError {
    refusal!("InvalidStateTransition":
        "The vpcPeeringConnection {id} is not in a state that can be {verb}: {}", status.name())
}

/// `AcceptVpcPeeringConnection`, in the accepter's region only.
pub(crate) fn accept(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let peering = visible_here(context, &id)?;
    if peering.accepter.region != context.region {
        refuse!("OperationNotPermitted":
            "Incorrect region ({}) specified for this request. VPC peering connection {id} must be accepted in region {}", context.region, peering.accepter.region);
    }
    if peering.status != PeeringStatus::PendingAcceptance {
        return Err(wrong_state(&id, "accepted", peering.status));
    }
    let mut held = context.world.peerings.values();
    if held.any(|held| held.status.is_joined() && same_pair(held, peering)) {
        refuse!("VpcPeeringConnectionAlreadyExists":
            "A VPC peering connection between the VPCs of {id} already exists");
    }
    for side in [&peering.accepter, &peering.requester] {
        let held = context.world.peerings.values();
        let joined =
            held.filter(|one| one.status.is_joined() && one.touches(&side.region, &side.vpc));
        if joined.count() >= context.quotas.peerings {
            refuse!("ActiveVpcPeeringConnectionPerVpcLimitExceeded":
                "You've reached the limit on the number of active VPC peering connections you can have for the VPC {}", side.vpc);
        }
    }
    let until = context.now + timing::PEERING_PROVISIONING;
    set(context, &id, PeeringStatus::Provisioning, Some(until));
    Ok(answer(context, &id, &context.world.peerings[&id]))
}

/// The peering, if reads show it in this region.
fn visible_here<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a Peering> {
    let peering = find(&context.world.peerings, Kind::Peering, id, context.now)?;
    peering
        .side_in(context.region)
        .ok_or_else(|| Kind::Peering.not_found(id))?;
    Ok(peering)
}

fn same_pair(a: &Peering, b: &Peering) -> bool {
    let touches = |side: &Side| a.touches(&side.region, &side.vpc);
    touches(&b.requester) && touches(&b.accepter)
}

fn set(context: &mut Context<'_>, id: &str, status: PeeringStatus, until: Option<u64>) {
    if let Some(peering) = context.world.peerings.get_mut(id) {
        peering.status = status;
        peering.until = until;
    }
}

/// `RejectVpcPeeringConnection`, in the accepter's region only.
pub(crate) fn reject(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let peering = visible_here(context, &id)?;
    if peering.accepter.region != context.region {
        refuse!("OperationNotPermitted":
            "User is not allowed to reject VPC peering connection {id} in this region");
    }
    if peering.status != PeeringStatus::PendingAcceptance {
        return Err(wrong_state(&id, "rejected", peering.status));
    }
    let until = context.now + timing::PEERING_REMEMBERED;
    set(context, &id, PeeringStatus::Rejected, Some(until));
    done()
}

/// `DeleteVpcPeeringConnection`, in the region of either side; before it is accepted, in the
/// requester's only.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let peering = find_any(&context.world.peerings, Kind::Peering, &id)?;
    peering
        .side_in(context.region)
        .ok_or_else(|| Kind::Peering.not_found(&id))?;
    let status = peering.status;
    if status.is_pending() && peering.requester.region != context.region {
        refuse!("OperationNotPermitted":
            "VPC peering connection {id} can be deleted by its requester only, until it is accepted");
    }
    // AWS shows `deleting` only between regions.
    let (next, until) = if peering.is_between_regions() {
        (PeeringStatus::Deleting, timing::PEERING_DELETING)
    } else {
        (PeeringStatus::Deleted, timing::PEERING_REMEMBERED)
    };
    match status {
        // Deleting again is no error.
        PeeringStatus::Deleting | PeeringStatus::Deleted => {}
        _ if !status.is_live() => return Err(wrong_state(&id, "deleted", status)),
        _ => {
            let until = context.now + until;
            set(context, &id, next, Some(until));
        }
    }
    done()
}

static PEERING: Description<Peering> = Description {
    kind: Kind::Peering,
    ids: "VpcPeeringConnectionId",
    elements: ("vpcPeeringConnectionSet", "vpcPeeringConnection"),
    results: RESULTS,
    fields: fields! { v:
        "vpcPeeringConnectionId" ["vpc-peering-connection-id"] v.id;
        "requesterVpcInfo" [] inside(|xml| side(xml, v.context, &v.requester, v.one));
        "accepterVpcInfo" [] inside(|xml| side(xml, v.context, &v.accepter, v.one));
        ["accepter-vpc-info.cidr-block"] Each(ranges(v.context, &v.accepter, v.one));
        ["accepter-vpc-info.owner-id" "requester-vpc-info.owner-id"] v.account();
        ["accepter-vpc-info.vpc-id"] &v.accepter.vpc;
        ["requester-vpc-info.cidr-block"] Each(ranges(v.context, &v.requester, v.one));
        ["requester-vpc-info.vpc-id"] &v.requester.vpc;
        "status" [] inside(|xml| {
            xml.text("code", v.status.name())
                .text("message", v.status.message(v.account()));
        });
        ["status-code"] v.status.name();
        ["status-message"] v.status.message(v.account());
        "expirationTime" [] v.status.is_pending().then(|| iso(v.expires_at));
        ["expiration-time"] iso(v.expires_at);
    },
};

/// `DescribeVpcPeeringConnections`: those with a side in this region.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let all = context.world.peerings.iter();
    let here = all.filter(|(_, peering)| peering.side_in(context.region).is_some());
    PEERING.answer(context, here)
}

/// The ranges that are told of a side: those of an active peering only.
fn ranges(context: &Context<'_>, side: &Side, peering: &Peering) -> Vec<Ipv4Net> {
    match peering.status {
        PeeringStatus::Active => context.world.ranges_of(side),
        _ => Vec::new(),
    }
}

fn side(xml: &mut Xml, context: &Context<'_>, side: &Side, peering: &Peering) {
    xml.text("ownerId", &context.world.account_id)
        .text("vpcId", &side.vpc)
        .text("region", &side.region);
    let ranges = ranges(context, side, peering);
    if let Some(first) = ranges.first() {
        xml.text("cidrBlock", first);
        xml.list("cidrBlockSet", "item", &ranges, |xml, range| {
            xml.text("cidrBlock", range);
        });
    }
}
