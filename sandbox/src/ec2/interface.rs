//! Network interfaces: those of callers, of instances, of RDS, and of gateways and endpoints.

use super::*;
use crate::ec2::subnet::free_addresses;
use crate::field::View;
use crate::world::cidr::{address as nth, size};
use crate::world::network::Interface;
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

pub(crate) fn check_room(region: &Region, subnet_id: &str, count: u64) -> ApiResult<()> {
    let subnet = find_any(&region.subnets, Kind::Subnet, subnet_id)?;
    if free_addresses(region, subnet_id, subnet) < count {
        refuse!("InsufficientFreeAddressesInSubnet":
            "The specified subnet does not have enough free addresses: {subnet_id}");
    }
    Ok(())
}

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

pub(crate) fn given_groups(context: &Context<'_>, vpc: &str) -> ApiResult<Vec<String>> {
    let given = context.params.list("SecurityGroupId");
    for id in &given {
        if context.group(id)?.vpc != vpc {
            refuse!("InvalidParameter":
                "Security group {id} and subnet belong to different networks.");
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
        refuse!("InvalidParameterValue": "{name} is not simulated");
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
    Ok(INTERFACE.single(context, &id, &context.here().interfaces[&id]))
}

/// An address that a caller chose, if the subnet has it and nobody else does.
pub(crate) fn own_address(context: &Context<'_>, subnet_id: &str, text: &str) -> ApiResult<String> {
    let cidr = context.subnet(subnet_id)?.cidr;
    let address = text.parse::<Ipv4Addr>();
    if !address.is_ok_and(|address| cidr.contains(&address)) {
        refuse!("InvalidParameterValue":
            "Address {text} does not fall within the subnet's address range");
    }
    let reserved = [0, 1, 2, 3, size(cidr) - 1];
    let is_reserved = reserved
        .iter()
        .any(|offset| nth(cidr, *offset).to_string() == text);
    if is_reserved || is_taken(context.here(), subnet_id, text) {
        refuse!("InvalidIPAddress.InUse": "Address {text} is in use.");
    }
    Ok(text.to_owned())
}

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("NetworkInterfaceId")?.to_owned();
    let interface = find_any(&context.here().interfaces, Kind::Interface, &id)?;
    if interface.is_attached() {
        refuse!("InvalidParameterValue": "Network interface '{id}' is currently in use.");
    }
    context.here_mut().interfaces.remove(&id);
    done()
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

pub(crate) static INTERFACE: Description<Interface> = Description {
    kind: Kind::Interface,
    ids: "NetworkInterfaceId",
    elements: ("networkInterfaceSet", "networkInterface"),
    results: RESULTS,
    fields: fields! { v:
        "networkInterfaceId" ["network-interface-id"] v.id;
        "subnetId" ["subnet-id"] &v.subnet;
        "vpcId" ["vpc-id"] &v.vpc;
        "availabilityZone" ["availability-zone"] &v.zone;
        "description" ["description"] &v.description;
        "ownerId" ["owner-id"] v.account();
        "requesterId" ["requester-id"] v.requester.as_ref();
        "requesterManaged" ["requester-managed"] v.requester.is_some();
        "status" ["status"] v.status();
        "interfaceType" ["interface-type"] interface_type(v.here(), v.id);
        "privateIpAddress" ["addresses.private-ip-address" "private-ip-address"] &v.address;
        "sourceDestCheck" [] true;
        "" [] inside(|xml| {
            group_set(xml, v.context, &v.groups);
            if v.is_attached() {
                xml.node("attachment", |xml| attachment(xml, v));
            }
        });
        ["group-id"] Each(&v.groups);
        ["group-name"] Each(v.groups.iter().filter_map(|id| Some(&v.here().groups.get(id)?.name)));
        ["attachment.instance-id"] v.instance.as_ref();
        ["attachment.status"] v.is_attached().then_some("attached");
        "privateIpAddressesSet" [] inside(|xml| {
            xml.node("item", |xml| {
                xml.text("privateIpAddress", &v.address).text("primary", true);
            });
        });
    },
};

fn attachment(xml: &mut Xml, v: &View<'_, Interface>) {
    let requester = v.requester.as_deref();
    xml.text("attachmentId", v.id.replacen("eni-", "eni-attach-", 1))
        .maybe("instanceId", v.instance.as_ref())
        .text("instanceOwnerId", requester.unwrap_or(v.account()))
        .text("deviceIndex", i32::from(requester.is_some()))
        .text("status", "attached")
        .text("deleteOnTermination", requester.is_none());
}

pub(crate) fn group_set(xml: &mut Xml, context: &Context<'_>, groups: &[String]) {
    xml.list("groupSet", "item", groups, |xml, id| {
        let name = context.here().groups.get(id).map(|group| &group.name);
        xml.text("groupId", id).maybe("groupName", name);
    });
}
