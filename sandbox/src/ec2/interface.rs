//! Network interfaces: those of callers, of instances, of RDS, and of gateways and endpoints.

use super::describe::{Describe, RESULTS, done, one, tag_set};
use super::lookup::{Kind, find_any};
use super::subnet::free_addresses;
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::cidr::{address as nth, size};
use crate::world::network::Interface;
use crate::world::{Region, Tags};
use std::net::Ipv4Addr;

/// The first free address of a subnet; AWS keeps its first four and the last. `None` if it is full.
pub(crate) fn free_address(region: &Region, subnet_id: &str) -> Option<String> {
    let cidr = region.subnets.get(subnet_id)?.cidr;
    (4..size(cidr) - 1)
        .map(|offset| nth(cidr, offset).to_string())
        .find(|address| !is_taken(region, subnet_id, address))
}

fn is_taken(region: &Region, subnet: &str, address: &str) -> bool {
    let mut all = region.interfaces.values();
    all.any(|one| one.subnet == subnet && one.address == address)
}

/// Refuses a subnet with fewer than `count` free addresses.
pub(crate) fn check_room(region: &Region, subnet_id: &str, count: u64) -> ApiResult<()> {
    let subnet = find_any(&region.subnets, Kind::Subnet, subnet_id)?;
    if free_addresses(region, subnet_id, subnet) < count {
        return Err(ApiError::new(
            "InsufficientFreeAddressesInSubnet",
            format!("The specified subnet does not have enough free addresses: {subnet_id}"),
        ));
    }
    Ok(())
}

/// An interface to be made.
pub(crate) struct New {
    pub(crate) subnet: String,
    pub(crate) groups: Vec<String>,
    /// The first free address if absent.
    pub(crate) address: Option<String>,
    pub(crate) description: String,
    /// The service of AWS that asks for it.
    pub(crate) requester: Option<String>,
    pub(crate) instance: Option<String>,
    pub(crate) tags: Tags,
}

impl New {
    /// One of a caller, without description and tags.
    pub(crate) fn of(subnet: &str, groups: Vec<String>) -> Self {
        Self {
            subnet: subnet.to_owned(),
            groups,
            address: None,
            description: String::new(),
            requester: None,
            instance: None,
            tags: Tags::new(),
        }
    }
}

/// Makes an interface in a subnet that is there and has room, and gives its id.
pub(crate) fn add(context: &mut Context<'_>, new: New) -> String {
    let id = context.world.new_id("eni");
    let here = context.here_mut();
    let (vpc, zone) = (here.subnets.get(&new.subnet))
        .map(|subnet| (subnet.vpc.clone(), subnet.zone.clone()))
        .unwrap_or_default();
    let address = (new.address)
        .or_else(|| free_address(here, &new.subnet))
        .unwrap_or_default();
    let interface = Interface {
        vpc,
        subnet: new.subnet,
        zone,
        groups: new.groups,
        address,
        description: new.description,
        requester: new.requester,
        instance: new.instance,
        tags: new.tags,
        gone_at: None,
    };
    here.interfaces.insert(id.clone(), interface);
    id
}

/// The security groups given, or the VPC's default one.
pub(crate) fn given_groups(context: &Context<'_>, vpc: &str) -> ApiResult<Vec<String>> {
    let given = context.params.list("SecurityGroupId");
    for id in &given {
        if context.group(id)?.vpc != vpc {
            return Err(ApiError::new(
                "InvalidParameter",
                format!("Security group {id} and subnet belong to different networks."),
            ));
        }
    }
    if !given.is_empty() {
        return Ok(given);
    }
    let groups = context.here().groups.iter();
    Ok(groups
        .filter(|(_, group)| group.vpc == vpc && group.name == "default")
        .map(|(id, _)| id.clone())
        .collect())
}

/// `CreateNetworkInterface`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let subnet_id = params.need("SubnetId")?.to_owned();
    let subnet = context.subnet(&subnet_id)?;
    let groups = given_groups(context, &subnet.vpc)?;
    let unknown = [
        "Ipv6AddressCount",
        "Ipv6Addresses.1.Ipv6Address",
        "PrivateIpAddresses.1.PrivateIpAddress",
        "SecondaryPrivateIpAddressCount",
        "InterfaceType",
    ];
    if let Some(name) = unknown.iter().find(|name| params.has(name)) {
        return Err(ApiError::value(format!("{name} is not simulated")));
    }
    check_room(context.here(), &subnet_id, 1)?;
    let address = match params.get("PrivateIpAddress") {
        None => None,
        Some(text) => Some(own_address(context, &subnet_id, text)?),
    };
    let new = New {
        address,
        description: params.get("Description").unwrap_or_default().to_owned(),
        tags: given_tags(context, Kind::Interface)?,
        ..New::of(&subnet_id, groups)
    };
    let id = add(context, new);
    let mut xml = Xml::new();
    xml.node("networkInterface", |xml| {
        describe_one(xml, context, &id, &context.here().interfaces[&id]);
    });
    Ok(xml.finish())
}

