//! What the machine knows: of a step, of the run, and why a history is refused.

use serde_json::Value;

use crate::event::{End, SuspendReason};
use crate::fault::Fault;
use crate::graph::GraphError;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its parents are not done.
    Waiting,
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
    /// The run turned round; its children are not resolved.
    UndoWaiting,
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
#[derive(Debug, Clone)]
pub struct StepState {
    /// Where it stands.
    pub phase: Phase,
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
    /// Failures in a row since the run was last taken up or turned round;
    /// pending faults do not count.
    pub failures: u32,
    /// The latest fault.
    pub fault: Option<Fault>,
    /// Parents not done, or, on the way back, children not resolved.
    pub(super) waiting: u32,
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

/// Why a history can't be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// There is no event.
    #[error("the run has no history")]
    Empty,
    /// The first event is not the run's creation.
    #[error("the history does not begin with the run's creation")]
    NoBeginning,
    /// The recorded graph is not one.
    #[error("the recorded graph is not valid: {0}")]
    Graph(#[from] GraphError),
    /// An event stands where another is due.
    #[error("event {found} stands where {expected} is due")]
    Sequence {
        /// The place it claims.
        found: u32,
        /// The place it stands in.
        expected: u32,
    },
    /// An event that can't happen here.
    #[error("event {seq} ({kind}) is not possible here: {why}")]
    Illegal {
        /// The event's place.
        seq: u32,
        /// The event's kind.
        kind: &'static str,
        /// What contradicts it.
        why: String,
    },
}
