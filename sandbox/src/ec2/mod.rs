//! EC2: VPCs and what is in them.

pub(crate) mod association;
pub(crate) mod describe;
pub(crate) mod gateway;
pub(crate) mod group;
pub(crate) mod instance;
pub(crate) mod interface;
pub(crate) mod lookup;
pub(crate) mod peering;
pub(crate) mod permission;
pub(crate) mod region;
pub(crate) mod route;
pub(crate) mod route_table;
pub(crate) mod rules;
pub(crate) mod subnet;
pub(crate) mod tags;
pub(crate) mod vpc;
