//! Where runs and steps stand, in words.

use std::fmt;

use serde::{Serialize, Serializer};
use stepwell_engine::event::{End, SuspendReason};
use stepwell_state::RunStatus;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The state of a run as the store's summary has it; `held` says whether a
    /// process holds the run.
    pub fn of_row(status: RunStatus, held: bool) -> Self {
        match status {
            RunStatus::Running if held => Self::Running,
            RunStatus::Running | RunStatus::Interrupted => Self::Interrupted,
            RunStatus::Suspended => Self::Suspended,
            RunStatus::Succeeded => Self::Succeeded,
            RunStatus::RolledBack => Self::RolledBack,
            RunStatus::Stuck => Self::Stuck,
            RunStatus::Abandoned => Self::Abandoned,
        }
    }

    pub(crate) fn of_suspension(reason: &SuspendReason) -> Self {
        match reason {
            SuspendReason::Interrupted | SuspendReason::LeaseLost { .. } => Self::Interrupted,
            SuspendReason::Operator { .. }
            | SuspendReason::Failed { .. }
            | SuspendReason::Deadline { .. } => Self::Suspended,
        }
    }

    pub(crate) fn of_end(end: &End) -> Self {
        match end {
            End::Succeeded => Self::Succeeded,
            End::RolledBack { .. } => Self::RolledBack,
            End::Stuck { .. } => Self::Stuck,
            End::Abandoned { .. } => Self::Abandoned,
        }
    }

    /// Whether `resume` can go on with it.
    pub fn is_resumable(self) -> bool {
        matches!(self, Self::Suspended | Self::Interrupted | Self::Stuck)
    }

    /// As JSON has it.
    pub fn key(self) -> &'static str {
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

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.key().replace('_', " "))
    }
}

impl Serialize for RunState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
