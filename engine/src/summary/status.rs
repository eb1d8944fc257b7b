//! Where runs and steps stand.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::event::{End, SuspendReason};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// A process works on it.
    Running,
    /// Stopped in good order; can be resumed.
    Suspended,
    /// Stopped by a signal, or its process died; can be resumed.
    Interrupted,
    /// Every step is done.
    Succeeded,
    /// All it made was undone.
    RolledBack,
    /// The rollback could not undo something.
    Stuck,
    /// Given up in favour of another run.
    Abandoned,
}

impl RunState {
    /// Whether a run in this state can be resumed.
    pub fn is_resumable(self) -> bool {
        matches!(self, Self::Suspended | Self::Interrupted | Self::Stuck)
    }

    /// Its name, as it serialises.
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
}

impl From<&SuspendReason> for RunState {
    fn from(reason: &SuspendReason) -> Self {
        match reason {
            SuspendReason::Interrupted | SuspendReason::LeaseLost { .. } => Self::Interrupted,
            SuspendReason::Operator { .. }
            | SuspendReason::Failed { .. }
            | SuspendReason::Deadline { .. } => Self::Suspended,
        }
    }
}

impl From<&End> for RunState {
    fn from(end: &End) -> Self {
        match end {
            End::Succeeded => Self::Succeeded,
            End::RolledBack { .. } => Self::RolledBack,
            End::Stuck { .. } => Self::Stuck,
            End::Abandoned { .. } => Self::Abandoned,
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.as_str().replace('_', " "))
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Not started.
    Pending,
    /// An attempt is under way.
    Running,
    /// An attempt failed; another follows.
    Retrying,
    /// Its process died, or its wait was dropped; a resumed run looks again.
    Interrupted,
    /// Made, or found to be so.
    Done,
    /// It was there before, and is used.
    Adopted,
    /// Failed for good.
    Failed,
    /// Its undo is under way, or will be tried again.
    Undoing,
    /// Undone.
    Undone,
    /// Left alone on the way back, because it was there before.
    Kept,
    /// Its undo failed for good.
    UndoFailed,
    /// Passed over on the way back, because a person said so.
    Waived,
}

impl fmt::Display for StepStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Interrupted => "interrupted",
            Self::Done => "done",
            Self::Adopted => "adopted",
            Self::Failed => "failed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
            Self::Kept => "kept",
            Self::UndoFailed => "undo failed",
            Self::Waived => "waived",
        })
    }
}
