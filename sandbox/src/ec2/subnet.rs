//! Subnets.

use super::describe::{Describe, RESULTS, done, one, pending_until, tag_set};
use super::lookup::{Kind, find_any};
use super::tags::given_tags;
use super::vpc::given_range;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::cidr::{overlaps, size};
use crate::world::network::Subnet;
use crate::world::regions::{self, RegionInfo};
use crate::world::{Region, timing};

/// `CreateSubnet`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let (vpc_id, vpc) = context.given_vpc()?;
    let (vpc_id, ranges) = (vpc_id.to_owned(), vpc.ranges());
    let cidr = given_range(context)?;
    if !(16..=28).contains(&cidr.prefix_len()) || !ranges.iter().any(|range| range.contains(&cidr))
    {
        return Err(ApiError::new(
            "InvalidSubnet.Range",
            format!("The CIDR '{cidr}' is invalid."),
        ));
    }
    let zone = zone(context)?;
    let tags = given_tags(context, Kind::Subnet)?;
    // Unlike reads, the check for overlaps is consistent: it sees what was made a moment ago.
    let mut siblings = context
        .here()
        .subnets
        .values()
        .filter(|one| one.vpc == vpc_id);
    if siblings.clone().any(|one| overlaps(one.cidr, cidr)) {
        return Err(ApiError::new(
            "InvalidSubnet.Conflict",
            format!("The CIDR '{cidr}' conflicts with another subnet"),
        ));
    }
    if siblings.by_ref().count() >= context.quotas.subnets {
        return Err(ApiError::new(
            "SubnetLimitExceeded",
            format!("You have reached the limit on the number of subnets in VPC '{vpc_id}'"),
        ));
    }
    let id = context.world.new_id("subnet");
    let subnet = Subnet {
        vpc: vpc_id,
        cidr,
        zone,
        tags,
        acl: None,
        available_at: context.now + timing::NETWORK_PENDING,
        visible_at: context.visible_at(&id),
    };
    let mut xml = Xml::new();
    xml.node("subnet", |xml| describe_one(xml, context, &id, &subnet));
    context.here_mut().subnets.insert(id, subnet);
    Ok(xml.finish())
}

/// The zone given by name or id, or the region's first.
fn zone(context: &Context<'_>) -> ApiResult<String> {
    let region = this_region(context)?;
    let names: Vec<String> = region.zone_names().collect();
    let invalid = |given: &str| {
        ApiError::value(format!(
            "Value ({given}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: {}.",
            names.join(", ")
        ))
    };
    match (
        context.params.get("AvailabilityZone"),
        context.params.get("AvailabilityZoneId"),
    ) {
        (Some(_), Some(_)) => Err(ApiError::combination(
            "The request must not contain both AvailabilityZone and AvailabilityZoneId",
        )),
        (Some(name), None) if names.iter().any(|known| known == name) => Ok(name.to_owned()),
        (None, Some(id)) => names
            .iter()
            .find(|name| region.zone_id(name) == id)
            .cloned()
            .ok_or_else(|| invalid(id)),
        (Some(name), None) => Err(invalid(name)),
        (None, None) => Ok(names[0].clone()),
    }
}

pub(crate) fn this_region(context: &Context<'_>) -> ApiResult<&'static RegionInfo> {
    regions::find(context.region).ok_or_else(|| ApiError::value("unknown region"))
}

/// `DescribeSubnets`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let now = context.now;
    let region = this_region(context)?;
    let (subnets, next) = Describe {
        kind: Kind::Subnet,
        ids: "SubnetId",
        results: RESULTS,
        filters: &[
            "availability-zone",
            "availability-zone-id",
            "availabilityZone",
            "availabilityZoneId",
            "available-ip-address-count",
            "cidr",
            "cidr-block",
            "cidrBlock",
            "default-for-az",
            "defaultForAz",
            "map-public-ip-on-launch",
            "owner-id",
            "state",
            "subnet-arn",
            "subnet-id",
            "vpc-id",
        ],
        values: &|name, id, subnet: &Subnet| match name {
            "availability-zone" | "availabilityZone" => one(&subnet.zone),
            "availability-zone-id" | "availabilityZoneId" => one(region.zone_id(&subnet.zone)),
            "available-ip-address-count" => one(free_addresses(context.here(), id, subnet)),
            "cidr" | "cidr-block" | "cidrBlock" => one(subnet.cidr),
            "default-for-az" | "defaultForAz" | "map-public-ip-on-launch" => one(false),
            "owner-id" => one(&account),
            "state" => one(pending_until(subnet.available_at, now)),
            "subnet-arn" => one(arn(context, id)),
            "subnet-id" => one(id),
            "vpc-id" => one(&subnet.vpc),
            _ => Vec::new(),
        },
        tags: &|subnet| &subnet.tags,
    }
    .select(
        context,
        context
            .here()
            .subnets
            .iter()
            .map(|(id, subnet)| (id.as_str(), subnet)),
    )?;
    let mut xml = Xml::new();
    xml.list("subnetSet", "item", subnets, |xml, (id, subnet)| {
        describe_one(xml, context, id, subnet);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, subnet: &Subnet) {
    let zone_id = regions::find(context.region).map(|region| region.zone_id(&subnet.zone));
    xml.text("subnetId", id)
        .text("subnetArn", arn(context, id))
        .text("state", pending_until(subnet.available_at, context.now))
        .text("ownerId", &context.world.account_id)
        .text("vpcId", &subnet.vpc)
        .text("cidrBlock", subnet.cidr)
        .text(
            "availableIpAddressCount",
            free_addresses(context.here(), id, subnet),
        )
        .text("availabilityZone", &subnet.zone)
        .maybe("availabilityZoneId", zone_id)
        .text("defaultForAz", false)
        .text("mapPublicIpOnLaunch", false)
        .text("assignIpv6AddressOnCreation", false);
    tag_set(xml, &subnet.tags);
}

fn arn(context: &Context<'_>, id: &str) -> String {
    format!(
        "arn:aws:ec2:{}:{}:subnet/{id}",
        context.region, context.world.account_id
    )
}

/// Addresses left: AWS keeps five of each subnet.
pub(crate) fn free_addresses(region: &Region, id: &str, subnet: &Subnet) -> u64 {
    let used = region.interfaces.values().filter(|one| one.subnet == id);
    size(subnet.cidr).saturating_sub(5 + used.count() as u64)
}

/// `DeleteSubnet`. Its association with a route table goes with it.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("SubnetId")?.to_owned();
    find_any(&context.here().subnets, Kind::Subnet, &id)?;
    if context
        .here()
        .interfaces
        .values()
        .any(|one| one.subnet == id)
    {
        return Err(ApiError::dependency(format!(
            "The subnet '{id}' has dependencies and cannot be deleted."
        )));
    }
    let here = context.here_mut();
    here.subnets.remove(&id);
    for table in here.route_tables.values_mut() {
        table
            .associations
            .retain(|one| one.subnet.as_deref() != Some(id.as_str()));
    }
    done()
}
