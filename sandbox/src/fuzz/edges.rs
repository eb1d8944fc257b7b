//! The parameters of EC2's operations on gateways, endpoints, attachments, network ACLs, prefix
//! lists and interfaces.

use super::parameters::Sort::{self, AclAssociation, Id, Of, RangeAssociation};
use super::parameters::{RANGES, TEXTS, YES};

const ALLOCATIONS: Sort = Of(&["eipalloc-0123456789abcdef0", "eipalloc-00000001", "x"]);
const ADDRESSES: Sort = Of(&[
    "192.168.0.9",
    "192.168.0.70",
    "192.168.0.1",
    "10.0.0.10",
    "x",
]);
const SERVICES: Sort = Of(&[
    "com.amazonaws.eu-west-1.s3",
    "com.amazonaws.eu-west-1.dynamodb",
    "com.amazonaws.eu-west-1.secretsmanager",
    "com.amazonaws.us-west-1.s3",
    "x",
]);

/// The parameters that only this operation has; those that it needs end in `!`.
pub(super) fn own(operation: &str) -> &'static [(&'static str, Sort)] {
    match operation {
        "CreateNatGateway" => &[
            ("SubnetId!", Id("subnet-")),
            ("ConnectivityType!", Of(&["private", "public", "public"])),
            ("AllocationId", ALLOCATIONS),
            ("PrivateIpAddress", ADDRESSES),
        ],
        "AssociateVpcCidrBlock" => &[
            ("VpcId!", Id("vpc-")),
            ("CidrBlock!", RANGES),
            ("AmazonProvidedIpv6CidrBlock", YES),
        ],
        "DisassociateVpcCidrBlock" => &[("AssociationId!", RangeAssociation)],
        "DeleteNatGateway" => &[("NatGatewayId!", Id("nat-"))],
        "DescribeNatGateways" => &[("NatGatewayId.1", Id("nat-"))],
        "CreateVpcEndpoint" => &[
            ("VpcId!", Id("vpc-")),
            ("ServiceName!", SERVICES),
            (
                "VpcEndpointType",
                Of(&["Gateway", "Interface", "Interface", "x"]),
            ),
            ("VpcEndpointType!", Of(&["Gateway", "Interface"])),
            ("RouteTableId.1", Id("rtb-")),
            ("SubnetId.1", Id("subnet-")),
            ("SubnetId.2", Id("subnet-")),
            ("SecurityGroupId.1", Id("sg-")),
            ("PrivateDnsEnabled", YES),
        ],
        "DeleteVpcEndpoints" => &[("VpcEndpointId.1!", Id("vpce-"))],
        "DescribeVpcEndpoints" => &[("VpcEndpointId.1", Id("vpce-"))],
        "CreateEgressOnlyInternetGateway" | "CreateCarrierGateway" | "CreateNetworkAcl" => {
            &[("VpcId!", Id("vpc-"))]
        }
        "DeleteEgressOnlyInternetGateway" => &[("EgressOnlyInternetGatewayId!", Id("eigw-"))],
        "DescribeEgressOnlyInternetGateways" => &[("EgressOnlyInternetGatewayId.1", Id("eigw-"))],
        "CreateVpnGateway" => &[
            ("Type!", Of(&["ipsec.1"])),
            ("AmazonSideAsn", Of(&["64512", "65534", "1", "-1"])),
        ],
        "AttachVpnGateway" | "DetachVpnGateway" => {
            &[("VpnGatewayId!", Id("vgw-")), ("VpcId!", Id("vpc-"))]
        }
        "DeleteVpnGateway" => &[("VpnGatewayId!", Id("vgw-"))],
        "DescribeVpnGateways" => &[("VpnGatewayId.1", Id("vgw-"))],
        "CreateTransitGateway" => &[("Description", TEXTS)],
        "DeleteTransitGateway" => &[("TransitGatewayId!", Id("tgw-"))],
        "DescribeTransitGateways" => &[("TransitGatewayIds.1", Id("tgw-"))],
        "CreateTransitGatewayVpcAttachment" => &[
            ("TransitGatewayId!", Id("tgw-0")),
            ("VpcId!", Id("vpc-")),
            ("SubnetIds.1!", Id("subnet-")),
            ("SubnetIds.2", Id("subnet-")),
            ("TagSpecifications.1.ResourceType", TEXTS),
        ],
        "DeleteTransitGatewayVpcAttachment" => {
            &[("TransitGatewayAttachmentId!", Id("tgw-attach-"))]
        }
        "DescribeTransitGatewayVpcAttachments" | "DescribeTransitGatewayAttachments" => {
            &[("TransitGatewayAttachmentIds.1", Id("tgw-attach-"))]
        }
        "DeleteNetworkAcl" => &[("NetworkAclId!", Id("acl-"))],
        "DescribeNetworkAcls" => &[("NetworkAclId.1", Id("acl-"))],
        "ReplaceNetworkAclAssociation" => &[
            ("AssociationId!", AclAssociation),
            ("NetworkAclId!", Id("acl-")),
        ],
        "DeleteCarrierGateway" => &[("CarrierGatewayId!", Id("cagw-"))],
        "DescribeCarrierGateways" => &[("CarrierGatewayId.1", Id("cagw-"))],
        "CreateNetworkInterface" => &[
            ("SubnetId!", Id("subnet-")),
            ("SecurityGroupId.1", Id("sg-")),
            ("PrivateIpAddress", ADDRESSES),
            ("Description", TEXTS),
        ],
        "DeleteNetworkInterface" => &[("NetworkInterfaceId!", Id("eni-"))],
        "CreateManagedPrefixList" => &[
            ("PrefixListName!", TEXTS),
            ("AddressFamily!", Of(&["IPv4", "IPv6"])),
            ("MaxEntries!", Of(&["1", "5", "60", "1000", "0"])),
            ("Entry.1.Cidr", RANGES),
            ("Entry.2.Cidr", Of(&["2001:db8::/32", "10.0.0.0/8"])),
        ],
        "DescribeManagedPrefixLists" => &[("PrefixListId.1", Id("pl-"))],
        _ => &[],
    }
}
