//! Which faults may be planted, and which calls they act on.

use super::hook::Call;
use crate::operations::operations;
use crate::wire::service::Service;
use crate::world::fault::{FaultEffect, FaultRule};

/// Why a fault rule was refused.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    #[error("unknown operation `{name}`; the nearest are {}", nearest.join(", "))]
    UnknownOperation {
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
    let distance = |known: &str| strsim::levenshtein(&wanted, &known.to_ascii_lowercase());
    let known = operations().iter().map(|known| known.name);
    let mut ranked: Vec<(usize, &str)> = known.map(|name| (distance(name), name)).collect();
    ranked.sort_unstable();
    ranked.dedup_by_key(|(_, name)| *name);
    let best = ranked.iter().take(3);
    best.map(|(_, name)| (*name).to_owned()).collect()
}
