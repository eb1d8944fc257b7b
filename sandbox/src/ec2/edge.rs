//! What gateways of VPCs, endpoints and attachments have in common.

use super::*;
use crate::ec2::interface::{New, check_room};
use std::collections::BTreeSet;

/// Who keeps the interfaces of gateways and endpoints.
const REQUESTER: &str = "amazon-aws";

pub(crate) fn all<'a>(
    context: &'a Context<'_>,
    kind: Kind,
) -> impl Iterator<Item = (&'a String, &'a Edge)> {
    (context.here().edges.iter()).filter(move |(id, _)| Kind::of_id(id) == Some(kind))
}

/// The one of that id, if reads show it.
pub(crate) fn seen<'a>(context: &'a Context<'_>, kind: Kind, id: &str) -> ApiResult<&'a Edge> {
    check_kind(kind, id)?;
    find(&context.here().edges, kind, id, context.now)
}

/// The one of that id, however young.
pub(crate) fn any<'a>(context: &'a Context<'_>, kind: Kind, id: &str) -> ApiResult<&'a Edge> {
    check_kind(kind, id)?;
    find_any(&context.here().edges, kind, id)
}

fn check_kind(kind: Kind, id: &str) -> ApiResult<()> {
    kind.check_form(id)?;
    match Kind::of_id(id) {
        Some(found) if found == kind => Ok(()),
        _ => Err(kind.not_found(id)),
    }
}

pub(crate) fn insert(context: &mut Context<'_>, kind: Kind, mut edge: Edge) -> String {
    let id = context.world.new_id(kind.prefix());
    edge.visible_at = context.visible_at(&id);
    context.here_mut().edges.insert(id.clone(), edge);
    id
}

/// Begins to delete the one whose id is the parameter `name`; deleting again is no error.
pub(crate) fn delete(context: &mut Context<'_>, kind: Kind, name: &str) -> ApiResult<String> {
    let id = context.params.need(name)?.to_owned();
    let now = context.now;
    match any(context, kind, &id)?.state {
        EdgeState::Deleted => return Err(kind.not_found(&id)),
        EdgeState::Deleting => {}
        _ => context.here_mut().delete_edge(now, &id),
    }
    Ok(id)
}

/// Refuses subnets that are not there, of other VPCs, full, or two in one zone.
pub(crate) fn check_subnets(context: &Context<'_>, vpc: &str, subnets: &[String]) -> ApiResult<()> {
    let mut zones = BTreeSet::new();
    for id in subnets {
        let subnet = context.subnet(id)?;
        if subnet.vpc != vpc {
            refuse!("InvalidParameterValue": "Subnet {id} does not belong to network {vpc}");
        }
        if !zones.insert(&subnet.zone) {
            refuse!("DuplicateSubnetsInSameZone":
                "Found another subnet in the availability zone of {id}");
        }
        check_room(context.here(), id, 1)?;
    }
    Ok(())
}

/// Gives it an interface in each of the subnets, which have room.
pub(crate) fn place(
    context: &mut Context<'_>,
    id: &str,
    subnets: &[String],
    groups: &[String],
    address: Option<String>,
    what: &str,
) {
    let interfaces = subnets.iter().map(|subnet| {
        let new = New {
            address: address.clone(),
            description: format!("{what} {id}"),
            requester: Some(REQUESTER.to_owned()),
            ..New::of(subnet, groups.to_vec())
        };
        interface::add(context, new)
    });
    let interfaces = interfaces.collect();
    if let Some(edge) = context.here_mut().edges.get_mut(id) {
        edge.subnets = subnets.to_vec();
        edge.interfaces = interfaces;
    }
}

pub(crate) fn check_quota(held: usize, most: usize, code: &'static str) -> ApiResult<()> {
    if held < most {
        return Ok(());
    }
    let message = format!("The maximum number of {most} has been reached");
    Err(ApiError::new(code, message))
}
