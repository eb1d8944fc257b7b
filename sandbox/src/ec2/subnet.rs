//! Subnets.

use super::*;
use crate::ec2::describe::pending_until;
use crate::ec2::vpc::given_range;
use crate::world::cidr::{overlaps, size};
use crate::world::network::Subnet;
use crate::world::regions;
use crate::world::regions::RegionInfo;

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let (vpc_id, vpc) = context.given_vpc()?;
    let (vpc_id, ranges) = (vpc_id.to_owned(), vpc.ranges());
    let cidr = given_range(context)?;
    if !(16..=28).contains(&cidr.prefix_len()) || !ranges.iter().any(|range| range.contains(&cidr))
    {
        refuse!("InvalidSubnet.Range": "The CIDR '{cidr}' is invalid.");
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
        refuse!("InvalidSubnet.Conflict": "The CIDR '{cidr}' conflicts with another subnet");
    }
    if siblings.by_ref().count() >= context.quotas.subnets {
        refuse!("SubnetLimitExceeded":
            "You have reached the limit on the number of subnets in VPC '{vpc_id}'");
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
    let body = SUBNET.single(context, &id, &subnet);
    context.here_mut().subnets.insert(id, subnet);
    Ok(body)
}

/// The zone given by name or id, or the region's first.
fn zone(context: &Context<'_>) -> ApiResult<String> {
    let region = this_region(context)?;
    let names: Vec<String> = region.zone_names().collect();
    let invalid = |given: &str| {
        refusal!("InvalidParameterValue":
            "Value ({given}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: {}.", names.join(", "))
    };
    match (
        context.params.get("AvailabilityZone"),
        context.params.get("AvailabilityZoneId"),
    ) {
        (Some(_), Some(_)) => Err(refusal!("InvalidParameterCombination":
            "The request must not contain both AvailabilityZone and AvailabilityZoneId")),
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
    regions::find(context.region).ok_or_else(|| refusal!("InvalidParameterValue": "unknown region"))
}

pub(crate) static SUBNET: Description<Subnet> = Description {
    kind: Kind::Subnet,
    ids: "SubnetId",
    elements: ("subnetSet", "subnet"),
    results: RESULTS,
    fields: fields! { v:
        "subnetId" ["subnet-id"] v.id;
        "subnetArn" ["subnet-arn"] v.context.ec2_arn("subnet", v.id);
        "state" ["state"] pending_until(v.available_at, v.context.now);
        "ownerId" ["owner-id"] v.account();
        "vpcId" ["vpc-id"] &v.vpc;
        "cidrBlock" ["cidr" "cidr-block" "cidrBlock"] v.cidr;
        "availableIpAddressCount" ["available-ip-address-count"] free_addresses(v.here(), v.id, v.one);
        "availabilityZone" ["availability-zone" "availabilityZone"] &v.zone;
        "availabilityZoneId" ["availability-zone-id" "availabilityZoneId"]
            regions::find(v.context.region).map(|region| region.zone_id(&v.zone));
        "defaultForAz" ["default-for-az" "defaultForAz"] false;
        "mapPublicIpOnLaunch" ["map-public-ip-on-launch"] false;
        "assignIpv6AddressOnCreation" [] false;
    },
};

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    this_region(context)?;
    SUBNET.answer(context, &context.here().subnets)
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
    let mut interfaces = context.here().interfaces.values();
    if interfaces.any(|one| one.subnet == id) {
        refuse!("DependencyViolation": "The subnet '{id}' has dependencies and cannot be deleted.");
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
