//! Where runs and steps stand.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::event::{End, EventBody, SuspendReason};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// A process works on it, or did when its history ends: whether it still does
    /// is no part of the history, and asked of the run's lock.
    Running,
    /// Stopped in good order; a person has to act first.
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

impl RunStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Running,
        Self::Suspended,
        Self::Interrupted,
        Self::Succeeded,
        Self::RolledBack,
        Self::Stuck,
        Self::Abandoned,
    ];

    /// What an event makes of the run; none for an event that leaves it where it
    /// stands.
    pub fn after(body: &EventBody) -> Option<Self> {
        match body {
            EventBody::RunCreated(_)
            | EventBody::RunResumed { .. }
            | EventBody::RollbackStarted(_)
            | EventBody::RollbackOptionsGiven { .. }
            | EventBody::ParametersChanged(_) => Some(Self::Running),
            EventBody::RunSuspended(reason) => Some(reason.into()),
            EventBody::RunEnded(end) => Some(end.into()),
            EventBody::StepWaived { .. }
            | EventBody::StepDone { .. }
            | EventBody::StepRetried { .. }
            | EventBody::AttemptStarted { .. }
            | EventBody::AttemptSucceeded { .. }
            | EventBody::AttemptFailed { .. }
            | EventBody::AttemptInterrupted { .. } => None,
        }
    }

    /// The status of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether there is something left to do: such a run keeps its target.
    pub fn is_unfinished(self) -> bool {
        match self {
            Self::Running | Self::Suspended | Self::Interrupted | Self::Stuck => true,
            Self::Succeeded | Self::RolledBack | Self::Abandoned => false,
        }
    }

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

impl From<&SuspendReason> for RunStatus {
    fn from(reason: &SuspendReason) -> Self {
        match reason {
            SuspendReason::Interrupted | SuspendReason::LeaseLost { .. } => Self::Interrupted,
            SuspendReason::Operator { .. }
            | SuspendReason::Failed { .. }
            | SuspendReason::Deadline { .. } => Self::Suspended,
        }
    }
}

impl From<&End> for RunStatus {
    fn from(end: &End) -> Self {
        match end {
            End::Succeeded => Self::Succeeded,
            End::RolledBack { .. } => Self::RolledBack,
            End::Stuck { .. } => Self::Stuck,
            End::Abandoned { .. } => Self::Abandoned,
        }
    }
}

impl fmt::Display for RunStatus {
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
    /// Left alone in a rollback, because it was there before.
    Kept,
    /// Its undo failed for good.
    UndoFailed,
    /// Passed over in a rollback, because a person said so.
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
