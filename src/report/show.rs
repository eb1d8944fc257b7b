//! The summary of a run, for people.

use stepwell_engine::Timestamp;
use stepwell_engine::event::{Actor, RollbackCause, Then, Verb};
use stepwell_engine::summary::{
    AttemptOutcome, AttemptSummary, ManualAction, RunStatus, RunSummary, StepFault, StepStatus,
    StepSummary,
};
use stepwell_state::Verdict;

use super::events::{excerpt, suspended, words};
use super::style::Style;
use super::time;
use super::verdict::VerdictDocument;
use crate::account;

/// The summary in lines. `next` is what a person can do about it.
pub fn lines(
    summary: &RunSummary,
    verdict: Option<&Verdict>,
    style: Style,
    next: &[String],
) -> Vec<String> {
    let mut lines = header(summary, style);
    lines.extend(verdict.map(|verdict| {
        let text = VerdictDocument::of(verdict).text(style);
        format!("  {:<9} {text}", "history")
    }));
    lines.push(String::new());
    lines.push(style.bold("steps"));
    for step in &summary.steps {
        lines.extend(step_lines(step, summary.started_at, style));
    }
    let undos = summary.undos();
    if !undos.is_empty() {
        lines.push(String::new());
        lines.push(style.bold("undo, in the order in which it was done"));
        lines.extend(
            undos
                .iter()
                .map(|(step, attempt)| undo_line(step, attempt, summary.started_at, style)),
        );
    }
    if !summary.leftovers.is_empty() {
        lines.push(String::new());
        lines.push(style.bold("left behind"));
        lines.extend(leftovers(summary));
    }
    if summary.waived().next().is_some() {
        lines.push(String::new());
        lines.push(style.bold("waived, so still there"));
        lines.extend(waived(summary));
    }
    if !next.is_empty() {
        lines.push(String::new());
        lines.push(style.bold("next"));
        lines.extend(next.iter().map(|line| format!("  {line}")));
    }
    lines
}

/// What is left behind, a line each.
pub fn leftovers(summary: &RunSummary) -> Vec<String> {
    (summary.leftovers.iter())
        .map(|left| {
            let ids = if left.ids.is_empty() {
                "id not known".to_owned()
            } else {
                left.ids.join(" ")
            };
            format!("  {}  {ids}  {}", left.step, left.why)
        })
        .collect()
}

/// What was passed over because a person said so, a line each.
pub fn waived(summary: &RunSummary) -> Vec<String> {
    (summary.waived())
        .map(|(step, waiving)| {
            let excerpt = step.output.as_ref().map(excerpt).unwrap_or_default();
            format!(
                "  {}  {excerpt}  by {} on {}: {}",
                step.name, waiving.by.user, waiving.by.host, waiving.reason
            )
        })
        .collect()
}

/// A run's state, painted.
pub fn state(state: RunStatus, style: Style) -> String {
    let text = state.to_string();
    match state {
        RunStatus::Succeeded => style.good(text),
        RunStatus::Running => style.bold(text),
        RunStatus::Suspended | RunStatus::Interrupted | RunStatus::RolledBack => style.warn(text),
        RunStatus::Stuck => style.bad(text),
        RunStatus::Abandoned => style.dim(text),
    }
}

