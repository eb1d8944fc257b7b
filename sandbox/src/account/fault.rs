//! Faults that a rehearsal plants in an account. They are part of its state.

use super::hook::Call;
use crate::operations::{Service, operations};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A planted fault: calls of one operation that match fail in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    /// The operation, for example `CreateDBInstance`.
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
    /// What happens to them.
    pub effect: FaultEffect,
}

/// What a planted fault does to a call.
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

/// Why a fault rule was refused.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    /// No such operation.
    #[error("unknown operation `{name}`; the nearest are {}", nearest.join(", "))]
    UnknownOperation {
        /// What was asked for.
        name: String,
        /// Names that resemble it, the best first.
        nearest: Vec<String>,
    },
    /// The error code is empty or has characters that no code has.
    #[error("`{0}` is not an aws error code")]
    BadCode(String),
    /// A rule that would never act.
    #[error("a rule with `times` 0 never acts")]
    Never,
    /// The state could not be read or written.
    #[error(transparent)]
    State(#[from] super::store::StateError),
}

impl FaultRule {
    /// Checks operation, code and count, and spells the operation as AWS does.
    ///
    /// # Errors
    /// Any [`FaultError`] but `State`.
    pub fn validated(mut self) -> Result<Self, FaultError> {
        let known = operations()
            .iter()
            .find(|known| known.name.eq_ignore_ascii_case(&self.operation));
        match known {
            Some(known) => self.operation = known.name.to_owned(),
            None => {
                return Err(FaultError::UnknownOperation {
                    nearest: nearest(&self.operation),
                    name: self.operation,
                });
            }
        }
        if let FaultEffect::Error { code } = &self.effect {
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            if code.is_empty() || !code.chars().all(legal) {
                return Err(FaultError::BadCode(code.clone()));
            }
        }
        if self.times == Some(0) {
            return Err(FaultError::Never);
        }
        Ok(self)
    }

    /// Whether the rule acts on `call`.
    pub(crate) fn applies(&self, call: &Call) -> bool {
        self.operation == call.operation
            && self.matches.iter().all(|(key, value)| {
                if key.eq_ignore_ascii_case("region") {
                    return call.region == *value;
                }
                call.parameters.iter().any(|(name, actual)| {
                    let same = if call.service == Service::Rds {
                        actual.eq_ignore_ascii_case(value)
                    } else {
                        actual == value
                    };
                    same && (name == key || without_indices(name) == *key)
                })
            })
    }
}

/// `Filter.1.Value.2` becomes `Filter.Value`.
fn without_indices(name: &str) -> String {
    let parts: Vec<&str> = name
        .split('.')
        .filter(|part| !part.bytes().all(|b| b.is_ascii_digit()))
        .collect();
    parts.join(".")
}

/// The three operations whose names resemble `name` most.
pub(crate) fn nearest(name: &str) -> Vec<String> {
    let wanted = name.to_ascii_lowercase();
    let mut ranked: Vec<(usize, &str)> = operations()
        .iter()
        .map(|known| {
            (
                distance(&wanted, &known.name.to_ascii_lowercase()),
                known.name,
            )
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup_by_key(|(_, name)| *name);
    ranked
        .iter()
        .take(3)
        .map(|(_, name)| (*name).to_owned())
        .collect()
}

/// Edit distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
