//! Network interfaces. Callers cannot make them; instances and RDS do.

use super::describe::{Describe, one, tag_set};
use super::lookup::Kind;
use crate::operations::Context;
use crate::wire::error::ApiResult;
use crate::wire::xml::Xml;
use crate::world::Region;
use crate::world::network::Interface;

/// The first free address of a subnet; AWS keeps its first four and the last. `None` if it is full.
pub(crate) fn free_address(region: &Region, subnet_id: &str) -> Option<String> {
    let cidr = region.subnets.get(subnet_id)?.cidr;
    let used: Vec<&str> = region
        .interfaces
        .values()
        .filter(|one| one.subnet == subnet_id)
        .map(|one| one.address.as_str())
        .collect();
    (4..cidr.size() - 1)
        .map(|offset| cidr.address(offset).to_string())
        .find(|address| !used.contains(&address.as_str()))
}

/// `DescribeNetworkInterfaces`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let (interfaces, next) = Describe {
        kind: Kind::Interface,
        ids: "NetworkInterfaceId",
        filters: &[
            "addresses.private-ip-address",
            "attachment.instance-id",
            "availability-zone",
            "description",
            "group-id",
            "group-name",
            "network-interface-id",
            "owner-id",
            "private-ip-address",
            "requester-id",
            "requester-managed",
            "status",
            "subnet-id",
            "vpc-id",
        ],
        values: &|name, id, interface: &Interface| match name {
            "addresses.private-ip-address" | "private-ip-address" => one(&interface.address),
            "attachment.instance-id" => interface.instance.clone().into_iter().collect(),
            "availability-zone" => one(&interface.zone),
            "description" => one(&interface.description),
            "group-id" => interface.groups.clone(),
            "group-name" => interface
                .groups
                .iter()
                .filter_map(|id| Some(context.here().groups.get(id)?.name.clone()))
                .collect(),
            "network-interface-id" => one(id),
            "owner-id" => one(&account),
            "requester-id" => interface.requester.clone().into_iter().collect(),
            "requester-managed" => one(interface.requester.is_some()),
            "status" => one("in-use"),
            "subnet-id" => one(&interface.subnet),
            "vpc-id" => one(&interface.vpc),
            _ => Vec::new(),
        },
        tags: &|interface| &interface.tags,
    }
    .select(
        context,
        context
            .here()
            .interfaces
            .iter()
            .map(|(id, one)| (id.as_str(), one)),
    )?;
    let mut xml = Xml::new();
    xml.list(
        "networkInterfaceSet",
        "item",
        interfaces,
        |xml, (id, interface)| {
            describe_one(xml, context, id, interface);
        },
    )
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, interface: &Interface) {
    xml.text("networkInterfaceId", id)
        .text("subnetId", &interface.subnet)
        .text("vpcId", &interface.vpc)
        .text("availabilityZone", &interface.zone)
        .text("description", &interface.description)
        .text("ownerId", &context.world.account_id)
        .maybe("requesterId", interface.requester.as_ref())
        .text("requesterManaged", interface.requester.is_some())
        .text("status", "in-use")
        .text("interfaceType", "interface")
        .text("privateIpAddress", &interface.address)
        .text("sourceDestCheck", true);
    group_set(xml, context, &interface.groups);
    xml.node("attachment", |xml| {
        let owner = interface
            .requester
            .as_deref()
            .unwrap_or(&context.world.account_id);
        xml.text("attachmentId", id.replacen("eni-", "eni-attach-", 1))
            .maybe("instanceId", interface.instance.as_ref())
            .text("instanceOwnerId", owner)
            .text("deviceIndex", i32::from(interface.requester.is_some()))
            .text("status", "attached")
            .text("deleteOnTermination", interface.requester.is_none());
    })
    .node("privateIpAddressesSet", |xml| {
        xml.node("item", |xml| {
            xml.text("privateIpAddress", &interface.address)
                .text("primary", true);
        });
    });
    tag_set(xml, &interface.tags);
}

/// The element `groupSet`.
pub(crate) fn group_set(xml: &mut Xml, context: &Context<'_>, groups: &[String]) {
    xml.list("groupSet", "item", groups, |xml, id| {
        let name = context.here().groups.get(id).map(|group| &group.name);
        xml.text("groupId", id).maybe("groupName", name);
    });
}
