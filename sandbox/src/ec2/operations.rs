//! EC2's part of the table of operations.

use super::{
    acl, association, block, carrier, egress_only, endpoint, gateway, group, instance, interface,
    nat, peering, prefix_list, region, route, route_table, rules, subnet, tags, transit,
    transit_attachment, vpc, vpn,
};
use crate::operations::{Handler, OperationInfo, Service};

const fn read(name: &'static str, handler: Handler, simplified: &'static str) -> OperationInfo {
    crate::operations::read(Service::Ec2, name, handler, simplified)
}

const fn write(name: &'static str, handler: Handler, simplified: &'static str) -> OperationInfo {
    crate::operations::write(Service::Ec2, name, handler, simplified)
}

/// EC2's operations, by name.
pub(crate) static OPERATIONS: &[OperationInfo] = &[
    write(
        "AcceptVpcPeeringConnection",
        peering::accept,
        "one account is both sides",
    ),
    write(
        "AssociateRouteTable",
        association::associate,
        "subnets only, no gateways",
    ),
    write(
        "AssociateVpcCidrBlock",
        block::associate,
        "no IPAM, no address pools of one's own",
    ),
    write("AttachInternetGateway", gateway::attach, ""),
    write("AttachVpnGateway", vpn::attach, ""),
    write("AuthorizeSecurityGroupEgress", rules::authorize_egress, ""),
    write(
        "AuthorizeSecurityGroupIngress",
        rules::authorize_ingress,
        "",
    ),
    write(
        "CreateCarrierGateway",
        carrier::create,
        "no Wavelength Zones, no client token",
    ),
    write(
        "CreateEgressOnlyInternetGateway",
        egress_only::create,
        "no client token",
    ),
    write("CreateInternetGateway", gateway::create, ""),
    write(
        "CreateManagedPrefixList",
        prefix_list::create,
        "never changed or deleted; no client token",
    ),
    write(
        "CreateNatGateway",
        nat::create,
        "zonal; any allocation id, no Elastic IP addresses; no client token",
    ),
    write(
        "CreateNetworkAcl",
        acl::create,
        "no entries, no client token",
    ),
    write(
        "CreateNetworkInterface",
        interface::create,
        "one IPv4 address; no client token",
    ),
    write(
        "CreateRoute",
        route::create,
        "no routes to instances, interfaces, local or core networks; IPv6 without IPv6 ranges of the VPC",
    ),
    write("CreateRouteTable", route_table::create, "no client token"),
    write(
        "CreateSecurityGroup",
        group::create,
        "needs VpcId, there is no default VPC",
    ),
    write(
        "CreateSubnet",
        subnet::create,
        "IPv4, availability zones only",
    ),
    write("CreateTags", tags::create, ""),
    write(
        "CreateTransitGateway",
        transit::create,
        "no route tables, no options but the ASN",
    ),
    write(
        "CreateTransitGatewayVpcAttachment",
        transit_attachment::create,
        "no options",
    ),
    write(
        "CreateVpc",
        vpc::create,
        "no IPAM, no address pools of one's own",
    ),
    write(
        "CreateVpcEndpoint",
        endpoint::create,
        "gateway and interface endpoints of AWS services; any interface service exists; no policies, no client token",
    ),
    write(
        "CreateVpcPeeringConnection",
        peering::create,
        "within the account, any two regions",
    ),
    write("CreateVpnGateway", vpn::create, "no VPN connections"),
    write("DeleteCarrierGateway", carrier::delete, ""),
    write("DeleteEgressOnlyInternetGateway", egress_only::delete, ""),
    write("DeleteInternetGateway", gateway::delete, ""),
    write("DeleteNatGateway", nat::delete, ""),
    write("DeleteNetworkAcl", acl::delete, ""),
    write("DeleteNetworkInterface", interface::delete, ""),
    write("DeleteRoute", route::delete, ""),
    write("DeleteRouteTable", route_table::delete, ""),
    write("DeleteSecurityGroup", group::delete, ""),
    write("DeleteSubnet", subnet::delete, ""),
    write("DeleteTags", tags::delete, ""),
    write("DeleteTransitGateway", transit::delete, ""),
    write(
        "DeleteTransitGatewayVpcAttachment",
        transit_attachment::delete,
        "",
    ),
    write("DeleteVpc", vpc::delete, ""),
    write("DeleteVpcEndpoints", endpoint::delete, ""),
    write("DeleteVpcPeeringConnection", peering::delete, ""),
    write("DeleteVpnGateway", vpn::delete, ""),
    read(
        "DescribeAvailabilityZones",
        region::describe_zones,
        "no local or wavelength zones",
    ),
    read("DescribeCarrierGateways", carrier::describe, ""),
    read(
        "DescribeEgressOnlyInternetGateways",
        egress_only::describe,
        "",
    ),
    read("DescribeInstances", instance::describe, ""),
    read("DescribeInternetGateways", gateway::describe, ""),
    read(
        "DescribeManagedPrefixLists",
        prefix_list::describe,
        "callers' own, and AWS's for gateway endpoints",
    ),
    read("DescribeNatGateways", nat::describe, ""),
    read(
        "DescribeNetworkAcls",
        acl::describe,
        "no filters for entries",
    ),
    read("DescribeNetworkInterfaces", interface::describe, ""),
    read(
        "DescribeRegions",
        region::describe_regions,
        "a selection of regions, one not enabled",
    ),
    read("DescribeRouteTables", route_table::describe, ""),
    read("DescribeSecurityGroupRules", rules::describe, ""),
    read("DescribeSecurityGroups", group::describe, ""),
    read("DescribeSubnets", subnet::describe, ""),
    read("DescribeTags", tags::describe, ""),
    read(
        "DescribeTransitGatewayAttachments",
        transit_attachment::describe_all,
        "attachments of VPCs only",
    ),
    read(
        "DescribeTransitGatewayVpcAttachments",
        transit_attachment::describe,
        "",
    ),
    read("DescribeTransitGateways", transit::describe, ""),
    read("DescribeVpcAttribute", vpc::describe_attribute, ""),
    read("DescribeVpcEndpoints", endpoint::describe, "no DNS entries"),
    read("DescribeVpcPeeringConnections", peering::describe, ""),
    read("DescribeVpcs", vpc::describe, ""),
    read("DescribeVpnGateways", vpn::describe, ""),
    write("DetachInternetGateway", gateway::detach, ""),
    write("DetachVpnGateway", vpn::detach, ""),
    write(
        "DisassociateVpcCidrBlock",
        block::disassociate,
        "gone at once",
    ),
    write("DisassociateRouteTable", association::disassociate, ""),
    write("ModifyVpcAttribute", vpc::modify_attribute, ""),
    write("RejectVpcPeeringConnection", peering::reject, ""),
    write("ReplaceNetworkAclAssociation", acl::replace_association, ""),
    write(
        "ReplaceRoute",
        route::replace,
        "as CreateRoute; takes a peering that has ended while it is still shown",
    ),
    write("ReplaceRouteTableAssociation", association::replace, ""),
    write("RevokeSecurityGroupEgress", rules::revoke_egress, ""),
    write("RevokeSecurityGroupIngress", rules::revoke_ingress, ""),
    write(
        "RunInstances",
        instance::run,
        "one interface in a subnet; no image, key or capacity is checked",
    ),
    write("TerminateInstances", instance::terminate, ""),
];
