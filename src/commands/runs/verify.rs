//! `stepwell runs verify`.

use clap::Args;
use serde::Serialize;
use stepwell_engine::machine::HistoryError;
use stepwell_engine::{Event, Machine, RunId};
use stepwell_state::{Access, Examined, RunFilter, Store, StoreError, Unreadable};

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::report::verdict::VerdictDocument;
use crate::session::store;

/// `stepwell runs verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArguments {
    /// The run: `latest`, or the beginning of its id [default: all runs]
    pub run: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    whole: bool,
    runs: &'a [RunDocument],
    unreadable: &'a [Unreadable],
    damage: &'a [String],
    removed: u64,
}

#[derive(Serialize)]
struct RunDocument {
    id: RunId,
    #[serde(flatten)]
    verdict: VerdictDocument,
}

/// Compares histories with the chains of hashes recorded with them.
pub fn run(context: &Context, arguments: &VerifyArguments) -> Result<Exit, Problem> {
    let from = store::open(&context.settings, Access::ReadOnly)?;
    let failed = |error| store::failed(&error);
    let damage = from.damage().map_err(failed)?;
    let (ids, unreadable) = match &arguments.run {
        Some(run) => (vec![store::find(&from, run)?.id], Vec::new()),
        None => {
            let found = from.listing(&RunFilter::default()).map_err(failed)?;
            let ids = found.runs.iter().map(|row| row.id).collect();
            (ids, found.unreadable)
        }
    };
    let runs = (ids.into_iter())
        .map(|id| verify(&from, id))
        .collect::<Result<Vec<_>, _>>()?;
    let broken = runs.iter().filter(|run| run.verdict.is_broken()).count() + unreadable.len();
    let whole = broken == 0 && damage.is_empty();
    print(
        context,
        &Document {
            schema: crate::SCHEMA,
            whole,
            runs: &runs,
            unreadable: &unreadable,
            damage: &damage,
            removed: from.removed().map_err(failed)?,
        },
    )?;
    if whole {
        return Ok(Exit::Success);
    }
    if !damage.is_empty() {
        return Err(store::failed(&StoreError::Damaged {
            path: from.path().to_owned(),
            complaints: damage,
        }));
    }
    Err(Problem::error(format!(
        "{broken} of {} histories are not as they were recorded",
        runs.len() + unreadable.len()
    ))
    .code("history_broken")
    .hint("something else wrote to the state file: restore it from a backup; what a run made is found by its tags all the same"))
}

fn verify(from: &Store, id: RunId) -> Result<RunDocument, Problem> {
    let verdict = match from.examine(id) {
        Ok(None) => VerdictDocument::broken(0, "it was removed just now".to_owned()),
        Ok(Some(Examined { verdict, events })) => {
            let verdict = VerdictDocument::of(&verdict);
            // Whoever computes a chain anew must also tell a possible story.
            let told = (!verdict.is_broken()).then(|| impossible(&events));
            match told.flatten() {
                Some((seq, why)) => VerdictDocument::broken(seq, why),
                None => verdict,
            }
        }
        // What can't be read keeps no other from being looked at.
        Err(error @ (StoreError::Corrupt { .. } | StoreError::Database { .. })) => {
            VerdictDocument::broken(0, unread(&error))
        }
        Err(error) => return Err(store::failed(&error)),
    };
    Ok(RunDocument { id, verdict })
}

fn unread(error: &StoreError) -> String {
    let why = std::error::Error::source(error).map_or_else(String::new, |why| format!(": {why}"));
    format!("it can't be read{why}")
}

/// The first event that can't follow from those before it.
fn impossible(events: &[Event]) -> Option<(u32, String)> {
    match Machine::replay(events) {
        Ok(_) => None,
        Err(error @ HistoryError::Illegal { seq, .. }) => Some((seq, error.to_string())),
        Err(error) => Some((0, error.to_string())),
    }
}

fn print(context: &Context, document: &Document<'_>) -> Result<(), Problem> {
    let printer = &context.printer;
    if printer.output.is_json() {
        return printer.document(document);
    }
    if document.runs.is_empty() && document.unreadable.is_empty() {
        printer.note("no runs");
    }
    for run in document.runs {
        let text = run.verdict.text(printer.out);
        printer.line(format!("{}  {text}", outcome::short(run.id)))?;
    }
    if document.removed > 0 {
        printer.note(format!(
            "{} earlier runs were removed, each with the whole of its history: what is listed has chains of its own",
            document.removed
        ));
    }
    for run in document.unreadable {
        let bad = printer.out.bad("broken");
        printer.line(format!("{}  {bad}  {}", run.id, run.why))?;
    }
    Ok(())
}
