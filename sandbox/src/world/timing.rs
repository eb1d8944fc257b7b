//! How long things take, in simulated milliseconds: from the state in the name to the next. What is
//! `REMEMBERED` or `SHOWN` has ended and is still described. docs/sandbox.md has them as a table.

use super::Millis;

const SECOND: Millis = 1000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;

pub(crate) const NETWORK_PENDING: Millis = SECOND;
pub(crate) const RANGE_ASSOCIATING: Millis = 2 * SECOND;
pub(crate) const PEERING_INITIATING: Millis = 2 * SECOND;
pub(crate) const PEERING_PROVISIONING: Millis = 3 * SECOND;
pub(crate) const PEERING_DELETING: Millis = 2 * SECOND;
/// A peering that nobody accepts expires.
pub(crate) const PEERING_EXPIRES: Millis = 7 * 24 * HOUR;
/// A peering that failed, was rejected or was deleted is shown this long, where both sides are of
/// one account.
pub(crate) const PEERING_REMEMBERED: Millis = 2 * HOUR;
/// A peering that has expired is shown this long.
pub(crate) const PEERING_EXPIRED_SHOWN: Millis = 2 * 24 * HOUR;
pub(crate) const NAT_PENDING: Millis = 90 * SECOND;
pub(crate) const NAT_DELETING: Millis = 50 * SECOND;
/// A NAT gateway that was deleted or has failed is shown this long.
pub(crate) const NAT_REMEMBERED: Millis = HOUR;
pub(crate) const GATEWAY_ENDPOINT: Millis = 5 * SECOND;
pub(crate) const INTERFACE_ENDPOINT: Millis = 90 * SECOND;
/// A deleted endpoint is shown this long.
pub(crate) const ENDPOINT_REMEMBERED: Millis = MINUTE;
pub(crate) const VPN_GATEWAY: Millis = 5 * SECOND;
pub(crate) const VPN_ATTACHMENT: Millis = 20 * SECOND;
/// A detached attachment of a VPN gateway is shown this long.
pub(crate) const VPN_DETACHED_SHOWN: Millis = HOUR;
pub(crate) const TRANSIT_PENDING: Millis = 2 * MINUTE;
pub(crate) const TRANSIT_DELETING: Millis = MINUTE;
pub(crate) const TRANSIT_ATTACHMENT: Millis = MINUTE;
pub(crate) const CARRIER_GATEWAY: Millis = 10 * SECOND;
/// A deleted VPN, transit or carrier gateway or attachment is shown this long.
pub(crate) const EDGE_REMEMBERED: Millis = HOUR;
pub(crate) const PREFIX_LIST: Millis = 2 * SECOND;
/// EC2 instance, `pending` to `running`.
pub(crate) const INSTANCE_PENDING: Millis = 20 * SECOND;
/// EC2 instance, `shutting-down` to `terminated`.
pub(crate) const INSTANCE_STOPPING: Millis = 30 * SECOND;
/// A terminated EC2 instance is shown this long.
pub(crate) const INSTANCE_REMEMBERED: Millis = HOUR;
pub(crate) const CLUSTER_CREATING: Millis = 90 * SECOND;
pub(crate) const CLUSTER_RESTORING: Millis = 4 * MINUTE;
/// DB cluster, from its last instance gone to gone; at least, its final snapshot comes first.
pub(crate) const CLUSTER_DELETING: Millis = MINUTE;
/// A DB cluster shows `available` this long after a call that changes its state.
pub(crate) const CLUSTER_LAGS: Millis = 5 * SECOND;
pub(crate) const FAILING_OVER: Millis = 30 * SECOND;
pub(crate) const PROMOTING: Millis = MINUTE;
pub(crate) const GREEN_PROVISIONING: Millis = 15 * MINUTE;
/// DB cluster or instance, `modifying` or `resetting-master-credentials` to `available`.
pub(crate) const MODIFYING: Millis = 40 * SECOND;
pub(crate) const CLUSTER_STOPPING: Millis = 3 * MINUTE;
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
pub(crate) const SNAPSHOT_CREATING: Millis = 3 * MINUTE;
/// Master user secret, `creating` to `active` once its cluster has an available instance.
pub(crate) const SECRET_CREATING: Millis = 10 * SECOND;
/// RDS events are kept this long.
pub(crate) const EVENTS_KEPT: Millis = 14 * 24 * HOUR;
