//! Limits and times that an account is given.

use std::sync::Arc;
use std::time::Duration;

/// How long the DB instance of an identifier is `creating`, in simulated time.
pub type InstanceTimes = Arc<dyn Fn(&str) -> Duration + Send + Sync>;

macro_rules! quotas {
    ($($(#[$doc:meta])* $name:ident: $default:literal,)*) => {
        /// How many of each resource a region may have; by default as many as AWS gives.
        #[derive(Clone, Debug)]
        pub struct Quotas {
            $($(#[$doc])* pub $name: usize,)*
        }

        impl Default for Quotas {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }
    };
}

quotas! {
    /// VPCs per region (`VpcLimitExceeded`).
    vpcs: 5,
    /// Subnets per VPC (`SubnetLimitExceeded`).
    subnets: 200,
    /// Routes per route table, the local one aside (`RouteLimitExceeded`).
    routes: 50,
    /// Route tables per VPC (`RouteTableLimitExceeded`).
    route_tables: 200,
    /// Active peerings per VPC, counted when one is accepted
    /// (`ActiveVpcPeeringConnectionPerVpcLimitExceeded`).
    peerings: 50,
    /// Peerings that a region has asked for and that nobody has accepted yet
    /// (`PendingVpcPeeringConnectionLimitExceeded`).
    pending_peerings: 25,
    /// Rules of a security group in each direction (`RulesPerSecurityGroupLimitExceeded`); a
    /// prefix list counts as many times as it may have entries.
    rules: 60,
    /// Network ACLs per VPC, the default one included (`NetworkAclLimitExceeded`).
    acls: 200,
    /// NAT gateways per availability zone (`NatGatewayLimitExceeded`).
    nat_gateways: 5,
    /// VPN gateways per region (`VpnGatewayLimitExceeded`).
    vpn_gateways: 5,
    /// Transit gateways per region (`TransitGatewayLimitExceeded`).
    transit_gateways: 5,
    /// DB clusters per region (`DBClusterQuotaExceededFault`).
    clusters: 40,
    /// DB instances per region (`InstanceQuotaExceeded`).
    db_instances: 40,
    /// DB subnet groups per region (`DBSubnetGroupQuotaExceeded`).
    subnet_groups: 50,
    /// Subnets of a DB subnet group (`DBSubnetQuotaExceededFault`).
    group_subnets: 20,
    /// Manual cluster snapshots per region (`SnapshotQuotaExceeded`).
    snapshots: 100,
}
