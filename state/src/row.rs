//! A run as the index knows it.

use serde_json::Value;
use stepwell_engine::event::{End, EventBody, SuspendReason};
use stepwell_engine::{RunId, Timestamp};

/// Where a run stands, as far as its history tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Unfinished. Whether a process works on it is not in the history: ask
    /// [`Store::run_holder`](crate::Store::run_holder).
    Running,
    /// Stopped in good order; a person must act first.
    Suspended,
    /// Stopped in good order by a signal.
    Interrupted,
    /// Every step is done.
    Succeeded,
    /// Everything it made was undone.
    RolledBack,
    /// Its rollback left something; it can be continued.
    Stuck,
    /// Another run took over what it made.
    Abandoned,
}

impl RunStatus {
    /// The word that stands for it, in the database as in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Suspended => "suspended",
            Self::Interrupted => "interrupted",
            Self::Succeeded => "succeeded",
            Self::RolledBack => "rolled_back",
            Self::Stuck => "stuck",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether there is something left to do: such a run keeps its target, and
    /// is never pruned.
    pub fn is_unfinished(self) -> bool {
        matches!(
            self,
            Self::Running | Self::Suspended | Self::Interrupted | Self::Stuck
        )
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [
            Self::Running,
            Self::Suspended,
            Self::Interrupted,
            Self::Succeeded,
            Self::RolledBack,
            Self::Stuck,
            Self::Abandoned,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
    }

    /// What an event makes of the run; `None` for an event that leaves the
    /// index as it is.
    pub(crate) fn after(body: &EventBody) -> Option<Self> {
        match body {
            EventBody::RunCreated(_)
            | EventBody::RunResumed { .. }
            | EventBody::RollbackStarted(_)
            | EventBody::RollbackOptionsGiven { .. }
            | EventBody::ParametersChanged(_) => Some(Self::Running),
            EventBody::RunSuspended(
                SuspendReason::Interrupted | SuspendReason::LeaseLost { .. },
            ) => Some(Self::Interrupted),
            EventBody::RunSuspended(_) => Some(Self::Suspended),
            EventBody::RunEnded(end) => Some(match end {
                End::Succeeded => Self::Succeeded,
                End::RolledBack { .. } => Self::RolledBack,
                End::Stuck { .. } => Self::Stuck,
                End::Abandoned { .. } => Self::Abandoned,
            }),
            EventBody::StepWaived { .. }
            | EventBody::StepDone { .. }
            | EventBody::StepRetried { .. }
            | EventBody::AttemptStarted { .. }
            | EventBody::AttemptSucceeded { .. }
            | EventBody::AttemptFailed { .. }
            | EventBody::AttemptInterrupted { .. } => None,
        }
    }
}

impl std::fmt::Display for RunStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

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
    /// Where it stands.
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
