//! How an account behaves.

use super::time::Time;
use crate::quotas::{InstanceTimes, Quotas};
use std::sync::Arc;
use std::time::Duration;

/// How an account behaves. Only [`Options::new`]'s argument has no default.
#[derive(Clone)]
pub struct Options {
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
