//! The account as its clients see it, on virtual time.

mod absurd;
mod account;
mod aurora;
mod consistency;
mod deletion;
mod docs;
mod faults;
mod file;
mod fitting;
mod groups;
mod network;
mod peering;
mod protocol;
mod routes;
mod snapshots;
mod support;