fn header(summary: &RunSummary, style: Style) -> Vec<String> {
    let mut rows = vec![
        ("workflow", summary.workflow.clone()),
        ("target", summary.target.clone()),
        ("account", account::described(&summary.account)),
        ("status", state(summary.state, style)),
        ("started", process(summary.started_at, &summary.by)),
    ];
    rows.extend((summary.resumptions.iter()).map(|one| ("resumed", process(one.at, &one.by))));
    rows.extend((summary.changes.iter()).map(|change| {
        let at = time::date_time_zone(change.at);
        let (user, host) = (&change.by.user, &change.by.host);
        let text = format!("{at} by {user} on {host}: {}", change.reason);
        ("changed", text)
    }));
    if let Some(rollback) = &summary.rollback {
        let why = match &rollback.cause {
            RollbackCause::Failed { step } => format!("because {step} failed"),
            RollbackCause::Requested { by } => format!("asked for by {} on {}", by.user, by.host),
        };
        let at = time::date_time_zone(rollback.started_at);
        rows.push(("turned", format!("{at} {why}")));
        rows.extend((rollback.options.iter()).map(|options| ("undo with", words(options))));
    }
    if let Some(StepFault { step, fault }) = &summary.fault {
        rows.push(("fault", format!("{step}: {fault}")));
    }
    if let Some(reason) = &summary.suspended {
        rows.push(("suspended", suspended(reason)));
    }
    if let Some(ManualAction { by, reason, .. }) = &summary.abandoned {
        rows.push((
            "given up",
            format!("by {} on {}: {reason}", by.user, by.host),
        ));
    }
    let last = match (summary.ended_at, summary.state) {
        (Some(_), _) => Some("ended"),
        (None, RunStatus::Suspended | RunStatus::Interrupted) => Some("stopped"),
        (None, _) => None,
    };
    if let Some(last) = last {
        let at = summary.updated_at;
        let took = time::duration(at.since(summary.started_at));
        rows.push((last, format!("{}, after {took}", time::date_time_zone(at))));
    }
    let mut lines = vec![format!("{} {}", style.bold("run"), summary.run)];
    lines.extend(
        rows.iter()
            .map(|(name, value)| format!("  {name:<9} {value}")),
    );
    lines
}

fn process(at: Timestamp, by: &Actor) -> String {
    format!(
        "{} by {} on {} (pid {}, {})",
        time::date_time_zone(at),
        by.user,
        by.host,
        by.pid,
        by.version
    )
}

fn step_lines(step: &StepSummary, start: Timestamp, style: Style) -> Vec<String> {
    let status = step.status;
    let at = (step.attempts.first()).map_or_else(
        || " ".repeat(8),
        |attempt| time::since(start, attempt.started_at),
    );
    // The padding is counted before the paint.
    let word = format!("{status:<11}");
    let word = match status {
        StepStatus::Done => style.good(word),
        StepStatus::Failed | StepStatus::UndoFailed => style.bad(word),
        StepStatus::Pending | StepStatus::Undone => style.dim(word),
        _ => style.warn(word),
    };
    let took = step
        .attempts_of(Verb::Run)
        .next()
        .zip(step.attempts_of(Verb::Run).next_back())
        .and_then(|(first, last)| Some(last.ended_at?.since(first.started_at)))
        .map(time::duration)
        .unwrap_or_default();
    let excerpt = step.output.as_ref().map(excerpt).unwrap_or_default();
    let line = format!("  {at}  {word} {:<24} {took:>8}  {excerpt}", step.name);
    let mut lines = vec![line.trim_end().to_owned()];
    if let Some(done) = &step.manual {
        let how = match done.checked {
            true => "found in aws",
            false => "not checked: aws could not tell",
        };
        lines.push(format!(
            "            done by hand {}, {how}",
            decided(&done.action, start)
        ));
    }
    lines.extend(
        (step.retries.iter())
            .map(|retried| format!("            to be tried again {}", decided(retried, start))),
    );
    let runs: Vec<&AttemptSummary> = step.attempts_of(Verb::Run).collect();
    let plain = runs.len() == 1
        && matches!(
            runs[0].outcome,
            AttemptOutcome::Made | AttemptOutcome::Running
        );
    if !plain {
        lines.extend(attempts(&runs, start, style));
    }
    lines
}

/// `at 03:04:05 by me on host: why`
fn decided(action: &ManualAction, start: Timestamp) -> String {
    let why = match &*action.reason {
        "" => String::new(),
        reason => format!(": {reason}"),
    };
    let (at, by) = (time::since(start, action.at), &action.by);
    format!("at {at} by {} on {}{why}", by.user, by.host)
}

/// How many attempts in a row that ended alike have a line each.
const SHOWN: usize = 3;

