//! Reads of EC2 that more than one step needs.

pub(crate) mod parts;

use aws_sdk_ec2::types::{
    Filter, NetworkInterface, RouteTable, SecurityGroup, SecurityGroupRule, Subnet, Vpc,
    VpcPeeringConnection,
};
use stepwell_engine::Fault;

use super::Aws;
use super::call::fault;
use super::tags;

/// A filter by name with one value.
pub(crate) fn filter(name: impl Into<String>, value: impl Into<String>) -> Filter {
    Filter::builder().name(name).values(value).build()
}

/// A filter by name with any of some values.
pub(crate) fn filter_any(name: impl Into<String>, values: &[String]) -> Filter {
    let values = Some(values.to_vec());
    Filter::builder().name(name).set_values(values).build()
}

/// The VPCs that carry a cluster's tag. EC2 keeps the value as it was typed and
/// its filters compare letter by letter, while RDS lower-cases the cluster's
/// name; so all VPCs with the tag are asked for and compared without case.
pub(crate) async fn vpcs_of(aws: &Aws, region: &str, cluster: &str) -> Result<Vec<Vpc>, Fault> {
    let tagged = filter("tag-key", tags::CLUSTER);
    let mut vpcs = vpcs(aws, region, Some(tagged)).await?;
    vpcs.retain(|vpc| tags::names(tags::value(vpc.tags(), tags::CLUSTER), cluster));
    Ok(vpcs)
}

/// The VPCs of a region, all or those that match.
pub(crate) async fn vpcs(
    aws: &Aws,
    region: &str,
    filter: Option<Filter>,
) -> Result<Vec<Vpc>, Fault> {
    aws.ec2(region)
        .describe_vpcs()
        .set_filters(filter.map(|filter| vec![filter]))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeVpcs", error))
}

/// A VPC, if it is there.
pub(crate) async fn vpc(aws: &Aws, region: &str, id: &str) -> Result<Option<Vpc>, Fault> {
    Ok(vpcs(aws, region, Some(filter("vpc-id", id))).await?.pop())
}

/// The subnets of a VPC.
pub(crate) async fn subnets(aws: &Aws, region: &str, vpc: &str) -> Result<Vec<Subnet>, Fault> {
    aws.ec2(region)
        .describe_subnets()
        .filters(filter("vpc-id", vpc))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeSubnets", error))
}

/// The route tables of a VPC.
pub(crate) async fn route_tables(
    aws: &Aws,
    region: &str,
    vpc: &str,
) -> Result<Vec<RouteTable>, Fault> {
    aws.ec2(region)
        .describe_route_tables()
        .filters(filter("vpc-id", vpc))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeRouteTables", error))
}

/// Whether a route table is its VPC's main one.
pub(crate) fn is_main(table: &RouteTable) -> bool {
    table
        .associations()
        .iter()
        .any(|association| association.main() == Some(true))
}

/// The security groups of a VPC.
pub(crate) async fn security_groups(
    aws: &Aws,
    region: &str,
    vpc: &str,
) -> Result<Vec<SecurityGroup>, Fault> {
    security_groups_by(aws, region, filter("vpc-id", vpc)).await
}

/// The security groups of a region that match a filter.
pub(crate) async fn security_groups_by(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<SecurityGroup>, Fault> {
    aws.ec2(region)
        .describe_security_groups()
        .filters(filter)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeSecurityGroups", error))
}

/// The rules of security groups, in both directions.
pub(crate) async fn rules(
    aws: &Aws,
    region: &str,
    groups: &[String],
) -> Result<Vec<SecurityGroupRule>, Fault> {
    aws.ec2(region)
        .describe_security_group_rules()
        .filters(filter_any("group-id", groups))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeSecurityGroupRules", error))
}

/// The network interfaces that match a filter.
pub(crate) async fn network_interfaces(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<NetworkInterface>, Fault> {
    aws.ec2(region)
        .describe_network_interfaces()
        .filters(filter)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeNetworkInterfaces", error))
}

/// The peering connections of a region, from either side, in any state.
pub(crate) async fn peerings(aws: &Aws, region: &str) -> Result<Vec<VpcPeeringConnection>, Fault> {
    aws.ec2(region)
        .describe_vpc_peering_connections()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeVpcPeeringConnections", error))
}

/// The names of the regions that are enabled for the account.
pub(crate) async fn regions(aws: &Aws, home: &str) -> Result<Vec<String>, Fault> {
    let answer = aws
        .ec2(home)
        .describe_regions()
        .send()
        .await
        .map_err(|error| fault("DescribeRegions", error))?;
    let mut regions: Vec<String> = answer
        .regions()
        .iter()
        .filter(|region| region.opt_in_status() != Some("not-opted-in"))
        .filter_map(|region| region.region_name().map(str::to_owned))
        .collect();
    regions.sort();
    Ok(regions)
}
