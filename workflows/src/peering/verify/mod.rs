//! `peering verify`: whether a pod of the ROSA cluster reaches the database, and
//! what is at fault if not. It makes one pod and takes it away again: no run,
//! no history.

mod request;
#[cfg(test)]
mod tests;
mod verdict;

pub use request::{VerifyOptions, VerifyRequest, VerifySession};
pub use verdict::{Check, CheckStatus, Culprit, Verdict};