/// The attempts of a step. Of many in a row that ended alike, the first and the
/// last have lines; those between are counted.
fn attempts(runs: &[&AttemptSummary], start: Timestamp, style: Style) -> Vec<String> {
    let alike = |one: &&AttemptSummary, other: &&AttemptSummary| {
        let retried = |of: &AttemptSummary| matches!(of.next, Some(Then::Retry { .. }));
        let said = |of: &AttemptSummary| {
            (of.fault.as_ref()).map(|fault| (fault.message.clone(), fault.code.clone()))
        };
        retried(one) && retried(other) && said(one) == said(other)
    };
    let mut lines = Vec::new();
    for group in runs.chunk_by(alike) {
        let line = |attempt: &&AttemptSummary| attempt_lines(attempt, start, style);
        match group {
            [first, between @ .., last] if group.len() > SHOWN => {
                lines.extend(line(first));
                let (count, of) = (between.len(), between[0].number);
                lines.push(format!(
                    "            {}",
                    style.dim(format!(
                        "attempts {of} to {} ended like it ({count})",
                        last.number - 1
                    ))
                ));
                lines.extend(line(last));
            }
            _ => lines.extend(group.iter().flat_map(line)),
        }
    }
    lines
}

fn attempt_lines(attempt: &AttemptSummary, start: Timestamp, style: Style) -> Vec<String> {
    let mut lines = vec![format!(
        "            attempt {} at {} {}",
        attempt.number,
        time::since(start, attempt.started_at),
        outcome(attempt, start, style)
    )];
    if let Some(hint) = attempt.fault.as_ref().and_then(|fault| fault.hint.as_ref()) {
        lines.push(format!("              {} {hint}", style.hint("hint:")));
    }
    lines
}

fn undo_line(
    step: &StepSummary,
    attempt: &AttemptSummary,
    start: Timestamp,
    style: Style,
) -> String {
    let took = (attempt.ended_at)
        .map(|at| format!("  {}", time::duration(at.since(attempt.started_at))))
        .unwrap_or_default();
    let ids = match (attempt.outcome, &step.output) {
        (AttemptOutcome::Undone, Some(output)) => format!("  {}", excerpt(output)),
        _ => String::new(),
    };
    format!(
        "  {}  {:<24} {}{took}{ids}",
        time::since(start, attempt.started_at),
        step.name,
        outcome(attempt, start, style)
    )
}

fn outcome(attempt: &AttemptSummary, start: Timestamp, style: Style) -> String {
    match attempt.outcome {
        AttemptOutcome::Running => "is under way".to_owned(),
        AttemptOutcome::Made => "done".to_owned(),
        AttemptOutcome::Ours => "found what an earlier attempt had made".to_owned(),
        AttemptOutcome::Theirs => "adopted what was there".to_owned(),
        AttemptOutcome::Undone => "undone".to_owned(),
        AttemptOutcome::NothingToUndo => "nothing to undo".to_owned(),
        AttemptOutcome::Kept => match &attempt.owner {
            Some(owner) => format!("kept: it belongs to {owner}"),
            None => "kept, because it was there before".to_owned(),
        },
        AttemptOutcome::Interrupted => style.warn("interrupted"),
        AttemptOutcome::Crashed => style.bad("crashed: its process died"),
        AttemptOutcome::Failed => {
            let fault = attempt.fault.as_ref().map(ToString::to_string);
            let doubt = if attempt.in_doubt {
                "; in doubt, so the next attempt looks first"
            } else {
                ""
            };
            let word = match attempt.next {
                Some(Then::Retry { .. }) => style.dim("did not succeed"),
                _ => style.bad("failed"),
            };
            let then = match attempt.next {
                Some(Then::Retry { at }) => format!("; retried at {}", time::since(start, at)),
                Some(Then::Suspend) => "; the run was suspended".to_owned(),
                Some(Then::GiveUp) | None => String::new(),
            };
            format!("{}: {}{doubt}{then}", word, fault.unwrap_or_default())
        }
    }
}
