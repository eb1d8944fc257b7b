//! The story of a run, for people.

use serde_json::Value;
use stepwell_engine::Timestamp;
use stepwell_engine::event::{Actor, RollbackCause, Then, Verb};
use stepwell_state::Verdict;

use super::events::gist;
use super::style::Style;
use super::time;
use super::verdict::VerdictDocument;
use crate::account::AccountRecord;
use crate::history::{AttemptOutcome, AttemptStory, RunState, StepStatus, StepStory, Story};

/// The story in lines. `next` is what a person can do about it.
pub fn lines(
    story: &Story,
    verdict: Option<&Verdict>,
    style: Style,
    next: &[String],
) -> Vec<String> {
    let mut lines = header(story, style);
    lines.extend(verdict.map(|verdict| {
        let text = VerdictDocument::of(verdict).text(style);
        format!("  {:<9} {text}", "history")
    }));
    lines.push(String::new());
    lines.push(style.bold("steps"));
    for step in &story.steps {
        lines.extend(step_lines(step, style));
    }
    let undos = story.undos();
    if !undos.is_empty() {
        lines.push(String::new());
        lines.push(style.bold("undo, in the order in which it was done"));
        lines.extend(
            undos
                .iter()
                .map(|(step, attempt)| undo_line(step, attempt, style)),
        );
    }
    if !story.leftovers.is_empty() {
        lines.push(String::new());
        lines.push(style.bold("left behind"));
        lines.extend(leftovers(story));
    }
    if story.waived().next().is_some() {
        lines.push(String::new());
        lines.push(style.bold("waived, so still there"));
        lines.extend(waived(story));
    }
    if !next.is_empty() {
        lines.push(String::new());
        lines.push(style.bold("next"));
        lines.extend(next.iter().map(|line| format!("  {line}")));
    }
    lines
}

