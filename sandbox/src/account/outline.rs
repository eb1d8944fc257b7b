//! The part of status and inventory that is about gateways of VPCs, endpoints, attachments,
//! network ACLs and prefix lists.

use super::status::{Resource, named, resource, sorted};
use crate::ec2::interface::keeper;
use crate::ec2::lookup::Kind;
use crate::ec2::prefix_list::name_of;
use crate::world::edge::{Edge, EdgeSort};
use crate::world::network::{Destination, Interface};
use crate::world::{Region, World};
use serde_json::{Map, Value, json};

/// What the resource type of an edge is called.
fn kind_of(id: &str) -> &'static str {
    Kind::of_id(id).map_or("", Kind::resource_type)
}

/// The state; a VPN gateway also has that of its attachment, which is what holds a VPC.
fn state_of(edge: &Edge) -> &'static str {
    match edge.attachment() {
        Some(held) => held.state.name(),
        None => edge.state.name(),
    }
}

/// Those that have not ended.
fn living(region: &Region) -> impl Iterator<Item = (&String, &Edge)> {
    region.edges.iter().filter(|(_, edge)| edge.state.holds())
}

/// One resource each, for [`crate::Account::status`].
pub(super) fn resources(region: &Region, now: u64) -> Vec<Resource> {
    let edges = living(region).map(|(id, edge)| named(kind_of(id), id, state_of(edge), &edge.tags));
    let acls =
        (region.acls.iter()).map(|(id, acl)| named("network-acl", id, "available", &acl.tags));
    let lists = region.prefix_lists.iter().map(|(id, list)| {
        let state = if now < list.ready_at {
            "create-in-progress"
        } else {
            "create-complete"
        };
        resource("prefix-list", id, &list.name, state, &list.tags)
    });
    edges.chain(acls).chain(lists).collect()
}

/// What belongs to no VPC: lists of the inventory of a region.
pub(super) fn loose(region: &Region) -> [(&'static str, Value); 2] {
    let edges = living(region).filter(|(_, edge)| home(edge).is_none());
    [
        (
            "loose_edges",
            sorted(edges.map(|(id, edge)| inventory(region, id, edge))),
        ),
        (
            "prefix_lists",
            sorted(region.prefix_lists.values().map(|list| {
                json!({ "name": list.name, "max": list.max, "entries": list.entries, "tags": list.tags })
            })),
        ),
    ]
}

/// The VPC that it belongs or is attached to.
fn home(edge: &Edge) -> Option<&String> {
    edge.attachment()
        .map(|held| &held.vpc)
        .or(edge.vpc.as_ref())
}

/// Adds what the VPC has of these to its inventory; what it has none of is left out.
pub(super) fn add(region: &Region, vpc: &str, inventory_of_vpc: &mut Map<String, Value>) {
    let edges = living(region).filter(|(_, edge)| home(edge).is_some_and(|home| home == vpc));
    let edges = sorted(edges.map(|(id, edge)| inventory(region, id, edge)));
    let acls = region.acls.iter().filter(|(_, acl)| acl.vpc == vpc);
    let acls = sorted(acls.map(|(id, acl)| {
        let holders = region.subnets.values();
        let subnets = holders.filter(|one| one.acl.as_ref().is_some_and(|link| link.acl == *id));
        json!({ "tags": acl.tags, "subnets": sorted(subnets.map(|one| json!(one.cidr))) })
    }));
    for (name, list) in [("edges", edges), ("acls", acls)] {
        if list.as_array().is_some_and(|list| !list.is_empty()) {
            inventory_of_vpc.insert(name.to_owned(), list);
        }
    }
    if let Some(vpc) = region.vpcs.get(vpc) {
        if !vpc.more.is_empty() {
            let ranges = vpc.more.iter().map(|block| json!(block.range));
            inventory_of_vpc.insert("more_ranges".to_owned(), sorted(ranges));
        }
        // Amazon chooses IPv6 ranges, so they differ between accounts that are the same.
        if !vpc.v6.is_empty() {
            inventory_of_vpc.insert("ipv6_ranges".to_owned(), json!(vpc.v6.len()));
        }
    }
    if let Some(vpc) = region.vpcs.get(vpc).filter(|vpc| !vpc.acl_tags.is_empty()) {
        inventory_of_vpc.insert("default_acl_tags".to_owned(), json!(vpc.acl_tags));
    }
}

fn inventory(region: &Region, id: &str, edge: &Edge) -> Value {
    let subnets = edge.subnets.iter().map(|id| json!(cidr(region, id)));
    let mut all = json!({
        "kind": kind_of(id),
        "state": state_of(edge),
        "subnets": sorted(subnets),
        "tags": edge.tags,
    });
    match &edge.sort {
        EdgeSort::Nat { allocation } => all["public"] = json!(allocation.is_some()),
        EdgeSort::Endpoint(endpoint) => {
            let names = endpoint.groups.iter().map(|id| {
                let group = region.groups.get(id);
                json!(group.map(|group| &group.name))
            });
            all["service"] = json!(endpoint.service);
            all["groups"] = sorted(names);
            all["tables"] = json!(endpoint.tables.len());
        }
        EdgeSort::Vpn { asn, .. } => all["asn"] = json!(asn),
        EdgeSort::Transit { description, asn } => {
            all["asn"] = json!(asn);
            all["description"] = json!(description);
        }
        EdgeSort::EgressOnly | EdgeSort::TransitAttachment { .. } | EdgeSort::Carrier => {}
    }
    all
}

fn cidr(region: &Region, subnet: &str) -> Option<String> {
    region.subnets.get(subnet).map(|one| one.cidr.to_string())
}

/// What an interface is for: its description, but for those that AWS keeps, which has an id in it.
pub(super) fn purpose(region: &Region, id: &str, interface: &Interface) -> String {
    match keeper(region, id) {
        Some(keeper) => kind_of(keeper).to_owned(),
        None => interface.description.clone(),
    }
}

/// Where a route leads that goes to one of these.
pub(super) fn target(region: &Region, id: &str) -> Value {
    match region.edges.get(id) {
        Some(edge) if edge.state.serves() => json!(kind_of(id)),
        _ => json!("blackhole"),
    }
}

/// What a route is for; prefix lists go by their names.
pub(super) fn destination(world: &World, region: &str, destination: &Destination) -> String {
    match destination {
        Destination::PrefixList(id) => name_of(world, region, id).unwrap_or_default(),
        other => other.to_string(),
    }
}
