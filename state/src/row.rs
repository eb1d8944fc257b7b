//! A run as the index knows it.

use serde_json::Value;
use stepwell_engine::summary::RunStatus;
use stepwell_engine::{RunId, Timestamp};

/// A run as the index knows it, without its events.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Its id.
    pub id: RunId,
    /// The workflow's name.
    pub workflow: String,
    /// What it works on.
    pub target: String,
    /// The account it belongs to.
    pub account: Value,
    /// Where it stands, as far as its history tells: whether a process works on it
    /// is asked of [`Store::run_holder`](crate::Store::run_holder).
    pub status: RunStatus,
    /// When it was created.
    pub started_at: Timestamp,
    /// When its latest event was recorded.
    pub updated_at: Timestamp,
    /// When it ended, if it has; also set for a run that is stuck.
    pub ended_at: Option<Timestamp>,
    /// How many events its history has.
    pub events: u32,
}

/// Which runs to list; by default all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// At most so many, the newest.
    pub limit: Option<u32>,
    /// Only runs of this workflow.
    pub workflow: Option<String>,
    /// Only runs on this target.
    pub target: Option<String>,
    /// Only runs that have something left to do.
    pub unfinished_only: bool,
}

impl RunFilter {
    /// Whether a run is wanted, but for the limit.
    pub(crate) fn admits(&self, row: &RunRow) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        is(&self.workflow, &row.workflow)
            && is(&self.target, &row.target)
            && (!self.unfinished_only || row.status.is_unfinished())
    }
}
