//! Faults that a rehearsal plants in an account. They are part of its state.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A planted fault: calls of one operation that match fail in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    pub operation: String,
    /// Request parameters that must all have these values. A key is one of the query form
    /// (`DBInstanceIdentifier`, `Filter.1.Value.1`); a key without an index also matches each
    /// element of a list (`SubnetIds.SubnetIdentifier`, `SubnetId`). The key `region` means the
    /// region of the call. Values compare without case for RDS.
    #[serde(default)]
    pub matches: Vec<(String, String)>,
    /// How many calls still fail; for ever if absent. At 0 the rule is gone.
    #[serde(default)]
    pub times: Option<u32>,
    pub effect: FaultEffect,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultEffect {
    /// The call has no effect and is answered with this error.
    Error {
        /// The AWS error code; the HTTP status follows from it.
        code: String,
    },
    /// The call has its effect and the connection is reset instead of an answer.
    LoseResponse,
    /// The call has its effect and the connection is reset half-way through the answer.
    TruncateResponse,
    /// The call has no effect and is throttled the way its service does it.
    Throttle,
    /// The call goes on after this simulated time.
    Latency(Duration),
}
