//! The attempts of a step.

use serde::Serialize;
use stepwell_engine::event::{Outcome, Then, Verb};
use stepwell_engine::{Fault, Timestamp};

use super::status::StepStatus;
use crate::report::time;

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It is under way.
    Running,
    /// Its effect was performed.
    Made,
    /// What it is for was so already, by this run.
    Ours,
    /// What it is for was so already, by somebody else.
    Theirs,
    /// Its effect was taken back.
    Undone,
    /// There was nothing to take back.
    NothingToUndo,
    /// It was not this run's to take back.
    Kept,
    /// It failed.
    Failed,
    /// It was dropped, because the run stopped or turned round.
    Interrupted,
    /// Its process died.
    Crashed,
}

impl AttemptOutcome {
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Made { .. } => Self::Made,
            Outcome::Ours { .. } => Self::Ours,
            Outcome::Theirs { .. } => Self::Theirs,
            Outcome::Undone => Self::Undone,
            Outcome::NothingToUndo => Self::NothingToUndo,
            Outcome::Kept { .. } => Self::Kept,
        }
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptStory {
    /// Which try of its verb, from 1.
    pub number: u32,
    /// What it did.
    pub verb: Verb,
    /// When it began.
    #[serde(with = "time::rfc3339")]
    pub started_at: Timestamp,
    /// When it ended; unknown for one that crashed.
    #[serde(with = "time::rfc3339_option")]
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Why it failed.
    pub fault: Option<Fault>,
    /// Whether its effect may have happened although it failed.
    pub in_doubt: bool,
    /// Whose it is that an undo kept, where the step said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// What followed its failure.
    #[serde(skip)]
    pub then: Option<Then>,
    /// The place of its start in the run's history.
    #[serde(skip)]
    pub seq: u32,
}

impl AttemptStory {
    pub(crate) fn begun(number: u32, verb: Verb, at: Timestamp, seq: u32) -> Self {
        Self {
            number,
            verb,
            started_at: at,
            ended_at: None,
            outcome: AttemptOutcome::Running,
            fault: None,
            in_doubt: false,
            owner: None,
            then: None,
            seq,
        }
    }

    /// Where a step stands whose last attempt this is.
    pub(crate) fn leaves(&self) -> StepStatus {
        use AttemptOutcome as O;
        match (self.verb, self.outcome) {
            (Verb::Run, O::Running) => StepStatus::Running,
            (Verb::Run, O::Made | O::Ours) => StepStatus::Done,
            (Verb::Run, O::Theirs) => StepStatus::Adopted,
            (Verb::Run, O::Failed) => match self.then {
                Some(Then::Retry { .. }) => StepStatus::Retrying,
                Some(Then::GiveUp | Then::Suspend) | None => StepStatus::Failed,
            },
            (Verb::Undo, O::Failed) => match self.then {
                Some(Then::Retry { .. }) => StepStatus::Undoing,
                Some(Then::GiveUp | Then::Suspend) | None => StepStatus::UndoFailed,
            },
            (Verb::Undo, O::Running) => StepStatus::Undoing,
            (_, O::Undone | O::NothingToUndo) => StepStatus::Undone,
            (_, O::Kept) => StepStatus::Kept,
            (_, O::Interrupted | O::Crashed) => StepStatus::Interrupted,
            // An undo that says it made something is no legal history.
            (Verb::Undo, O::Made | O::Ours | O::Theirs) => StepStatus::Undoing,
        }
    }
}
