//! How an account behaves.

use super::time::Time;
use std::sync::Arc;
use std::time::Duration;

/// How long the DB instance of an identifier is `creating`, in simulated time.
pub type InstanceTimes = Arc<dyn Fn(&str) -> Duration + Send + Sync>;

/// How an account behaves. Only [`Options::new`]'s argument has no default.
#[derive(Clone)]
pub struct Options {
    /// The clock.
    pub time: Arc<dyn Time>,
    /// Simulated seconds per second of [`Time::elapsed`]; above 0. Default 1.
    pub speed: f64,
    /// Simulated seconds per second of [`Time::wall`] while no process has the account. Default 1.
    pub idle_speed: f64,
    /// Where ids and pseudo-random delays come from; it counts only when an account is made.
    pub seed: u64,
    /// Longest simulated time for which reads may miss a new EC2 or RDS resource, and then for which
    /// RDS may not know what EC2 shows; zero makes every read consistent. Default 2 s.
    pub consistency_window: Duration,
    /// How many of each resource a region may have.
    pub quotas: Quotas,
    /// How long each DB instance is `creating`, by its lower-case identifier. The first that
    /// becomes available is its cluster's writer, but none does before its cluster. By default 9:30
    /// to 10:30 minutes, spread by identifier and seed.
    pub instance_times: Option<InstanceTimes>,
    /// The regions that are enabled, of those that are; all of them if absent, which is the
    /// default. Fewer make what looks into every region quicker.
    pub regions: Option<Vec<String>>,
}

impl Options {
    /// The defaults, on `time`.
    pub fn new(time: Arc<dyn Time>) -> Self {
        Self {
            time,
            speed: 1.0,
            idle_speed: 1.0,
            seed: 1,
            consistency_window: Duration::from_secs(2),
            quotas: Quotas::default(),
            instance_times: None,
            regions: None,
        }
    }
}

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
