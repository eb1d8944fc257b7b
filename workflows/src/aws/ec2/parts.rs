//! Reads of what may be part of a VPC without being a subnet, a route table or
//! a security group: gateways, endpoints, attachments, network ACLs.

use aws_sdk_ec2::types::{
    CarrierGateway, EgressOnlyInternetGateway, Filter, InternetGateway, NatGateway, NetworkAcl,
    TransitGatewayVpcAttachment, VpcEndpoint, VpnGateway,
};
use stepwell_engine::Fault;

use crate::aws::Aws;
use crate::aws::call::fault;

/// The internet gateways that match a filter.
pub(crate) async fn internet_gateways(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<InternetGateway>, Fault> {
    let request = aws.ec2(region).describe_internet_gateways().filters(filter);
    let items = request.into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await;
    items.map_err(|error| fault("DescribeInternetGateways", error))
}

/// The NAT gateways that match a filter, those included that went within
/// the last hour.
pub(crate) async fn nat_gateways(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<NatGateway>, Fault> {
    let request = aws.ec2(region).describe_nat_gateways().filter(filter);
    let items = request.into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await;
    items.map_err(|error| fault("DescribeNatGateways", error))
}

/// The carrier gateways that match a filter.
pub(crate) async fn carrier_gateways(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<CarrierGateway>, Fault> {
    let request = aws.ec2(region).describe_carrier_gateways().filters(filter);
    let items = request.into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await;
    items.map_err(|error| fault("DescribeCarrierGateways", error))
}

/// The VPC endpoints that match a filter, of every type.
pub(crate) async fn endpoints(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<VpcEndpoint>, Fault> {
    let request = aws.ec2(region).describe_vpc_endpoints().filters(filter);
    let items = request.into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await;
    items.map_err(|error| fault("DescribeVpcEndpoints", error))
}

/// The attachments of VPCs to transit gateways that match a filter.
pub(crate) async fn transit_attachments(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<TransitGatewayVpcAttachment>, Fault> {
    let request = aws
        .ec2(region)
        .describe_transit_gateway_vpc_attachments()
        .filters(filter);
    let items = request.into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await;
    items.map_err(|error| fault("DescribeTransitGatewayVpcAttachments", error))
}

/// The network ACLs that match a filter.
pub(crate) async fn network_acls(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<NetworkAcl>, Fault> {
    let request = aws.ec2(region).describe_network_acls().filters(filter);
    let items = request.into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await;
    items.map_err(|error| fault("DescribeNetworkAcls", error))
}

/// The egress-only internet gateways of a region: EC2 has no filter by VPC.
pub(crate) async fn egress_only_gateways(
    aws: &Aws,
    region: &str,
) -> Result<Vec<EgressOnlyInternetGateway>, Fault> {
    let request = aws.ec2(region).describe_egress_only_internet_gateways();
    let items = request.into_paginator().items().send();
    let items = items.collect::<Result<Vec<_>, _>>().await;
    items.map_err(|error| fault("DescribeEgressOnlyInternetGateways", error))
}

/// The virtual private gateways that match a filter.
pub(crate) async fn vpn_gateways(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<VpnGateway>, Fault> {
    let request = aws.ec2(region).describe_vpn_gateways().filters(filter);
    let answer = (request.send().await).map_err(|error| fault("DescribeVpnGateways", error))?;
    Ok(answer.vpn_gateways.unwrap_or_default())
}
