//! How long things take, in simulated milliseconds.

use super::Millis;

const SECOND: Millis = 1000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;

/// VPC and subnet, `pending` to `available`.
pub(crate) const NETWORK_PENDING: Millis = SECOND;
/// Peering, `initiating-request` to `pending-acceptance` or `failed`.
pub(crate) const PEERING_INITIATING: Millis = 2 * SECOND;
/// Peering, `provisioning` to `active`.
pub(crate) const PEERING_PROVISIONING: Millis = 3 * SECOND;
/// Peering, `deleting` to `deleted`.
pub(crate) const PEERING_DELETING: Millis = 2 * SECOND;
/// A peering that nobody accepts expires.
pub(crate) const PEERING_EXPIRES: Millis = 7 * 24 * HOUR;
/// A peering that has ended is shown this long.
pub(crate) const PEERING_REMEMBERED: Millis = HOUR;
/// EC2 instance, `pending` to `running`.
pub(crate) const INSTANCE_PENDING: Millis = 20 * SECOND;
/// EC2 instance, `shutting-down` to `terminated`.
pub(crate) const INSTANCE_STOPPING: Millis = 30 * SECOND;
/// A terminated EC2 instance is shown this long.
pub(crate) const INSTANCE_REMEMBERED: Millis = HOUR;
/// DB cluster, `creating` to `available`.
pub(crate) const CLUSTER_CREATING: Millis = 90 * SECOND;
/// Restored DB cluster, `creating` to `available`.
pub(crate) const CLUSTER_RESTORING: Millis = 4 * MINUTE;
/// DB cluster, from its last instance gone to gone.
pub(crate) const CLUSTER_DELETING: Millis = MINUTE;
/// DB cluster or instance, `modifying` or `resetting-master-credentials` to `available`.
pub(crate) const MODIFYING: Millis = 40 * SECOND;
/// DB cluster, `stopping` to `stopped`.
pub(crate) const CLUSTER_STOPPING: Millis = 3 * MINUTE;
/// DB cluster, `starting` to `available`.
pub(crate) const CLUSTER_STARTING: Millis = 5 * MINUTE;
/// A stopped DB cluster is started by AWS after this time.
pub(crate) const CLUSTER_AUTO_START: Millis = 7 * 24 * HOUR;
/// DB instance, `creating` to `configuring-enhanced-monitoring` or `available`; at least.
pub(crate) const DB_INSTANCE_CREATING: Millis = 9 * MINUTE + 30 * SECOND;
/// Up to this much longer, by identifier.
pub(crate) const DB_INSTANCE_SPREAD: Millis = MINUTE;
/// DB instance, `deleting` to gone; at least.
pub(crate) const DB_INSTANCE_DELETING: Millis = 9 * MINUTE + 30 * SECOND;
/// A DB instance's class change.
pub(crate) const DB_INSTANCE_RESIZING: Millis = 6 * MINUTE;
/// The network interface of a DB instance outlives it by this much.
pub(crate) const INTERFACE_LINGERS: Millis = MINUTE;
/// Cluster snapshot, `creating` to `available`.
pub(crate) const SNAPSHOT_CREATING: Millis = 3 * MINUTE;
/// Master user secret, `creating` to `active`.
pub(crate) const SECRET_CREATING: Millis = 10 * SECOND;
/// RDS events are kept this long.
pub(crate) const EVENTS_KEPT: Millis = 14 * 24 * HOUR;
