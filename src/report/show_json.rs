//! The story of a run as a document.

use serde::Serialize;
use serde_json::Value;
use stepwell_engine::event::{Actor, Leftover, RollbackCause, SuspendReason, Verb};
use stepwell_engine::{Fault, RunId, Timestamp};

use super::outcome::Next;
use super::time;
use super::verdict::VerdictDocument;
use crate::history::{AttemptStory, Decision, RunState, StepStatus, StepStory, Story};

/// A run as `runs show -o json` has it.
#[derive(Debug, Serialize)]
pub struct RunDocument<'a> {
    schema: u32,
    id: RunId,
    workflow: &'a str,
    target: &'a str,
    status: RunState,
    #[serde(with = "time::rfc3339")]
    started_at: Timestamp,
    #[serde(with = "time::rfc3339_option")]
    ended_at: Option<Timestamp>,
    #[serde(with = "time::rfc3339")]
    updated_at: Timestamp,
    account: &'a Value,
    parameters: &'a Value,
    user: &'a str,
    by: &'a Actor,
    resumed: Vec<TakingDocument<'a>>,
    changes: Vec<ChangeDocument<'a>>,
    rollback: Option<RollbackDocument<'a>>,
    fault: Option<FaultDocument<'a>>,
    suspended: Option<&'a SuspendReason>,
    leftovers: &'a [Leftover],
    waived: Vec<WaivedDocument<'a>>,
    outputs: Option<&'a Value>,
    hint: Option<String>,
    resume: Option<String>,
    waive: Option<String>,
    history: Option<VerdictDocument>,
    steps: Vec<StepDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct TakingDocument<'a> {
    #[serde(with = "time::rfc3339")]
    at: Timestamp,
    by: &'a Actor,
}

#[derive(Debug, Serialize)]
struct RollbackDocument<'a> {
    #[serde(with = "time::rfc3339")]
    started_at: Timestamp,
    #[serde(flatten)]
    cause: &'a RollbackCause,
    options: Option<&'a Value>,
}

/// What a person decided, for a reason.
#[derive(Debug, Serialize)]
struct ChangeDocument<'a> {
    #[serde(with = "time::rfc3339")]
    at: Timestamp,
    by: &'a Actor,
    reason: &'a str,
}

impl<'a> ChangeDocument<'a> {
    fn of(decision: &'a Decision) -> Self {
        Self {
            at: decision.at,
            by: &decision.by,
            reason: &decision.reason,
        }
    }
}

/// A fault with the step that met it.
#[derive(Debug, Serialize)]
pub struct FaultDocument<'a> {
    step: &'a str,
    #[serde(flatten)]
    fault: &'a Fault,
}

impl<'a> FaultDocument<'a> {
    /// The fault that stopped a run or turned it round.
    pub fn of(story: &'a Story) -> Option<Self> {
        let (step, fault) = story.fault.as_ref()?;
        Some(Self { step, fault })
    }
}

/// A step that a rollback passed over because a person said so.
#[derive(Debug, Serialize)]
pub struct WaivedDocument<'a> {
    step: &'a str,
    #[serde(with = "time::rfc3339")]
    at: Timestamp,
    by: &'a Actor,
    reason: &'a str,
}

impl<'a> WaivedDocument<'a> {
    /// The waiver of a step.
    pub fn of((step, waiving): (&'a StepStory, &'a Decision)) -> Self {
        Self {
            step: &step.name,
            at: waiving.at,
            by: &waiving.by,
            reason: &waiving.reason,
        }
    }
}

#[derive(Debug, Serialize)]
struct StepDocument<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    status: StepStatus,
    attempts: &'a [AttemptStory],
    output: Option<&'a Value>,
    by_hand: Option<ByHandDocument<'a>>,
    retried: Vec<ChangeDocument<'a>>,
    undo: Option<UndoDocument>,
}

/// What a person did of a step.
#[derive(Debug, Serialize)]
struct ByHandDocument<'a> {
    #[serde(flatten)]
    decision: ChangeDocument<'a>,
    checked: bool,
}

#[derive(Debug, Serialize)]
struct UndoDocument {
    status: StepStatus,
    attempts: usize,
    #[serde(with = "time::rfc3339")]
    started_at: Timestamp,
    #[serde(with = "time::rfc3339_option")]
    ended_at: Option<Timestamp>,
}

/// The document of a run.
pub fn document<'a>(
    story: &'a Story,
    next: Next,
    history: Option<VerdictDocument>,
) -> RunDocument<'a> {
    RunDocument {
        schema: crate::SCHEMA,
        id: story.run,
        workflow: &story.created.workflow,
        target: &story.created.target,
        status: story.state,
        started_at: story.started_at,
        ended_at: story.ended_at,
        updated_at: story.updated_at,
        account: &story.created.account,
        parameters: &story.created.parameters,
        user: &story.created.by.user,
        by: &story.created.by,
        resumed: (story.resumed.iter())
            .map(|taking| TakingDocument {
                at: taking.at,
                by: &taking.by,
            })
            .collect(),
        changes: story.changes.iter().map(ChangeDocument::of).collect(),
        rollback: story.rollback.as_ref().map(|(at, cause)| RollbackDocument {
            started_at: *at,
            cause,
            options: story.rollback_options.as_ref(),
        }),
        fault: FaultDocument::of(story),
        suspended: story.suspended.as_ref(),
        leftovers: &story.leftovers,
        waived: story.waived().map(WaivedDocument::of).collect(),
        outputs: story.output(),
        hint: next.hint,
        resume: next.resume,
        waive: next.waive,
        history,
        steps: story.steps.iter().map(step).collect(),
    }
}

fn step(step: &StepStory) -> StepDocument<'_> {
    let first = step.of(Verb::Undo).next();
    let last = step.of(Verb::Undo).next_back();
    StepDocument {
        name: &step.name,
        kind: &step.kind,
        status: step.status(),
        attempts: &step.attempts,
        output: step.output.as_ref(),
        by_hand: step.by_hand.as_ref().map(|done| ByHandDocument {
            decision: ChangeDocument::of(&done.decision),
            checked: done.checked,
        }),
        retried: step.retried.iter().map(ChangeDocument::of).collect(),
        undo: first.zip(last).map(|(first, last)| UndoDocument {
            status: step.status(),
            attempts: step.of(Verb::Undo).count(),
            started_at: first.started_at,
            ended_at: last.ended_at,
        }),
    }
}
