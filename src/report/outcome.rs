//! How a run stands when the command lets go of it: the final document, the
//! data for people, and the summary on stderr.

use serde::Serialize;
use serde_json::Value;
use stepwell_engine::RunId;
use stepwell_engine::event::{Leftover, RollbackCause};

use super::printer::Printer;
use super::show_json::{FaultDocument, WaivedDocument};
use super::{show, time};
use crate::arguments::Output;
use crate::exit::Exit;
use crate::history::{RunState, Story};
use crate::problem::Problem;
use crate::settings::Settings;

/// The document that a workflow prints.
#[derive(Debug, Serialize)]
struct OutcomeDocument<'a> {
    schema: u32,
    run: RunId,
    workflow: &'a str,
    target: &'a str,
    status: RunState,
    outputs: Option<&'a Value>,
    fault: Option<FaultDocument<'a>>,
    leftovers: &'a [Leftover],
    waived: Vec<WaivedDocument<'a>>,
    hint: Option<&'a str>,
    resume: Option<String>,
    rollback: Option<String>,
}

/// What may be done with a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Next {
    /// The command that goes on with it.
    pub resume: Option<String>,
    /// The command that undoes it.
    pub rollback: Option<String>,
}

impl Next {
    /// What may be done with a run that stands like this.
    pub fn of(story: &Story, settings: &Settings) -> Self {
        let run = short(story.run);
        let resumable = story.state.is_resumable();
        let back = story.rollback.is_some();
        Self {
            resume: resumable.then(|| settings.command_for("resume", &run)),
            rollback: (resumable && story.created.reversible && !back)
                .then(|| settings.command_for("rollback", &run)),
        }
    }

    /// As lines for people.
    pub fn lines(&self, story: &Story) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(hint) = hint(story) {
            lines.push(hint.to_owned());
        }
        let on = match (story.state, story.rollback.is_some()) {
            (RunState::Stuck, _) | (_, true) => "to go on with the rollback",
            _ => "to go on",
        };
        lines.extend((self.resume.iter()).map(|command| format!("{command}    # {on}")));
        lines.extend(
            (self.rollback.iter()).map(|command| format!("{command}    # to undo what it made")),
        );
        lines
    }
}

/// The beginning of a run's id that tells it from all others: its time to the
/// millisecond.
pub fn short(run: RunId) -> String {
    run.to_string().chars().take(13).collect()
}

fn hint(story: &Story) -> Option<&str> {
    // Once all is undone, what would have helped the run is of use for the next.
    let (_, fault) = story.fault.as_ref()?;
    fault.hint.as_deref()
}

/// Prints the data of a run: the document, or `key value` lines.
pub fn data(printer: &Printer, story: &Story, next: &Next) -> Result<(), Problem> {
    if printer.output == Output::Text {
        let outputs = story
            .output()
            .filter(|_| story.state == RunState::Succeeded);
        for line in outputs.map(pairs).unwrap_or_default() {
            printer.line(line)?;
        }
        return Ok(());
    }
    printer.document(&OutcomeDocument {
        schema: crate::SCHEMA,
        run: story.run,
        workflow: &story.created.workflow,
        target: &story.created.target,
        status: story.state,
        outputs: story.output(),
        fault: FaultDocument::of(story),
        leftovers: &story.leftovers,
        waived: story.waived().map(WaivedDocument::of).collect(),
        hint: hint(story),
        resume: next.resume.clone(),
        rollback: next.rollback.clone(),
    })
}

/// The outputs as `key value` lines; lists are joined by commas.
fn pairs(outputs: &Value) -> Vec<String> {
    let scalar = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Object(fields) => ["id", "name"]
            .iter()
            .find_map(|key| Some(fields.get(*key)?.as_str()?.to_owned())),
        Value::Array(_) => None,
    };
    let Value::Object(fields) = outputs else {
        return Vec::new();
    };
    fields
        .iter()
        .filter_map(|(key, value)| {
            let text = match value {
                Value::Array(items) => Some(
                    items
                        .iter()
                        .filter_map(scalar)
                        .collect::<Vec<_>>()
                        .join(","),
                ),
                other => scalar(other),
            };
            text.filter(|text| !text.is_empty())
                .map(|text| format!("{key} {text}"))
        })
        .collect()
}

/// Says on stderr how it went and what may be done.
pub fn summary(printer: &Printer, story: &Story, next: &Next) {
    let style = printer.err;
    let took = time::duration(story.updated_at.since(story.started_at));
    printer.note(format!(
        "{} of {} {} after {took}, run {}",
        story.created.workflow,
        story.created.target,
        show::state(story.state, style),
        short(story.run)
    ));
    if let Some((step, fault)) = &story.fault {
        printer.note(format!("{} {step}: {fault}", style.dim("fault:")));
    }
    if !story.leftovers.is_empty() {
        printer.note("left behind:");
        for line in show::leftovers(story) {
            printer.note(line);
        }
    }
    if story.waived().next().is_some() {
        printer.note("waived, so still there:");
        for line in show::waived(story) {
            printer.note(line);
        }
    }
    if let Some(hint) = hint(story) {
        printer.hint(hint);
    }
    if let Some(command) = &next.resume {
        printer.note(format!("to go on: {}", style.bold(command)));
    }
    if let Some(command) = &next.rollback {
        printer.note(format!("to undo what it made: {}", style.bold(command)));
    }
}

/// The exit code of a run that stands like this. `interrupted` is the signal's.
pub fn exit(story: &Story, interrupted: Option<Exit>, asked_back: bool) -> Exit {
    let requested =
        asked_back || matches!(story.rollback, Some((_, RollbackCause::Requested { .. })));
    match story.state {
        RunState::Succeeded | RunState::Abandoned => Exit::Success,
        RunState::RolledBack if requested => Exit::Success,
        RunState::RolledBack => Exit::RolledBack,
        RunState::Stuck => Exit::Stuck,
        RunState::Interrupted | RunState::Running => interrupted.unwrap_or(Exit::Suspended),
        RunState::Suspended => Exit::Suspended,
    }
}
