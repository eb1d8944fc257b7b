//! A plan, as text and as a document.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use stepwell_engine::{Change, PlannedStep};

use super::printer::Printer;
use super::table;
use crate::problem::Problem;

/// A plan as programs read it.
#[derive(Debug, Serialize)]
struct PlanDocument<'a> {
    schema: u32,
    workflow: &'a str,
    target: &'a str,
    changes: bool,
    parameters: &'a Value,
    summary: BTreeMap<&'static str, usize>,
    plan: &'a [PlannedStep],
}

/// Whether carrying out the plan would change anything.
pub fn has_changes(steps: &[PlannedStep]) -> bool {
    steps
        .iter()
        .any(|step| matches!(step.change, Change::Create | Change::Delete))
}

/// Prints a plan; nothing of it is done.
pub fn print(
    printer: &Printer,
    workflow: &str,
    target: &str,
    parameters: &Value,
    steps: &[PlannedStep],
) -> Result<(), Problem> {
    let mut summary = BTreeMap::new();
    for step in steps {
        *summary.entry(word(step.change)).or_insert(0) += 1;
    }
    if printer.output.is_json() {
        return printer.document(&PlanDocument {
            schema: crate::SCHEMA,
            workflow,
            target,
            changes: has_changes(steps),
            parameters,
            summary,
            plan: steps,
        });
    }
    let rows: Vec<Vec<String>> = steps
        .iter()
        .map(|step| {
            let detail = match &step.until {
                Some(until) if step.change == Change::Unknown => format!("until {until} is done"),
                Some(until) if step.ids.is_empty() => format!("after {until}"),
                _ => step.ids.join(" "),
            };
            vec![word(step.change).to_owned(), step.name.to_string(), detail]
        })
        .collect();
    printer.line(format!("plan of {workflow} on {target}"))?;
    for line in resolved(parameters) {
        printer.line(format!("  {line}"))?;
    }
    for line in table::columns(&["", "", ""], &rows) {
        printer.line(format!("  {line}"))?;
    }
    let counts: Vec<String> = summary
        .iter()
        .map(|(word, count)| format!("{count} {word}"))
        .collect();
    printer.line(format!("{} steps: {}", steps.len(), counts.join(", ")))
}

/// What was asked of AWS for the plan, and a person would want to check.
const RESOLVED: [&str; 4] = [
    "engine_version",
    "instance_class",
    "serverless_capacity",
    "zones",
];

/// The same as lines: `key value`, lists joined by commas.
fn resolved(parameters: &Value) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        _ => None,
    };
    RESOLVED
        .iter()
        .filter_map(|key| Some(format!("{key} {}", text(parameters.get(key)?)?)))
        .collect()
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Create => "create",
        Change::Keep => "keep",
        Change::Adopt => "adopt",
        Change::Delete => "delete",
        Change::Gone => "gone",
        Change::Read => "read",
        Change::Done => "done",
        Change::Unknown => "unknown",
    }
}
