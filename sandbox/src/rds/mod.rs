//! RDS: Aurora clusters, their instances, subnet groups, snapshots and events.

pub(crate) mod arn;
pub(crate) mod blue_green;
pub(crate) mod catalog;
pub(crate) mod cluster;
pub(crate) mod event;
pub(crate) mod global;
pub(crate) mod instance;
pub(crate) mod page;
pub(crate) mod quota;
pub(crate) mod snapshot;
pub(crate) mod subnet_group;
pub(crate) mod tags;
pub(crate) mod validate;