/// An address that a caller chose, if the subnet has it and nobody else does.
pub(crate) fn own_address(context: &Context<'_>, subnet_id: &str, text: &str) -> ApiResult<String> {
    let cidr = context.subnet(subnet_id)?.cidr;
    let address = text.parse::<Ipv4Addr>();
    if !address.is_ok_and(|address| cidr.contains(&address)) {
        return Err(ApiError::value(format!(
            "Address {text} does not fall within the subnet's address range"
        )));
    }
    let reserved = [0, 1, 2, 3, size(cidr) - 1];
    let is_reserved = reserved
        .iter()
        .any(|offset| nth(cidr, *offset).to_string() == text);
    if is_reserved || is_taken(context.here(), subnet_id, text) {
        return Err(ApiError::new(
            "InvalidIPAddress.InUse",
            format!("Address {text} is in use."),
        ));
    }
    Ok(text.to_owned())
}

/// `DeleteNetworkInterface`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("NetworkInterfaceId")?.to_owned();
    let interface = find_any(&context.here().interfaces, Kind::Interface, &id)?;
    if is_attached(interface) {
        return Err(ApiError::value(format!(
            "Network interface '{id}' is currently in use."
        )));
    }
    context.here_mut().interfaces.remove(&id);
    done()
}

/// Whether an instance or a service of AWS uses it.
pub(crate) fn is_attached(interface: &Interface) -> bool {
    interface.instance.is_some() || interface.requester.is_some()
}

/// `in-use` or `available`.
pub(crate) fn status(interface: &Interface) -> &'static str {
    if is_attached(interface) {
        "in-use"
    } else {
        "available"
    }
}

/// The gateway, endpoint or attachment for which AWS keeps the interface.
pub(crate) fn keeper<'a>(region: &'a Region, id: &str) -> Option<&'a str> {
    (region.edges.iter())
        .find(|(_, edge)| edge.interfaces.iter().any(|one| one == id))
        .map(|(keeper, _)| keeper.as_str())
}

fn interface_type(region: &Region, id: &str) -> &'static str {
    match keeper(region, id).and_then(Kind::of_id) {
        Some(Kind::Nat) => "nat_gateway",
        Some(Kind::Endpoint) => "vpc_endpoint",
        Some(Kind::TransitAttachment) => "transit_gateway",
        _ => "interface",
    }
}

/// `DescribeNetworkInterfaces`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let (interfaces, next) = Describe {
        kind: Kind::Interface,
        ids: "NetworkInterfaceId",
        results: RESULTS,
        filters: &[
            "addresses.private-ip-address",
            "attachment.instance-id",
            "attachment.status",
            "availability-zone",
            "description",
            "group-id",
            "group-name",
            "interface-type",
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
            "attachment.status" if is_attached(interface) => one("attached"),
            "availability-zone" => one(&interface.zone),
            "description" => one(&interface.description),
            "group-id" => interface.groups.clone(),
            "group-name" => interface
                .groups
                .iter()
                .filter_map(|id| Some(context.here().groups.get(id)?.name.clone()))
                .collect(),
            "interface-type" => one(interface_type(context.here(), id)),
            "network-interface-id" => one(id),
            "owner-id" => one(&account),
            "requester-id" => interface.requester.clone().into_iter().collect(),
            "requester-managed" => one(interface.requester.is_some()),
            "status" => one(status(interface)),
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
        .text("status", status(interface))
        .text("interfaceType", interface_type(context.here(), id))
        .text("privateIpAddress", &interface.address)
        .text("sourceDestCheck", true);
    group_set(xml, context, &interface.groups);
    if is_attached(interface) {
        attachment(xml, context, id, interface);
    }
    xml.node("privateIpAddressesSet", |xml| {
        xml.node("item", |xml| {
            xml.text("privateIpAddress", &interface.address)
                .text("primary", true);
        });
    });
    tag_set(xml, &interface.tags);
}

fn attachment(xml: &mut Xml, context: &Context<'_>, id: &str, interface: &Interface) {
    let requester = interface.requester.as_deref();
    let owner = requester.unwrap_or(&context.world.account_id);
    xml.node("attachment", |xml| {
        xml.text("attachmentId", id.replacen("eni-", "eni-attach-", 1))
            .maybe("instanceId", interface.instance.as_ref())
            .text("instanceOwnerId", owner)
            .text("deviceIndex", i32::from(requester.is_some()))
            .text("status", "attached")
            .text("deleteOnTermination", requester.is_none());
    });
}

/// The element `groupSet`.
pub(crate) fn group_set(xml: &mut Xml, context: &Context<'_>, groups: &[String]) {
    xml.list("groupSet", "item", groups, |xml, id| {
        let name = context.here().groups.get(id).map(|group| &group.name);
        xml.text("groupId", id).maybe("groupName", name);
    });
}
