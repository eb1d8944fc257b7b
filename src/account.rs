//! The account a run belongs to: recorded with the run, compared when it is
//! taken up again.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::Problem;

/// An account, as a run records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AccountRecord {
    /// A simulated account.
    Sandbox {
        /// Its twelve digits.
        id: String,
        /// The file it lives in.
        path: PathBuf,
    },
    /// An account at AWS, or at an endpoint that stands for it.
    Aws {
        /// Its twelve digits, from STS.
        id: String,
        /// The endpoint, if not AWS's own.
        endpoint: Option<String>,
    },
}

impl AccountRecord {
    /// Its twelve digits.
    pub fn id(&self) -> &str {
        match self {
            Self::Sandbox { id, .. } | Self::Aws { id, .. } => id,
        }
    }

    /// In a few words, for a list: `sandbox 000000000000`.
    pub fn brief(&self) -> String {
        match self {
            Self::Sandbox { id, .. } => format!("sandbox {id}"),
            Self::Aws { id, endpoint: None } => format!("aws {id}"),
            Self::Aws {
                id,
                endpoint: Some(url),
            } => format!("aws {id} at {url}"),
        }
    }

    /// Reads what a run recorded.
    pub fn read(value: &Value) -> Result<Self, Problem> {
        Self::deserialize(value).map_err(|error| {
            Problem::error("the account that the run recorded can't be read").because(&error)
        })
    }

    /// As a run records it.
    pub fn to_value(&self) -> Value {
        // A path that is not UTF-8 is the one thing that has no JSON.
        serde_json::to_value(self).unwrap_or_else(|_| Value::String(self.to_string()))
    }

    /// Refuses to go on with a run of this account under another one.
    pub fn must_be(&self, current: &Self) -> Result<(), Problem> {
        if self == current {
            return Ok(());
        }
        Err(
            Problem::error(format!("the run belongs to {self}, and this is {current}"))
                .code("other_account")
                .hint("use the credentials and the endpoint that the run was started with"),
        )
    }
}

/// Whether what a run recorded is a sandbox.
pub fn is_sandbox(value: &Value) -> bool {
    matches!(
        AccountRecord::read(value),
        Ok(AccountRecord::Sandbox { .. })
    )
}

/// What a run recorded, for people.
pub fn described(value: &Value) -> String {
    AccountRecord::read(value).map_or_else(|_| value.to_string(), |record| record.to_string())
}

impl fmt::Display for AccountRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sandbox { id, path } => write!(f, "sandbox {id} ({})", path.display()),
            Self::Aws { id, endpoint: None } => write!(f, "aws account {id}"),
            Self::Aws {
                id,
                endpoint: Some(url),
            } => write!(f, "aws account {id} at {url}"),
        }
    }
}
