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
//! Layers, each using only those below it: `account` (clock, file, faults, hooks), `operations` (the
//! one table), `ec2` / `rds` / `sts` / `secrets` (meaning), `world` (the data and its transitions),
//! `wire` (forms, XML and errors).

mod account;
mod ec2;
#[cfg(test)]
mod fuzz;
mod operations;
mod rds;
mod secrets;
mod sts;
mod transport;
mod wire;
mod world;

pub use account::fault::{FaultEffect, FaultError, FaultRule};
pub use account::hook::{Call, Hook, Verdict};
pub use account::options::{InstanceTimes, Options, Quotas};
pub use account::plant::PlantError;
pub use account::status::{Resource, Status};
pub use account::store::{OpenError, StateError};
pub use account::time::Time;
pub use account::{Account, Reply};
pub use operations::{OperationInfo, Service, operations};
pub use transport::client::SandboxHttpClient;
pub use world::lifecycle::Database;
