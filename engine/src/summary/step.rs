//! Steps and their attempts.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::status::StepStatus;
use crate::model::event::{Actor, EventBody, Outcome, Then, Verb};
use crate::model::{Effect, Event, Fault, StepName, StepRecord, Timestamp};

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// It was dropped, because the run stopped or its rollback began.
    Interrupted,
    /// Its process died.
    Crashed,
}

impl From<&Outcome> for AttemptOutcome {
    fn from(outcome: &Outcome) -> Self {
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptSummary {
    /// Which try of its verb, from 1.
    pub number: u32,
    /// What it did.
    pub verb: Verb,
    /// The place of its start in the run's history.
    pub seq: u32,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; unknown for one that crashed.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// Why it failed.
    pub fault: Option<Fault>,
    /// Whether its effect may have happened although it failed.
    pub in_doubt: bool,
    /// What followed its failure.
    pub next: Option<Then>,
    /// Whose it is that an undo kept, where the step said so.
    pub owner: Option<String>,
}

impl AttemptSummary {
    /// Where a step stands whose last attempt this is.
    fn step_status(&self) -> StepStatus {
        use AttemptOutcome as O;
        match (self.verb, self.outcome) {
            (Verb::Run, O::Running) => StepStatus::Running,
            (Verb::Run, O::Made | O::Ours) => StepStatus::Done,
            (Verb::Run, O::Theirs) => StepStatus::Adopted,
            (Verb::Run, O::Failed) => match self.next {
                Some(Then::Retry { .. }) => StepStatus::Retrying,
                Some(Then::GiveUp | Then::Suspend) | None => StepStatus::Failed,
            },
            (Verb::Undo, O::Failed) => match self.next {
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

/// What a person decided, for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualAction {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why, in the person's words.
    pub reason: String,
}

/// A person did what a step was to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManualCompletion {
    /// Who says so, and why.
    #[serde(flatten)]
    pub action: ManualAction,
    /// Whether the step's own check found it.
    pub checked: bool,
    /// Whether it bears the run's own mark.
    pub ours: bool,
}

/// A step and all that happened to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepSummary {
    /// Its name.
    pub name: StepName,
    /// What kind of step it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it does to the world.
    pub effect: Effect,
    /// The steps that it comes after.
    pub parents: Vec<StepName>,
    /// Where it stands.
    pub status: StepStatus,
    /// Its attempts in order, undo included.
    pub attempts: Vec<AttemptSummary>,
    /// Its output, once known. It may be null.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub output: Option<Value>,
    /// Who waived its undo, if anyone did: what it made is still there.
    pub waived: Option<ManualAction>,
    /// Who did it by hand, if anyone did.
    pub manual: Option<ManualCompletion>,
    /// Who wanted it to be tried again, and why.
    pub retries: Vec<ManualAction>,
}

impl StepSummary {
    /// A step of a graph before anything happened to it.
    pub(super) fn new(record: &StepRecord, graph: &[StepRecord]) -> Self {
        let parents = record.parents();
        Self {
            name: record.name.clone(),
            kind: record.kind.clone(),
            effect: record.effect,
            parents: (parents.iter())
                .filter_map(|&parent| Some(graph.get(parent as usize)?.name.clone()))
                .collect(),
            status: StepStatus::Pending,
            attempts: Vec::new(),
            output: None,
            waived: None,
            manual: None,
            retries: Vec::new(),
        }
    }

    /// The attempts of one verb.
    pub fn attempts_of(&self, verb: Verb) -> impl DoubleEndedIterator<Item = &AttemptSummary> {
        self.attempts
            .iter()
            .filter(move |attempt| attempt.verb == verb)
    }

    /// Where it stands by what happened to it. A step that failed without a trace
    /// stays failed when the rollback finds nothing to undo.
    pub(super) fn status_now(&self) -> StepStatus {
        if self.waived.is_some() {
            return StepStatus::Waived;
        }
        // Undos come after all else.
        let last = self.attempts.last();
        let undone = last.is_some_and(|last| last.verb == Verb::Undo);
        if let Some(done) = self.manual.as_ref().filter(|_| !undone) {
            return match done.ours {
                true => StepStatus::Done,
                false => StepStatus::Adopted,
            };
        }
        let Some(last) = last else {
            return StepStatus::Pending;
        };
        let failed = || {
            let forward = self.attempts_of(Verb::Run).next_back();
            forward.map(AttemptSummary::step_status) == Some(StepStatus::Failed)
        };
        match last.outcome {
            AttemptOutcome::NothingToUndo if failed() => StepStatus::Failed,
            _ => last.step_status(),
        }
    }

    /// Takes in an event of an attempt.
    pub(super) fn attempt(&mut self, event: &Event) {
        match &event.body {
            EventBody::AttemptStarted { attempt, verb, .. } => {
                self.attempts.push(AttemptSummary {
                    number: *attempt,
                    verb: *verb,
                    seq: event.seq,
                    started_at: event.at,
                    ended_at: None,
                    outcome: AttemptOutcome::Running,
                    fault: None,
                    in_doubt: false,
                    next: None,
                    owner: None,
                });
            }
            EventBody::AttemptSucceeded { outcome, .. } => {
                if let Some(output) = outcome.output() {
                    self.output = Some(output.clone());
                }
                let attempt = self.end(event.at, outcome.into());
                if let (Some(attempt), Outcome::Kept { owner }) = (attempt, outcome) {
                    attempt.owner.clone_from(owner);
                }
            }
            EventBody::AttemptFailed {
                fault,
                in_doubt,
                then,
                ..
            } => {
                if let Some(attempt) = self.end(event.at, AttemptOutcome::Failed) {
                    attempt.fault = Some(fault.clone());
                    attempt.in_doubt = *in_doubt;
                    attempt.next = Some(*then);
                }
            }
            EventBody::AttemptInterrupted { .. } => {
                self.end(event.at, AttemptOutcome::Interrupted);
            }
            _ => {}
        }
    }

    /// Ends the latest attempt.
    fn end(&mut self, at: Timestamp, outcome: AttemptOutcome) -> Option<&mut AttemptSummary> {
        let attempt = self.attempts.last_mut()?;
        attempt.ended_at = Some(at);
        attempt.outcome = outcome;
        Some(attempt)
    }
}

/// A value that is there, null included.
pub(super) fn present<'de, D>(deserializer: D) -> Result<Option<Value>, D::Error>
where
    D: Deserializer<'de>,
{
    Value::deserialize(deserializer).map(Some)
}
