//! A look at each call, so that tests can fail or crash at an exact point.

use crate::wire::service::Service;
use std::collections::BTreeMap;
use std::time::Duration;

pub trait Hook: Send + Sync {
    /// Before the call has any effect.
    fn before(&self, call: &Call) -> Verdict;

    /// After the effect and before the answer.
    fn after(&self, call: &Call) -> Verdict;
}

#[derive(Clone, Debug)]
pub struct Call {
    /// Counts from 1 over all calls of this handle and its clones.
    pub number: u64,
    pub service: Service,
    /// The operation, for example `CreateVpc`.
    pub operation: String,
    /// The region, for example `eu-west-1`.
    pub region: String,
    /// The parameters as the query form has them (`Tags.Tag.1.Key`), without action and version.
    pub parameters: BTreeMap<String, String>,
    /// Whether the call may change the account: a dry run does not.
    pub mutates: bool,
}

#[derive(Clone, Debug)]
pub enum Verdict {
    Proceed,
    /// It is answered with an error.
    Error {
        code: String,
        status: u16,
        message: String,
    },
    /// The connection is reset.
    Lose,
    /// It goes on, and half-way through its answer the connection is reset.
    Truncate,
    /// It is never answered.
    Hang,
    /// It goes on after this simulated time.
    Delay(Duration),
}
