//! What a rollback takes away and what it leaves, as text and as a document.

use serde::Serialize;
use stepwell_engine::{Change, PlannedUndo, RunId, Stays};

use super::printer::Printer;
use super::{outcome, table};
use crate::account::AccountRecord;
use crate::problem::Problem;

/// The plan of a rollback.
pub struct Undoing<'a> {
    /// The run that is undone.
    pub run: RunId,
    /// Its workflow.
    pub workflow: &'a str,
    /// What it worked on.
    pub target: &'a str,
    /// Its account.
    pub account: &'a AccountRecord,
    /// The snapshot in which the data of the cluster is kept.
    pub final_snapshot: Option<&'a str>,
    /// The steps, in the order in which they are undone.
    pub steps: &'a [PlannedUndo],
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    run: RunId,
    workflow: &'a str,
    target: &'a str,
    account: &'a AccountRecord,
    changes: bool,
    final_snapshot: Option<&'a str>,
    plan: &'a [PlannedUndo],
}

impl Undoing<'_> {
    /// Whether it would take anything away.
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| step.change == Change::Delete)
    }

    /// Says on stderr what is about to go and what stays.
    pub fn announce(&self, printer: &Printer) {
        for line in self.lines() {
            printer.note(line);
        }
    }

    /// Prints it as a plan; nothing of it is done.
    pub fn print(&self, printer: &Printer) -> Result<(), Problem> {
        if printer.output.is_json() {
            return printer.document(&Document {
                schema: crate::SCHEMA,
                run: self.run,
                workflow: self.workflow,
                target: self.target,
                account: self.account,
                changes: self.has_changes(),
                final_snapshot: self.final_snapshot,
                plan: self.steps,
            });
        }
        for line in self.lines() {
            printer.line(line)?;
        }
        Ok(())
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "rollback of run {} of {} on {} in {}",
            outcome::short(self.run),
            self.workflow,
            self.target,
            self.account
        )];
        let rows = |stays: bool| -> Vec<Vec<String>> {
            (self.steps.iter())
                .filter(|step| step.change != Change::Gone && step.stays.is_some() == stays)
                // What has no id is a change to something else that goes or stays.
                .filter(|step| !step.ids.is_empty())
                .map(|step| vec![step.name.to_string(), step.ids.join(" "), why(step)])
                .collect()
        };
        let (goes, mut stays) = (rows(false), rows(true));
        if let Some(name) = self.final_snapshot {
            let why = "keeps the data".to_owned();
            stays.push(vec!["snapshot".to_owned(), name.to_owned(), why]);
        }
        let mut part = |title: &str, none: &str, rows: &[Vec<String>]| {
            lines.push(if rows.is_empty() { none } else { title }.to_owned());
            let table = table::columns(&["", "", ""], rows);
            lines.extend(table.into_iter().map(|line| format!("  {line}")));
        };
        part("goes, in this order:", "nothing goes", &goes);
        part("stays:", "nothing of it stays", &stays);
        lines
    }
}

fn why(step: &PlannedUndo) -> String {
    match &step.stays {
        None => String::new(),
        Some(Stays::Before) => "was there before".to_owned(),
        Some(Stays::Other(owner)) => format!("belongs to {owner}"),
        Some(Stays::Waived) => "is passed over".to_owned(),
    }
}
