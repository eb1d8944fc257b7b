//! The one table of operations: dispatch, documentation and fault rules use it.

use crate::context::Handler;
use crate::ec2::edge::all as edges;
use crate::ec2::lookup::Kind;
use crate::wire::service::Service::{self, Ec2, Rds, SecretsManager, Sts};
use crate::{ec2, rds, secrets, sts};
use std::fmt;

#[derive(Clone, Copy)]
pub struct OperationInfo {
    pub service: Service,
    /// For example `CreateVpc`.
    pub name: &'static str,
    /// Whether it may change the account.
    pub mutates: bool,
    /// What is simplified beside AWS; empty if nothing that matters here is.
    pub simplified: &'static str,
    pub(crate) handler: Handler,
}

impl fmt::Debug for OperationInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}

/// Every operation, by service and name.
#[must_use]
pub fn operations() -> &'static [OperationInfo] {
    OPERATIONS
}

pub(crate) fn find(service: Service, name: &str) -> Option<&'static OperationInfo> {
    let mut all = OPERATIONS.iter();
    all.find(|one| one.service == service && one.name == name)
}

const fn write(
    service: Service,
    name: &'static str,
    handler: Handler,
    simplified: &'static str,
) -> OperationInfo {
    OperationInfo {
        service,
        name,
        mutates: true,
        simplified,
        handler,
    }
}

const fn read(
    service: Service,
    name: &'static str,
    handler: Handler,
    simplified: &'static str,
) -> OperationInfo {
    OperationInfo {
        mutates: false,
        ..write(service, name, handler, simplified)
    }
}

