//! The two ends of a peering, and whose credentials reach each.

use serde::{Deserialize, Serialize};

use crate::aws::Aws;

/// Which of the two accounts of a run: the command's own, or the one that was
/// named for ROSA. Where none was named, both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// The command's own.
    Main,
    /// The one in which ROSA lives.
    Rosa,
}

/// A VPC at one end of a peering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Whose credentials reach it.
    pub access: Access,
    /// The account that it belongs to.
    pub owner: String,
    /// Its region.
    pub region: String,
    /// Its id.
    pub vpc_id: String,
}

impl End {
    /// AWS as this end is to be worked on.
    pub(crate) fn aws<'a>(&self, aws: &'a Aws) -> &'a Aws {
        match self.access {
            Access::Main => aws,
            Access::Rosa => aws.rosa(),
        }
    }

    /// Whether both ends are seen by the same credentials in the same region,
    /// so that a peering has one set of tags, not two.
    pub(crate) fn sees_the_same(&self, other: &Self) -> bool {
        self.region == other.region && self.owner == other.owner
    }
}

/// The account in which ROSA lives, as a run records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosaAccount {
    /// Its twelve digits.
    pub id: String,
    /// The profile that reaches it; none if it is the command's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
}

/// The two accounts of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// The twelve digits of the command's own, in which Aurora lives.
    pub main: String,
    /// The one in which ROSA lives.
    pub rosa: RosaAccount,
}

impl Accounts {
    /// Whose credentials reach what belongs to an account; none if nobody's do.
    pub(crate) fn access(&self, owner: &str) -> Option<Access> {
        if owner == self.main {
            Some(Access::Main)
        } else if owner == self.rosa.id {
            Some(Access::Rosa)
        } else {
            None
        }
    }
}
