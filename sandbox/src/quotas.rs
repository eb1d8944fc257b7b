//! Limits and times that an account is given.

use std::sync::Arc;
use std::time::Duration;

/// How long the DB instance of an identifier is `creating`, in simulated time.
pub type InstanceTimes = Arc<dyn Fn(&str) -> Duration + Send + Sync>;

/// How many of each resource a region may have.
#[derive(Clone, Debug)]
pub struct Quotas {
    /// VPCs per region (`VpcLimitExceeded`). Default 5.
    pub vpcs: usize,
    /// Subnets per VPC (`SubnetLimitExceeded`). Default 200.
    pub subnets: usize,
    /// Routes per route table, the local one aside (`RouteLimitExceeded`). Default 50.
    pub routes: usize,
    /// Route tables per VPC (`RouteTableLimitExceeded`). Default 200.
    pub route_tables: usize,
    /// Active peerings per VPC, counted when one is accepted
    /// (`ActiveVpcPeeringConnectionPerVpcLimitExceeded`). Default 50.
    pub peerings: usize,
    /// Peerings that a region has asked for and that nobody has accepted yet
    /// (`PendingVpcPeeringConnectionLimitExceeded`). Default 25.
    pub pending_peerings: usize,
    /// Rules of a security group in each direction (`RulesPerSecurityGroupLimitExceeded`); a
    /// prefix list counts as many times as it may have entries. Default 60.
    pub rules: usize,
    /// Network ACLs per VPC, the default one included (`NetworkAclLimitExceeded`). Default 200.
    pub acls: usize,
    /// NAT gateways per availability zone (`NatGatewayLimitExceeded`). Default 5.
    pub nat_gateways: usize,
    /// VPN gateways per region (`VpnGatewayLimitExceeded`). Default 5.
    pub vpn_gateways: usize,
    /// Transit gateways per region (`TransitGatewayLimitExceeded`). Default 5.
    pub transit_gateways: usize,
    /// DB clusters per region (`DBClusterQuotaExceededFault`). Default 40.
    pub clusters: usize,
    /// DB instances per region (`InstanceQuotaExceeded`). Default 40.
    pub db_instances: usize,
    /// DB subnet groups per region (`DBSubnetGroupQuotaExceeded`). Default 50.
    pub subnet_groups: usize,
    /// Subnets of a DB subnet group (`DBSubnetQuotaExceededFault`). Default 20.
    pub group_subnets: usize,
    /// Manual cluster snapshots per region (`SnapshotQuotaExceeded`). Default 100.
    pub snapshots: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpcs: 5,
            subnets: 200,
            routes: 50,
            route_tables: 200,
            peerings: 50,
            pending_peerings: 25,
            rules: 60,
            acls: 200,
            nat_gateways: 5,
            vpn_gateways: 5,
            transit_gateways: 5,
            clusters: 40,
            db_instances: 40,
            subnet_groups: 50,
            group_subnets: 20,
            snapshots: 100,
        }
    }
}