#[rustfmt::skip]
static OPERATIONS: &[OperationInfo] = &[
    write(Ec2, "AcceptVpcPeeringConnection", ec2::peering::accept, "one account is both sides"),
    write(Ec2, "AssociateRouteTable", ec2::association::associate, "subnets only, no gateways"),
    write(Ec2, "AssociateVpcCidrBlock", ec2::block::associate, "no IPAM, no address pools of one's own"),
    write(Ec2, "AttachInternetGateway", ec2::gateway::attach, ""),
    write(Ec2, "AttachVpnGateway", ec2::vpn::attach, ""),
    write(Ec2, "AuthorizeSecurityGroupEgress", ec2::rules::authorize_egress, ""),
    write(Ec2, "AuthorizeSecurityGroupIngress", ec2::rules::authorize_ingress, ""),
    write(Ec2, "CreateCarrierGateway", ec2::carrier::create, "no Wavelength Zones, no client token"),
    write(Ec2, "CreateEgressOnlyInternetGateway", ec2::egress_only::create, "no client token"),
    write(Ec2, "CreateInternetGateway", ec2::gateway::create, ""),
    write(Ec2, "CreateManagedPrefixList", ec2::prefix_list::create, "never changed or deleted; no client token"),
    write(Ec2, "CreateNatGateway", ec2::nat::create, "zonal; any allocation id, no Elastic IP addresses; no client token"),
    write(Ec2, "CreateNetworkAcl", ec2::acl::create, "no entries, no client token"),
    write(Ec2, "CreateNetworkInterface", ec2::interface::create, "one IPv4 address; no client token"),
    write(Ec2, "CreateRoute", ec2::route::create, "no routes to instances, interfaces, local or core networks; IPv6 without IPv6 ranges of the VPC"),
    write(Ec2, "CreateRouteTable", ec2::route_table::create, "no client token"),
    write(Ec2, "CreateSecurityGroup", ec2::group::create, "needs VpcId, there is no default VPC"),
    write(Ec2, "CreateSubnet", ec2::subnet::create, "IPv4, availability zones only"),
    write(Ec2, "CreateTags", ec2::tags::create, ""),
    write(Ec2, "CreateTransitGateway", ec2::transit::create, "no route tables, no options but the ASN"),
    write(Ec2, "CreateTransitGatewayVpcAttachment", ec2::transit_attachment::create, "no options"),
    write(Ec2, "CreateVpc", ec2::vpc::create, "no IPAM, no address pools of one's own"),
    write(Ec2, "CreateVpcEndpoint", ec2::endpoint::create, "gateway and interface endpoints of AWS services; any interface service exists; no policies, no client token"),
    write(Ec2, "CreateVpcPeeringConnection", ec2::peering::create, "within the account, any two regions"),
    write(Ec2, "CreateVpnGateway", ec2::vpn::create, "no VPN connections"),
    write(Ec2, "DeleteCarrierGateway", ec2::carrier::delete, ""),
    write(Ec2, "DeleteEgressOnlyInternetGateway", ec2::egress_only::delete, ""),
    write(Ec2, "DeleteInternetGateway", ec2::gateway::delete, ""),
    write(Ec2, "DeleteNatGateway", ec2::nat::delete, ""),
    write(Ec2, "DeleteNetworkAcl", ec2::acl::delete, ""),
    write(Ec2, "DeleteNetworkInterface", ec2::interface::delete, ""),
    write(Ec2, "DeleteRoute", ec2::route::delete, ""),
    write(Ec2, "DeleteRouteTable", ec2::route_table::delete, ""),
    write(Ec2, "DeleteSecurityGroup", ec2::group::delete, ""),
    write(Ec2, "DeleteSubnet", ec2::subnet::delete, ""),
    write(Ec2, "DeleteTags", ec2::tags::delete, ""),
    write(Ec2, "DeleteTransitGateway", ec2::transit::delete, ""),
    write(Ec2, "DeleteTransitGatewayVpcAttachment", ec2::transit_attachment::delete, ""),
    write(Ec2, "DeleteVpc", ec2::vpc::delete, ""),
    write(Ec2, "DeleteVpcEndpoints", ec2::endpoint::delete, ""),
    write(Ec2, "DeleteVpcPeeringConnection", ec2::peering::delete, ""),
    write(Ec2, "DeleteVpnGateway", ec2::vpn::delete, ""),
    read(Ec2, "DescribeAvailabilityZones", ec2::region::describe_zones, "no local or wavelength zones"),
    read(Ec2, "DescribeCarrierGateways", |c| ec2::carrier::CARRIER.answer(c, edges(c, Kind::Carrier)), ""),
    read(Ec2, "DescribeEgressOnlyInternetGateways", |c| ec2::egress_only::EGRESS_ONLY.answer(c, edges(c, Kind::EgressOnly)), ""),
    read(Ec2, "DescribeInstances", ec2::instance::describe, ""),
    read(Ec2, "DescribeInternetGateways", |c| ec2::gateway::GATEWAY.answer(c, &c.here().gateways), ""),
    read(Ec2, "DescribeManagedPrefixLists", ec2::prefix_list::describe, "callers' own, and AWS's for gateway endpoints"),
    read(Ec2, "DescribeNatGateways", |c| ec2::nat::NAT.answer(c, edges(c, Kind::Nat)), ""),
    read(Ec2, "DescribeNetworkAcls", ec2::acl::describe, "no filters for entries"),
    read(Ec2, "DescribeNetworkInterfaces", |c| ec2::interface::INTERFACE.answer(c, &c.here().interfaces), ""),
    read(Ec2, "DescribeRegions", ec2::region::describe_regions, "a selection of regions, one not enabled"),
    read(Ec2, "DescribeRouteTables", |c| ec2::route_table::ROUTE_TABLE.answer(c, &c.here().route_tables), ""),
    read(Ec2, "DescribeSecurityGroupRules", ec2::rules::describe, ""),
    read(Ec2, "DescribeSecurityGroups", ec2::group::describe, ""),
    read(Ec2, "DescribeSubnets", ec2::subnet::describe, ""),
    read(Ec2, "DescribeTags", ec2::tags::describe, ""),
    read(Ec2, "DescribeTransitGatewayAttachments", |c| ec2::transit_attachment::ANY_ATTACHMENT.answer(c, edges(c, Kind::TransitAttachment)), "attachments of VPCs only"),
    read(Ec2, "DescribeTransitGatewayVpcAttachments", |c| ec2::transit_attachment::ATTACHMENT.answer(c, edges(c, Kind::TransitAttachment)), ""),
    read(Ec2, "DescribeTransitGateways", |c| ec2::transit::TRANSIT.answer(c, edges(c, Kind::Transit)), ""),
    read(Ec2, "DescribeVpcAttribute", ec2::vpc::describe_attribute, ""),
    read(Ec2, "DescribeVpcEndpoints", |c| ec2::endpoint::ENDPOINT.answer(c, edges(c, Kind::Endpoint)), "no DNS entries"),
    read(Ec2, "DescribeVpcPeeringConnections", ec2::peering::describe, ""),
    read(Ec2, "DescribeVpcs", |c| ec2::vpc::VPC.answer(c, &c.here().vpcs), ""),
    read(Ec2, "DescribeVpnGateways", ec2::vpn::describe, ""),
    write(Ec2, "DetachInternetGateway", ec2::gateway::detach, ""),
    write(Ec2, "DetachVpnGateway", ec2::vpn::detach, ""),
    write(Ec2, "DisassociateVpcCidrBlock", ec2::block::disassociate, "gone at once"),
    write(Ec2, "DisassociateRouteTable", ec2::association::disassociate, ""),
    write(Ec2, "ModifyVpcAttribute", ec2::vpc::modify_attribute, ""),
    write(Ec2, "RejectVpcPeeringConnection", ec2::peering::reject, ""),
    write(Ec2, "ReplaceNetworkAclAssociation", ec2::acl::replace_association, ""),
    write(Ec2, "ReplaceRoute", ec2::route::replace, "as CreateRoute; takes a peering that has ended while it is still shown"),
    write(Ec2, "ReplaceRouteTableAssociation", ec2::association::replace, ""),
    write(Ec2, "RevokeSecurityGroupEgress", ec2::rules::revoke_egress, ""),
    write(Ec2, "RevokeSecurityGroupIngress", ec2::rules::revoke_ingress, ""),
    write(Ec2, "RunInstances", ec2::instance::run, "one interface in a subnet; no image, key or capacity is checked"),
    write(Ec2, "TerminateInstances", ec2::instance::terminate, ""),
    write(Rds, "AddTagsToResource", rds::tags::add, ""),
    write(Rds, "CreateBlueGreenDeployment", rds::blue_green::create, "of a cluster; the green one has one instance, and its source's tags"),
    write(Rds, "CreateDBCluster", rds::cluster::create::create, "aurora-postgresql; aurora-mysql, docdb and neptune without instances; no parameter groups; a replica of any cluster, which AWS has for Aurora MySQL alone"),
    write(Rds, "CreateDBClusterSnapshot", rds::snapshot::create, ""),
    write(Rds, "CreateDBInstance", rds::instance::create::create, "instances of a cluster only"),
    write(Rds, "CreateDBSubnetGroup", rds::subnet_group::create, ""),
    write(Rds, "CreateGlobalCluster", rds::global::create, "no quota"),
    write(Rds, "DeleteBlueGreenDeployment", rds::blue_green::delete, "at once"),
    write(Rds, "DeleteDBCluster", rds::cluster::delete::delete, "automated backups are not kept"),
    write(Rds, "DeleteDBClusterSnapshot", rds::snapshot::delete, ""),
    write(Rds, "DeleteDBInstance", rds::instance::delete::delete, ""),
    write(Rds, "DeleteDBSubnetGroup", rds::subnet_group::delete, ""),
    write(Rds, "DeleteGlobalCluster", rds::global::delete, "at once"),
    read(Rds, "DescribeAccountAttributes", rds::quota::describe, "only the quotas that are kept"),
    read(Rds, "DescribeBlueGreenDeployments", rds::blue_green::describe, "no switchover"),
    read(Rds, "DescribeDBClusterSnapshots", rds::snapshot::describe, "manual snapshots only"),
    read(Rds, "DescribeDBClusters", rds::cluster::describe::describe, ""),
    read(Rds, "DescribeDBEngineVersions", rds::catalog::describe_versions, "aurora-postgresql, a selection of versions"),
    read(Rds, "DescribeDBInstances", rds::instance::describe::describe, ""),
    read(Rds, "DescribeDBSubnetGroups", rds::subnet_group::describe, ""),
    read(Rds, "DescribeEvents", rds::event::describe, "clusters, instances and cluster snapshots"),
    read(Rds, "DescribeGlobalClusters", rds::global::describe, ""),
    read(Rds, "DescribeOrderableDBInstanceOptions", rds::catalog::describe_orderable, "a selection of classes"),
    write(Rds, "FailoverDBCluster", rds::cluster::failover::failover, ""),
    read(Rds, "ListTagsForResource", rds::tags::list, ""),
    write(Rds, "ModifyDBCluster", rds::cluster::modify::modify, "applied within a minute, whatever ApplyImmediately says; no rename, no new subnets"),
    write(Rds, "ModifyDBInstance", rds::instance::modify::modify, "applied at once; no rename"),
    write(Rds, "ModifyGlobalCluster", rds::global::modify, "deletion protection only"),
    write(Rds, "PromoteReadReplicaDBCluster", rds::cluster::replica::promote, ""),
    write(Rds, "RemoveFromGlobalCluster", rds::global::remove, ""),
    write(Rds, "RemoveTagsFromResource", rds::tags::remove, ""),
    write(Rds, "RestoreDBClusterFromSnapshot", rds::cluster::restore::restore, ""),
    write(Rds, "StartDBCluster", rds::cluster::power::start, ""),
    write(Rds, "StopDBCluster", rds::cluster::power::stop, ""),
    read(SecretsManager, "DescribeSecret", secrets::describe, "secrets that RDS keeps"),
    read(SecretsManager, "GetSecretValue", secrets::get_value, "the current version only"),
    read(Sts, "GetCallerIdentity", sts::caller_identity, "every caller is one user"),
];
