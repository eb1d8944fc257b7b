//! Rules that name security groups: of the same VPC, or of one that is peered in the same region.

use super::*;
use crate::world::peering::{Peering, PeeringStatus};

/// Refuses a rule of a group of the VPC that names what it can't.
pub(crate) fn check_peer(context: &Context<'_>, vpc: &str, peer: &Peer) -> ApiResult<()> {
    match peer {
        Peer::Cidr(_) | Peer::Cidr6(_) => Ok(()),
        Peer::PrefixList(id) => {
            Kind::PrefixList.check_form(id)?;
            match super::prefix_list::name_of(context.world, context.region, id) {
                Some(_) => Ok(()),
                None => Err(Kind::PrefixList.not_found(id)),
            }
        }
        Peer::Group(id) => {
            let other = &context.group(id)?.vpc;
            if other == vpc || active_peering(context, vpc, other) {
                return Ok(());
            }
            Err(refusal!("InvalidGroup.NotFound":
                "You have specified two resources that belong to different networks."))
        }
    }
}

fn peerings<'a>(
    context: &'a Context<'_>,
    a: &'a str,
    b: &'a str,
) -> impl Iterator<Item = (&'a String, &'a Peering)> {
    let region = context.region;
    (context.world.peerings.iter())
        .filter(move |(_, one)| one.touches(region, a) && one.touches(region, b))
}

fn active_peering(context: &Context<'_>, a: &str, b: &str) -> bool {
    peerings(context, a, b).any(|(_, one)| one.status == PeeringStatus::Active)
}

/// Whether a rule of another group holds on to this one. Across VPCs it does so only while a
/// peering joins them; after that the rule is stale.
pub(crate) fn is_named(context: &Context<'_>, id: &str) -> bool {
    let groups = &context.here().groups;
    let Some(named) = groups.get(id) else {
        return false;
    };
    groups.iter().any(|(other, group)| {
        let names = |peer: &Peer| matches!(peer, Peer::Group(peer) if peer == id);
        other != id
            && group.rules.iter().any(|rule| names(&rule.permission.peer))
            && (group.vpc == named.vpc || active_peering(context, &group.vpc, &named.vpc))
    })
}

/// Where the group that a rule of `group` names is, if that is another VPC.
pub(crate) fn describe_elsewhere(xml: &mut Xml, context: &Context<'_>, group: &str, named: &str) {
    let groups = &context.here().groups;
    let (Some(group), Some(named)) = (groups.get(group), groups.get(named)) else {
        return;
    };
    if group.vpc == named.vpc {
        return;
    }
    let joined = peerings(context, &group.vpc, &named.vpc)
        .max_by_key(|(_, one)| one.status == PeeringStatus::Active);
    let status = joined.map_or("deleted", |(_, one)| one.status.name());
    xml.text("vpcId", &named.vpc)
        .maybe("vpcPeeringConnectionId", joined.map(|(id, _)| id))
        .text("peeringStatus", status);
}
