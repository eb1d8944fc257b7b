//! How a run stands when the command lets go of it: the final document, the
//! data for people, and the summary on stderr.

use serde::Serialize;
use serde_json::Value;
use stepwell_engine::event::{Leftover, RollbackCause, Verb};
use stepwell_engine::summary::{AttemptOutcome, RunStatus, RunSummary, StepFault, StepSummary};
use stepwell_engine::{Event, Fault, Machine, RunId, StepName};
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{held_by, reset_stopped};

use super::printer::Printer;
use super::show_json::WaivedDocument;
use super::style::Style;
use super::{events, not_understood, people, show, time};
use crate::Context;
use crate::account;
use crate::arguments::Output;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::settings::Settings;
use crate::settings::commands::Subject;

/// The document that a workflow prints.
#[derive(Debug, Serialize)]
struct OutcomeDocument<'a> {
    schema: u32,
    run: RunId,
    workflow: &'a str,
    target: &'a str,
    status: RunStatus,
    outputs: Option<&'a Value>,
    fault: Option<&'a StepFault>,
    leftovers: &'a [Leftover],
    waived: Vec<WaivedDocument<'a>>,
    hint: Option<String>,
    resume: Option<String>,
    rollback: Option<String>,
    waive: Option<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    stopped: &'a [String],
}

/// Says that a workflow had nothing to do, so no run was begun.
pub fn nothing_to_do(
    printer: &Printer,
    workflow: &str,
    target: &str,
    why: &str,
) -> Result<Exit, Problem> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: u32,
        run: Option<&'a str>,
        workflow: &'a str,
        target: &'a str,
        status: RunStatus,
        outputs: Option<&'a str>,
    }
    if printer.output.is_json() {
        printer.document(&Document {
            schema: crate::SCHEMA,
            run: None,
            workflow,
            target,
            status: RunStatus::Succeeded,
            outputs: None,
        })?;
    }
    printer.note(why);
    printer.hurry();
    printer.deliver().map_err(|mut problem| {
        problem.exit = Exit::Unprinted;
        Exit::Unprinted.kind().clone_into(&mut problem.code);
        problem
    })?;
    Ok(Exit::Success)
}

/// What may be done with a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Next {
    /// The command that goes on with it.
    pub resume: Option<String>,
    /// The command that undoes it.
    pub rollback: Option<String>,
    /// The command that ends its rollback and leaves what can't be undone.
    pub waive: Option<String>,
    /// What would help.
    pub hint: Option<String>,
    /// The data centres in which the run has stopped Keycloak, by their contexts.
    pub stopped: Vec<String>,
    /// What this program does not understand of the run, so that it can't go on.
    pub not_understood: Option<String>,
}

impl Next {
    /// What may be done with a run that stands like this.
    pub fn of(summary: &RunSummary, events: &[Event], settings: &Settings) -> Self {
        let run = short(summary.run);
        let resumable = summary.state.is_resumable();
        let back = summary.rollback.is_some();
        let (account, target) = (&summary.account, &summary.target);
        let placed = |text: &str| placed(text, summary.run, account, target, settings);
        if let Some(why) = resumable.then(|| not_understood::why(events)).flatten() {
            let way_out = not_understood::way_out(&summary.by, &summary.target);
            return Self {
                hint: Some(placed(&way_out)),
                stopped: stopped(summary, events),
                not_understood: Some(not_understood::causes(&why).join("; ")),
                ..Self::default()
            };
        }
        Self {
            resume: resumable.then(|| settings.command_for("resume", &run)),
            rollback: (resumable && summary.reversible && !back)
                .then(|| settings.command_for("rollback", &run)),
            waive: waiving(summary, events).map(|steps| {
                let command = settings.command_for("rollback", &run);
                format!("{command}{steps} --reason 'it may stay'")
            }),
            hint: hint(summary).map(|hint| placed(&hint)),
            stopped: stopped(summary, events),
            not_understood: None,
        }
    }

    /// That Keycloak is stopped, for people.
    pub fn standing(&self) -> Option<String> {
        let contexts = self.stopped.join(", ");
        (!self.stopped.is_empty())
            .then(|| format!("keycloak is stopped in {contexts}: the run starts it again"))
    }

