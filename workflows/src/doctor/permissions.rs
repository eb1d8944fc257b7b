//! Which operations of EC2 the credentials allow, by dry runs.
//!
//! EC2 answers a dry run with `DryRunOperation` if the call is allowed and with
//! `UnauthorizedOperation` if not (EC2 API reference, "DryRun"). All but the
//! first name resources that do not exist, so they could have no effect even at
//! an endpoint that ignores the flag; that they are not found is then the
//! answer to an allowed call. A dry run of a read reads nothing.

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::types::{IpPermission, IpRange, Tag};
use stepwell_engine::Fault;
use tokio::task::JoinSet;

use crate::aws::Aws;
use crate::aws::call::fault;
use crate::aws::codes;

/// What the dry runs told.
#[derive(Debug, Clone, Default)]
pub struct Permissions {
    /// Operations that are allowed.
    pub allowed: Vec<&'static str>,
    /// Operations that are not.
    pub denied: Vec<&'static str>,
    /// Operations of which nothing is known, and why.
    pub untold: Vec<(&'static str, Fault)>,
}

const VPC: &str = "vpc-00000000000000000";
const SUBNET: &str = "subnet-00000000000000000";
const GROUP: &str = "sg-00000000000000000";
const TABLE: &str = "rtb-00000000000000000";
const ASSOCIATION: &str = "rtbassoc-00000000000000000";
const PEERING: &str = "pcx-00000000000000000";
const ACL: &str = "acl-00000000000000000";
const ATTACHMENT: &str = "tgw-attach-00000000000000000";
const CARRIER: &str = "cagw-00000000000000000";
const EGRESS_ONLY: &str = "eigw-00000000000000000";
const ENDPOINT: &str = "vpce-00000000000000000";
const INTERFACE: &str = "eni-00000000000000000";
const INTERNET: &str = "igw-00000000000000000";
const NAT: &str = "nat-00000000000000000";
const VPN: &str = "vgw-00000000000000000";
const BLOCK: &str = "192.168.255.0/26";

/// An operation's answer to a dry run.
type Told = (&'static str, Result<(), Fault>);

macro_rules! dry_runs {
    ($runs:ident, $($name:literal $request:expr;)*) => {$(
        let request = $request;
        $runs.spawn(async move { told($name, request.dry_run(true).send().await) });
    )*};
}

fn tag() -> Tag {
    Tag::builder().key("stepwell:dry-run").build()
}

/// Tries what EC2 lets try without an effect.
pub async fn permissions(aws: &Aws, region: &str) -> Permissions {
    let ec2 = aws.ec2(region);
    let rule = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(5432)
        .to_port(5432)
        .ip_ranges(IpRange::builder().cidr_ip(BLOCK).build())
        .build();
    let mut runs: JoinSet<Told> = JoinSet::new();
    // It names nothing, so an emulator that ignores the flag would make one.
    if aws.is_genuine() {
        dry_runs! { runs,
            "CreateVpc" ec2.create_vpc().cidr_block(BLOCK);
        }
    }
    dry_runs! { runs,
        "CreateSubnet" ec2.create_subnet().vpc_id(VPC).cidr_block(BLOCK);
        "CreateRouteTable" ec2.create_route_table().vpc_id(VPC);
        "CreateSecurityGroup" ec2.create_security_group().vpc_id(VPC)
            .group_name("stepwell-dry-run").description("never made");
        "CreateVpcPeeringConnection" ec2.create_vpc_peering_connection().vpc_id(VPC).peer_vpc_id(VPC);
        "AcceptVpcPeeringConnection" ec2.accept_vpc_peering_connection().vpc_peering_connection_id(PEERING);
        "AssociateRouteTable" ec2.associate_route_table().route_table_id(TABLE).subnet_id(SUBNET);
        "AuthorizeSecurityGroupIngress" ec2.authorize_security_group_ingress()
            .group_id(GROUP).ip_permissions(rule.clone());
        "CreateRoute" ec2.create_route().route_table_id(TABLE)
            .destination_cidr_block(BLOCK).vpc_peering_connection_id(PEERING);
        "ReplaceRoute" ec2.replace_route().route_table_id(TABLE)
            .destination_cidr_block(BLOCK).vpc_peering_connection_id(PEERING);
        "RevokeSecurityGroupIngress" ec2.revoke_security_group_ingress()
            .group_id(GROUP).ip_permissions(rule.clone());
        "RevokeSecurityGroupEgress" ec2.revoke_security_group_egress()
            .group_id(GROUP).ip_permissions(rule);
        "DeleteRoute" ec2.delete_route().route_table_id(TABLE).destination_cidr_block(BLOCK);
        "DisassociateRouteTable" ec2.disassociate_route_table().association_id(ASSOCIATION);
        "DeleteVpcPeeringConnection" ec2.delete_vpc_peering_connection().vpc_peering_connection_id(PEERING);
        "DeleteSecurityGroup" ec2.delete_security_group().group_id(GROUP);
        "DeleteRouteTable" ec2.delete_route_table().route_table_id(TABLE);
        "DeleteSubnet" ec2.delete_subnet().subnet_id(SUBNET);
        "DeleteVpc" ec2.delete_vpc().vpc_id(VPC);
        "CreateTags" ec2.create_tags().resources(VPC).tags(tag());
        "DeleteTags" ec2.delete_tags().resources(VPC).tags(tag());
        "DetachInternetGateway" ec2.detach_internet_gateway()
            .internet_gateway_id(INTERNET).vpc_id(VPC);
        "DeleteInternetGateway" ec2.delete_internet_gateway().internet_gateway_id(INTERNET);
        "DeleteNatGateway" ec2.delete_nat_gateway().nat_gateway_id(NAT);
        "DeleteVpcEndpoints" ec2.delete_vpc_endpoints().vpc_endpoint_ids(ENDPOINT);
        "DeleteEgressOnlyInternetGateway" ec2.delete_egress_only_internet_gateway()
            .egress_only_internet_gateway_id(EGRESS_ONLY);
        "DetachVpnGateway" ec2.detach_vpn_gateway().vpn_gateway_id(VPN).vpc_id(VPC);
        "DeleteVpnGateway" ec2.delete_vpn_gateway().vpn_gateway_id(VPN);
        "DeleteTransitGatewayVpcAttachment" ec2.delete_transit_gateway_vpc_attachment()
            .transit_gateway_attachment_id(ATTACHMENT);
        "DeleteNetworkAcl" ec2.delete_network_acl().network_acl_id(ACL);
        "DeleteNetworkInterface" ec2.delete_network_interface().network_interface_id(INTERFACE);
        "DeleteCarrierGateway" ec2.delete_carrier_gateway().carrier_gateway_id(CARRIER);
        "DescribeCarrierGateways" ec2.describe_carrier_gateways();
        "DescribeEgressOnlyInternetGateways" ec2.describe_egress_only_internet_gateways();
        "DescribeInternetGateways" ec2.describe_internet_gateways();
        "DescribeNatGateways" ec2.describe_nat_gateways();
        "DescribeNetworkAcls" ec2.describe_network_acls();
        "DescribeTransitGatewayVpcAttachments" ec2.describe_transit_gateway_vpc_attachments();
        "DescribeVpcEndpoints" ec2.describe_vpc_endpoints();
        "DescribeVpnGateways" ec2.describe_vpn_gateways();
    }
    let mut permissions = Permissions::default();
    for (name, answer) in runs.join_all().await {
        let code = (answer.as_ref().err())
            .and_then(|fault| fault.code.clone())
            .unwrap_or_default();
        match answer {
            Err(_) if code == "DryRunOperation" || codes::is_gone(&code) => {
                permissions.allowed.push(name);
            }
            Err(_) if codes::is_permission(&code) => {
                permissions.denied.push(name);
            }
            // What was carried out is allowed; only a create may have had an effect.
            Ok(()) if !name.starts_with("Create") => permissions.allowed.push(name),
            Err(fault) => permissions.untold.push((name, fault)),
            Ok(()) => {
                let fault = Fault::permanent(format!("{name} ignored that it was a dry run"));
                permissions.untold.push((name, fault));
            }
        }
    }
    permissions.allowed.sort_unstable();
    permissions.denied.sort_unstable();
    permissions
}

fn told<T, E>(name: &'static str, answer: Result<T, SdkError<E, HttpResponse>>) -> Told
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    (name, answer.map(drop).map_err(|error| fault(name, error)))
}