/// What is left behind, a line each.
pub fn leftovers(story: &Story) -> Vec<String> {
    (story.leftovers.iter())
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
pub fn waived(story: &Story) -> Vec<String> {
    (story.waived())
        .map(|(step, waiving)| {
            let gist = step.output.as_ref().map(gist).unwrap_or_default();
            format!(
                "  {}  {gist}  by {} on {}: {}",
                step.name, waiving.by.user, waiving.by.host, waiving.reason
            )
        })
        .collect()
}

/// A run's state, painted.
pub fn state(state: RunState, style: Style) -> String {
    let text = state.to_string();
    match state {
        RunState::Succeeded => style.good(text),
        RunState::Running => style.bold(text),
        RunState::Suspended | RunState::Interrupted | RunState::RolledBack => style.warn(text),
        RunState::Stuck => style.bad(text),
        RunState::Abandoned => style.dim(text),
    }
}

fn header(story: &Story, style: Style) -> Vec<String> {
    let created = &story.created;
    let mut rows = vec![
        ("workflow", created.workflow.clone()),
        ("target", created.target.clone()),
        ("account", account(&created.account)),
        ("status", state(story.state, style)),
        ("started", taking(story.started_at, &created.by)),
    ];
    rows.extend((story.resumed.iter()).map(|taken| ("resumed", taking(taken.at, &taken.by))));
    if let Some((at, cause)) = &story.rollback {
        let why = match cause {
            RollbackCause::Failed { step } => format!("because {step} failed"),
            RollbackCause::Requested { by } => format!("asked for by {} on {}", by.user, by.host),
        };
        rows.push(("turned", format!("{} UTC {why}", time::date_time(*at))));
    }
    if let Some((step, fault)) = &story.fault {
        rows.push(("fault", format!("{step}: {fault}")));
    }
    if let Some((by, reason)) = &story.abandoned {
        rows.push((
            "given up",
            format!("by {} on {}: {reason}", by.user, by.host),
        ));
    }
    let last = match (story.ended_at, story.state) {
        (Some(_), _) => Some("ended"),
        (None, RunState::Suspended | RunState::Interrupted) => Some("stopped"),
        (None, _) => None,
    };
    if let Some(last) = last {
        let at = story.updated_at;
        let took = time::duration(at.since(story.started_at));
        rows.push((last, format!("{} UTC, after {took}", time::date_time(at))));
    }
    let mut lines = vec![format!("{} {}", style.bold("run"), story.run)];
    lines.extend(
        rows.iter()
            .map(|(name, value)| format!("  {name:<9} {value}")),
    );
    lines
}

fn taking(at: Timestamp, by: &Actor) -> String {
    format!(
        "{} UTC by {} on {} (pid {}, {})",
        time::date_time(at),
        by.user,
        by.host,
        by.pid,
        by.version
    )
}

fn account(account: &Value) -> String {
    AccountRecord::read(account).map_or_else(|_| account.to_string(), |record| record.to_string())
}

fn step_lines(step: &StepStory, style: Style) -> Vec<String> {
    let status = step.status();
    let at = (step.attempts.first()).map_or_else(
        || " ".repeat(8),
        |attempt| time::time_of_day(attempt.started_at),
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
        .of(Verb::Run)
        .next()
        .zip(step.of(Verb::Run).next_back())
        .and_then(|(first, last)| Some(last.ended_at?.since(first.started_at)))
        .map(time::duration)
        .unwrap_or_default();
    let gist = step.output.as_ref().map(gist).unwrap_or_default();
    let line = format!("  {at}  {word} {:<24} {took:>8}  {gist}", step.name);
    let mut lines = vec![line.trim_end().to_owned()];
    let runs: Vec<&AttemptStory> = step.of(Verb::Run).collect();
    let plain = runs.len() == 1
        && matches!(
            runs[0].outcome,
            AttemptOutcome::Made | AttemptOutcome::Running
        );
    if !plain {
        lines.extend(
            runs.iter()
                .flat_map(|attempt| attempt_lines(attempt, style)),
        );
    }
    lines
}

fn attempt_lines(attempt: &AttemptStory, style: Style) -> Vec<String> {
    let mut lines = vec![format!(
        "            attempt {} at {} {}",
        attempt.number,
        time::time_of_day(attempt.started_at),
        outcome(attempt, style)
    )];
    if let Some(hint) = attempt.fault.as_ref().and_then(|fault| fault.hint.as_ref()) {
        lines.push(format!("              {} {hint}", style.hint("hint:")));
    }
    lines
}

fn undo_line(step: &StepStory, attempt: &AttemptStory, style: Style) -> String {
    let took = (attempt.ended_at)
        .map(|at| format!("  {}", time::duration(at.since(attempt.started_at))))
        .unwrap_or_default();
    let ids = match (attempt.outcome, &step.output) {
        (AttemptOutcome::Undone, Some(output)) => format!("  {}", gist(output)),
        _ => String::new(),
    };
    format!(
        "  {}  {:<24} {}{took}{ids}",
        time::time_of_day(attempt.started_at),
        step.name,
        outcome(attempt, style)
    )
}

fn outcome(attempt: &AttemptStory, style: Style) -> String {
    match attempt.outcome {
        AttemptOutcome::Running => "is under way".to_owned(),
        AttemptOutcome::Made => "done".to_owned(),
        AttemptOutcome::Ours => "found what an earlier attempt had made".to_owned(),
        AttemptOutcome::Theirs => "adopted what was there".to_owned(),
        AttemptOutcome::Undone => "undone".to_owned(),
        AttemptOutcome::NothingToUndo => "nothing to undo".to_owned(),
        AttemptOutcome::Kept => "kept, because it was there before".to_owned(),
        AttemptOutcome::Interrupted => style.warn("interrupted"),
        AttemptOutcome::Crashed => style.bad("crashed: its process died"),
        AttemptOutcome::Failed => {
            let fault = attempt.fault.as_ref().map(ToString::to_string);
            let doubt = if attempt.in_doubt {
                "; in doubt, so the next attempt looks first"
            } else {
                ""
            };
            let then = match attempt.then {
                Some(Then::Retry { at }) => format!("; retried at {}", time::time_of_day(at)),
                Some(Then::Suspend) => "; the run was suspended".to_owned(),
                Some(Then::GiveUp) | None => String::new(),
            };
            format!(
                "{}: {}{doubt}{then}",
                style.bad("failed"),
                fault.unwrap_or_default()
            )
        }
    }
}