    /// As lines for people.
    pub fn lines(&self, summary: &RunSummary) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.standing());
        lines.extend(
            (self.not_understood.iter())
                .map(|why| format!("this program can't go on with it: {}", people::line(why))),
        );
        lines.extend(self.hint.clone());
        let on = match (summary.state, summary.rollback.is_some()) {
            (RunStatus::Stuck, _) | (_, true) => "to go on with the rollback",
            _ => "to go on",
        };
        lines.extend((self.resume.iter()).map(|command| format!("{command}    # {on}")));
        lines.extend(
            (self.rollback.iter()).map(|command| format!("{command}    # to undo what it made")),
        );
        lines.extend(
            (self.waive.iter())
                .map(|command| format!("{command}    # to leave what can't be undone")),
        );
        lines
    }
}

/// A text about a run with the commands in it as they have to be typed.
pub fn placed(
    text: &str,
    run: RunId,
    account: &Value,
    target: &str,
    settings: &Settings,
) -> String {
    let sandboxed = account::is_sandbox(account);
    let subject = Subject::of_run(&short(run), target);
    settings.placed(text, sandboxed, &subject)
}

/// Where a reset that is not at its end has stopped Keycloak.
fn stopped(summary: &RunSummary, events: &[Event]) -> Vec<String> {
    let resets = summary.workflow == Workflow::AuroraReset.name();
    if !resets || summary.state == RunStatus::Succeeded {
        return Vec::new();
    }
    Machine::replay(events).map_or_else(|_| Vec::new(), |machine| reset_stopped(&machine))
}

/// The beginning of a run's id that tells it from all others: its time to the
/// millisecond.
pub fn short(run: RunId) -> String {
    run.to_string().chars().take(13).collect()
}

/// What would help. In a rollback that is what the undo of a step lacks, for
/// example a permission, and not what the run lacked before it.
/// Once all is undone, that is of use for the next run.
fn hint(summary: &RunSummary) -> Option<String> {
    if summary.rollback.is_some() && summary.state.is_resumable() {
        let mut hints: Vec<&str> = not_undone(summary)
            .filter_map(|(_, fault)| fault.hint.as_deref())
            .collect();
        hints.dedup();
        if !hints.is_empty() {
            return Some(hints.join("; "));
        }
        if summary.state == RunStatus::Stuck {
            return None;
        }
    }
    summary.fault.as_ref()?.fault.hint.clone()
}

/// The steps whose latest undo failed, children before parents, with the fault.
fn not_undone(summary: &RunSummary) -> impl Iterator<Item = (&StepSummary, &Fault)> {
    (summary.steps.iter().rev())
        .filter(|step| step.waived.is_none())
        .filter_map(|step| {
            let last = step.attempts.last()?;
            let failed = last.verb == Verb::Undo && last.outcome == AttemptOutcome::Failed;
            Some((step, last.fault.as_ref().filter(|_| failed)?))
        })
}

/// The steps that a rollback that got no further may pass over, as flags: all
/// that a stuck one has left, or those whose undo waits for a person, with what
/// can't be undone without them.
fn waiving(summary: &RunSummary, events: &[Event]) -> Option<String> {
    let mut steps: Vec<StepName> = match summary.state {
        RunStatus::Stuck => (summary.steps.iter().rev())
            .filter(|step| summary.leftovers.iter().any(|left| left.step == step.name))
            .map(|step| step.name.clone())
            .collect(),
        RunStatus::Suspended if summary.rollback.is_some() => not_undone(summary)
            .map(|(step, _)| step.name.clone())
            .collect(),
        _ => return None,
    };
    let machine = Machine::replay(events).ok()?;
    if let Some(held) = held_by(machine, &steps).filter(|held| held.together) {
        steps.extend(held.steps);
    }
    let flags = steps.iter().map(|step| format!(" --waive {step}"));
    (!steps.is_empty()).then(|| flags.collect())
}

/// Prints the data of a run: the document, or `key value` lines.
pub fn data(printer: &Printer, summary: &RunSummary, next: &Next) -> Result<(), Problem> {
    if printer.output == Output::Text {
        let outputs = summary
            .output()
            .filter(|_| summary.state == RunStatus::Succeeded);
        for line in outputs.map(pairs).unwrap_or_default() {
            printer.line(people::line(&line))?;
        }
        return Ok(());
    }
    printer.document(&OutcomeDocument::of(summary, next))
}

/// The document of a run, on one line.
pub fn document(summary: &RunSummary, next: &Next) -> Result<String, serde_json::Error> {
    serde_json::to_string(&OutcomeDocument::of(summary, next)).map(|text| text + "\n")
}

