//! The command against moto, a stand-in for AWS that nobody here wrote, with
//! faults by microburst, likewise. They are installed by [`install`], pinned.
//!
//! What moto does wrong is worked around here and nowhere in the product; each
//! place says so.

pub(crate) mod account;
mod adoption;
mod crash;
mod doctor;
mod fire;
mod foreign;
mod ground;
pub(crate) mod http;
mod install;
mod journey;
mod leftovers;
mod lifecycle;
mod obstacles;
mod peering;
mod reap;
mod restore;
mod rosa;
mod server;
mod stage;
