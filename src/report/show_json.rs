//! The summary of a run as a document.

use serde::Serialize;
use serde_json::Value;
use stepwell_engine::event::{Actor, Leftover, RollbackCause, SuspendReason, Verb};
use stepwell_engine::summary::{
    AttemptOutcome, AttemptSummary, ManualAction, RunStatus, RunSummary, StepFault, StepStatus,
    StepSummary,
};
use stepwell_engine::{Fault, RunId, Timestamp};

use super::outcome::Next;
use super::time;
use super::verdict::VerdictDocument;

/// A run as `runs show -o json` has it.
#[derive(Debug, Serialize)]
pub struct RunDocument<'a> {
    schema: u32,
    id: RunId,
    workflow: &'a str,
    target: &'a str,
    status: RunStatus,
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
    resumed: Vec<ResumptionDocument<'a>>,
    changes: Vec<ActionDocument<'a>>,
    rollback: Option<RollbackDocument<'a>>,
    fault: Option<&'a StepFault>,
    suspended: Option<&'a SuspendReason>,
    leftovers: &'a [Leftover],
    waived: Vec<WaivedDocument<'a>>,
    outputs: Option<&'a Value>,
    hint: Option<String>,
    resume: Option<String>,
    waive: Option<String>,
    understood: bool,
    not_understood: Option<String>,
    history: Option<VerdictDocument>,
    steps: Vec<StepDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct ResumptionDocument<'a> {
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
struct ActionDocument<'a> {
    #[serde(with = "time::rfc3339")]
    at: Timestamp,
    by: &'a Actor,
    reason: &'a str,
}

impl<'a> ActionDocument<'a> {
    fn of(action: &'a ManualAction) -> Self {
        Self {
            at: action.at,
            by: &action.by,
            reason: &action.reason,
        }
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
    pub fn of((step, action): (&'a StepSummary, &'a ManualAction)) -> Self {
        Self {
            step: &step.name,
            at: action.at,
            by: &action.by,
            reason: &action.reason,
        }
    }
}

#[derive(Debug, Serialize)]
struct StepDocument<'a> {
    name: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    status: StepStatus,
    attempts: Vec<AttemptDocument<'a>>,
    output: Option<&'a Value>,
    by_hand: Option<ByHandDocument<'a>>,
    retried: Vec<ActionDocument<'a>>,
    undo: Option<UndoDocument>,
}

#[derive(Debug, Serialize)]
struct AttemptDocument<'a> {
    number: u32,
    verb: Verb,
    #[serde(with = "time::rfc3339")]
    started_at: Timestamp,
    #[serde(with = "time::rfc3339_option")]
    ended_at: Option<Timestamp>,
    outcome: AttemptOutcome,
    fault: Option<&'a Fault>,
    in_doubt: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

impl<'a> AttemptDocument<'a> {
    fn of(attempt: &'a AttemptSummary) -> Self {
        Self {
            number: attempt.number,
            verb: attempt.verb,
            started_at: attempt.started_at,
            ended_at: attempt.ended_at,
            outcome: attempt.outcome,
            fault: attempt.fault.as_ref(),
            in_doubt: attempt.in_doubt,
            owner: attempt.owner.as_deref(),
        }
    }
}

/// What a person did of a step.
#[derive(Debug, Serialize)]
struct ByHandDocument<'a> {
    #[serde(flatten)]
    action: ActionDocument<'a>,
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
    summary: &'a RunSummary,
    next: Next,
    history: Option<VerdictDocument>,
) -> RunDocument<'a> {
    RunDocument {
        schema: crate::SCHEMA,
        id: summary.run,
        workflow: &summary.workflow,
        target: &summary.target,
        status: summary.state,
        started_at: summary.started_at,
        ended_at: summary.ended_at,
        updated_at: summary.updated_at,
        account: &summary.account,
        parameters: &summary.parameters,
        user: &summary.by.user,
        by: &summary.by,
        resumed: (summary.resumptions.iter())
            .map(|resumption| ResumptionDocument {
                at: resumption.at,
                by: &resumption.by,
            })
            .collect(),
        changes: summary.changes.iter().map(ActionDocument::of).collect(),
        rollback: summary.rollback.as_ref().map(|rollback| RollbackDocument {
            started_at: rollback.started_at,
            cause: &rollback.cause,
            options: rollback.options.as_ref(),
        }),
        fault: summary.fault.as_ref(),
        suspended: summary.suspended.as_ref(),
        leftovers: &summary.leftovers,
        waived: summary.waived().map(WaivedDocument::of).collect(),
        outputs: summary.output(),
        understood: next.not_understood.is_none(),
        not_understood: next.not_understood,
        hint: next.hint,
        resume: next.resume,
        waive: next.waive,
        history,
        steps: summary.steps.iter().map(step).collect(),
    }
}

fn step(step: &StepSummary) -> StepDocument<'_> {
    let first = step.attempts_of(Verb::Undo).next();
    let last = step.attempts_of(Verb::Undo).next_back();
    StepDocument {
        name: &step.name,
        kind: &step.kind,
        status: step.status,
        attempts: step.attempts.iter().map(AttemptDocument::of).collect(),
        output: step.output.as_ref(),
        by_hand: step.manual.as_ref().map(|done| ByHandDocument {
            action: ActionDocument::of(&done.action),
            checked: done.checked,
        }),
        retried: step.retries.iter().map(ActionDocument::of).collect(),
        undo: first.zip(last).map(|(first, last)| UndoDocument {
            status: step.status,
            attempts: step.attempts_of(Verb::Undo).count(),
            started_at: first.started_at,
            ended_at: last.ended_at,
        }),
    }
}
