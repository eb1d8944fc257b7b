//! A simulated AWS account: EC2 networking, RDS Aurora, STS and the secrets that RDS keeps.
//!
//! [`Account`] answers real AWS requests (the query protocols of EC2 and RDS), so a client built on
//! the AWS SDK runs its own serialisation and error parsing. It has states that take simulated
//! time, reads that lag behind creates, and the refusals of AWS with their error codes.
//! `docs/sandbox.md` lists every operation with what is simplified.
//!
//! Three ways in: [`Account::handle`] (one request), [`Account::http_client`] (an HTTP client for the
//! SDK) and [`Account::serve`] (a local server for any AWS client).
//!
//! Layers, each using only those below it (`tests/architecture.rs` of the workspace holds them to
//! it): `transport` (HTTP), `account` (clock, file, faults, hooks), `operations` (the one table),
//! `secrets`, `sts`, `rds`, `ec2` (what each operation does), `field` (how resources are
//! described), `context` (what operations work on),
//! `quotas`, `world` (the data, and how it changes with time), `wire` (forms, XML and errors).

// Nobody builds on this package but its workspace: documentation stands where it tells something.
#![allow(missing_docs)]

mod account;
mod context;
mod ec2;
mod field;
#[cfg(test)]
mod fuzz;
mod operations;
mod quotas;
mod rds;
mod secrets;
mod sts;
mod transport;
mod wire;
mod world;

pub use account::fault::FaultError;
pub use account::hook::{Call, Hook, Verdict};
pub use account::options::Options;
pub use account::plant::PlantError;
pub use account::status::{Resource, Status};
pub use account::store::{OpenError, StateError};
pub use account::time::Time;
pub use account::{Account, Reply};
pub use operations::{OperationInfo, operations};
pub use quotas::{InstanceTimes, Quotas};
pub use transport::client::SandboxHttpClient;
pub use wire::service::Service;
pub use world::fault::{FaultEffect, FaultRule};
pub use world::lifecycle::Database;
