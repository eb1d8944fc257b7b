//! What the machine knows of a step and of the run.

use std::fmt;

use serde_json::Value;

use crate::model::event::{End, SuspendReason};
use crate::model::{Fault, Timestamp};

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// So many of its parents are not done.
    Waiting(u32),
    /// May start.
    Ready,
    /// An attempt is under way.
    Running,
    /// An attempt failed; another will follow.
    Retrying,
    /// Its output is known.
    Done,
    /// Failed for good.
    Failed,
    /// The run is being rolled back; so many of its children are not resolved.
    UndoWaiting(u32),
    /// Its undo may start.
    UndoReady,
    /// An undo is under way.
    Undoing,
    /// An undo failed; another will follow.
    UndoRetrying,
    /// Its undo failed for good.
    UndoFailed,
    /// Nothing of it is left to undo.
    Resolved,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting(_) => "waiting for others",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Retrying => "waiting for another attempt",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::UndoWaiting(_) => "waiting for others to be undone",
            Self::UndoReady => "ready to be undone",
            Self::Undoing => "being undone",
            Self::UndoRetrying => "waiting for another attempt to undo it",
            Self::UndoFailed => "not undone",
            Self::Resolved => "resolved",
        })
    }
}

/// Whose a step's effect is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Not known to exist.
    Unknown,
    /// This run made it.
    Ours,
    /// It was there before.
    Theirs,
}

/// What is known of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepState {
    /// Where it stands.
    pub phase: Phase,
    /// Whether its effect was ever begun, or may have been.
    pub reached: bool,
    /// Whether an attempt may have had its effect unseen.
    pub in_doubt: bool,
    /// Whose its effect is.
    pub owner: Owner,
    /// Its output, once known.
    pub output: Option<Value>,
    /// How many attempts its run has had.
    pub runs: u32,
    /// How many attempts its undo has had.
    pub undos: u32,
    /// Failures in a row since the run was last taken up or its rollback began;
    /// pending faults do not count.
    pub failures: u32,
    /// When the first attempt of what is now tried began: since the run turned
    /// round, or was taken up by a person after it was suspended.
    pub since: Option<Timestamp>,
    /// The latest fault.
    pub fault: Option<Box<Fault>>,
}

impl StepState {
    pub(super) fn new(parents: u32) -> Self {
        Self {
            phase: match parents {
                0 => Phase::Ready,
                _ => Phase::Waiting(parents),
            },
            reached: false,
            in_doubt: false,
            owner: Owner::Unknown,
            output: None,
            runs: 0,
            undos: 0,
            failures: 0,
            since: None,
            fault: None,
        }
    }
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Unfinished; whether a process works on it is not in the history.
    Running,
    /// Stopped in good order.
    Suspended(SuspendReason),
    /// At its end.
    Ended(End),
}

/// Which way a run goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Direction {
    Forward {
        /// How many steps are done.
        done: usize,
        /// The first step that failed for good.
        failed: Option<super::StepId>,
    },
    Rollback {
        /// How many steps are resolved.
        resolved: usize,
        /// How a person wants what was made to be undone; null if nothing was said.
        options: Value,
        /// The steps that a person had it pass over.
        waived: std::collections::BTreeSet<super::StepId>,
    },
}
