//! How an account behaves.

use super::time::Time;
use std::sync::Arc;
use std::time::Duration;

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
    /// Longest simulated time for which reads may miss a new EC2 resource; zero makes every read
    /// consistent. Default 2 s.
    pub consistency_window: Duration,
    /// How many of each resource a region may have.
    pub quotas: Quotas,
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
            regions: None,
        }
    }
}

/// How many of each resource a region may have.
#[derive(Clone, Debug)]
pub struct Quotas {
    /// VPCs per region (`VpcLimitExceeded`). Default 20.
    pub vpcs: usize,
    /// Subnets per VPC (`SubnetLimitExceeded`). Default 200.
    pub subnets: usize,
    /// Routes per route table, the local one aside (`RouteLimitExceeded`). Default 50.
    pub routes: usize,
    /// Live peerings per VPC (`VpcPeeringConnectionsPerVpcLimitExceeded`). Default 50.
    pub peerings: usize,
    /// DB clusters per region (`DBClusterQuotaExceededFault`). Default 40.
    pub clusters: usize,
    /// DB instances per region (`InstanceQuotaExceeded`). Default 40.
    pub db_instances: usize,
    /// DB subnet groups per region (`DBSubnetGroupQuotaExceeded`). Default 50.
    pub subnet_groups: usize,
    /// Manual cluster snapshots per region (`SnapshotQuotaExceeded`). Default 100.
    pub snapshots: usize,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            vpcs: 20,
            subnets: 200,
            routes: 50,
            peerings: 50,
            clusters: 40,
            db_instances: 40,
            subnet_groups: 50,
            snapshots: 100,
        }
    }
}