impl<'a> OutcomeDocument<'a> {
    fn of(summary: &'a RunSummary, next: &'a Next) -> Self {
        Self {
            schema: crate::SCHEMA,
            run: summary.run,
            workflow: &summary.workflow,
            target: &summary.target,
            status: summary.state,
            outputs: summary.output(),
            fault: summary.fault.as_ref(),
            leftovers: &summary.leftovers,
            waived: summary.waived().map(WaivedDocument::of).collect(),
            hint: next.hint.clone(),
            resume: next.resume.clone(),
            rollback: next.rollback.clone(),
            waive: next.waive.clone(),
            stopped: &next.stopped,
        }
    }
}

/// Waits until the data of a run is where it should go.
pub fn delivered(context: &Context, summary: &RunSummary, exit: Exit) -> Result<Exit, Problem> {
    let show = format!("runs show {}", short(summary.run));
    let what = format!(
        "{} of {} {}",
        summary.workflow,
        summary.target,
        show::state(summary.state, Style::default())
    );
    let read = format!("{} {show}", context.settings.invocation);
    printed(&context.printer, exit, &what, &read)
}

/// Waits until the data is where it should go. What did as it was asked and
/// could not say so has an exit code of its own, so that no script takes it for
/// what failed; `read` is the command that says it.
pub fn printed(printer: &Printer, exit: Exit, what: &str, read: &str) -> Result<Exit, Problem> {
    let Err(why) = printer.deliver() else {
        return Ok(exit);
    };
    if exit != Exit::Success {
        printer.warn(&why.message);
        return Ok(exit);
    }
    let message = format!("{what}, but the result could not be printed");
    let mut problem = Problem::new(Exit::Unprinted, message).hint(format!("to read it: {read}"));
    problem.causes = std::iter::once(why.message).chain(why.causes).collect();
    Err(problem)
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
pub fn summary(printer: &Printer, summary: &RunSummary, next: &Next) {
    let style = printer.err;
    let took = time::duration(summary.updated_at.since(summary.started_at));
    printer.note(format!(
        "{} of {} {} after {took}, run {}",
        summary.workflow,
        summary.target,
        show::state(summary.state, style),
        short(summary.run)
    ));
    if let Some(StepFault { step, fault }) = &summary.fault {
        let fault = fault.to_string();
        let text = people::line(&fault);
        printer.note(format!("{} {step}: {text}", style.dim("fault:")));
    }
    if !summary.leftovers.is_empty() {
        printer.note("left behind:");
        for line in show::leftovers(summary) {
            printer.note(people::line(&line));
        }
    }
    if summary.waived().next().is_some() {
        printer.note("waived, so still there:");
        for line in show::waived(summary) {
            printer.note(people::line(&line));
        }
    }
    if let Some(options) = (summary.rollback.as_ref()).and_then(|back| back.options.as_ref()) {
        printer.note(format!("undone with: {}", events::words(options)));
    }
    if let Some(stopped) = next.standing() {
        printer.warn(stopped);
    }
    if let Some(hint) = &next.hint {
        printer.hint(people::line(hint));
    }
    if let Some(command) = &next.resume {
        printer.note(format!("to go on: {}", style.bold(command)));
    }
    if let Some(command) = &next.rollback {
        printer.note(format!("to undo what it made: {}", style.bold(command)));
    }
    if let Some(command) = &next.waive {
        printer.note(format!(
            "to leave what can't be undone: {}",
            style.bold(command)
        ));
    }
}

/// The exit code of a run that stands like this. `interrupted` is the signal's.
pub fn exit(summary: &RunSummary, interrupted: Option<Exit>, asked_back: bool) -> Exit {
    let cause = summary.rollback.as_ref().map(|rollback| &rollback.cause);
    let requested = asked_back || matches!(cause, Some(RollbackCause::Requested { .. }));
    match summary.state {
        RunStatus::Succeeded | RunStatus::Abandoned => Exit::Success,
        RunStatus::RolledBack if requested => Exit::Success,
        RunStatus::RolledBack => Exit::RolledBack,
        RunStatus::Stuck => Exit::Stuck,
        RunStatus::Interrupted | RunStatus::Running => interrupted.unwrap_or(Exit::Suspended),
        RunStatus::Suspended => Exit::Suspended,
    }
}
