//! `stepwell runs verify`.

use serde::Serialize;
use stepwell_engine::machine::HistoryError;
use stepwell_engine::{Machine, RunId};
use stepwell_state::{Access, RunFilter, Store, Unreadable, Verdict};

use crate::Context;
use crate::arguments::runs::VerifyArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::store;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    whole: bool,
    runs: &'a [RunDocument],
    unreadable: Vec<UnreadableDocument<'a>>,
}

#[derive(Serialize)]
struct RunDocument {
    id: RunId,
    /// `whole`, `broken`, or `unchained` for one recorded before there were
    /// chains, in a file that has not been written to since.
    verdict: &'static str,
    events: Option<u32>,
    /// The last link of the chain.
    head: Option<String>,
    /// The first event that is not as it was recorded.
    broken_at: Option<u32>,
    why: Option<String>,
}

#[derive(Serialize)]
struct UnreadableDocument<'a> {
    id: &'a str,
    why: &'a str,
}

/// Compares histories with the chains of hashes recorded with them.
pub fn run(context: &Context, arguments: &VerifyArguments) -> Result<Exit, Problem> {
    let from = store::open(&context.settings, Access::ReadOnly)?;
    let failed = |error| store::failed(&error);
    let (ids, unreadable) = match &arguments.run {
        Some(run) => (vec![store::find(&from, run)?.id], Vec::new()),
        None => {
            let rows = from.runs(&RunFilter::default()).map_err(failed)?;
            let ids = rows.iter().map(|row| row.id).collect();
            (ids, from.unreadable().map_err(failed)?)
        }
    };
    let mut runs = Vec::with_capacity(ids.len());
    for id in ids {
        runs.push(verify(&from, id)?);
    }
    let broken = runs.iter().filter(|run| run.verdict == "broken").count() + unreadable.len();
    print(context, &runs, &unreadable, broken == 0)?;
    if broken == 0 {
        return Ok(Exit::Success);
    }
    Err(Problem::error(format!(
        "{broken} of {} histories are not as they were recorded",
        runs.len() + unreadable.len()
    ))
    .code("history_broken")
    .hint("something else wrote to the state file: restore it from a backup; what a run made is still found by its tags"))
}

fn verify(from: &Store, id: RunId) -> Result<RunDocument, Problem> {
    let verdict = from.verify(id).map_err(|error| store::failed(&error))?;
    let mut document = RunDocument {
        id,
        verdict: "whole",
        events: None,
        head: None,
        broken_at: None,
        why: None,
    };
    match verdict {
        Some(Verdict::Whole { events, head }) => {
            (document.events, document.head) = (Some(events), Some(head.to_string()));
            // Whoever computes a chain anew must also tell a possible story.
            if let Err((seq, why)) = replay(from, id)? {
                document.verdict = "broken";
                (document.broken_at, document.why) = (Some(seq), Some(why));
            }
        }
        Some(Verdict::Unchained { events }) => {
            document.verdict = "unchained";
            document.events = Some(events);
        }
        Some(Verdict::Broken { seq, why }) => {
            document.verdict = "broken";
            (document.broken_at, document.why) = (Some(seq), Some(why));
        }
        None => {
            document.verdict = "broken";
            document.why = Some("it was removed just now".to_owned());
        }
    }
    Ok(document)
}

/// Whether the events follow from one another: else the first that does not.
fn replay(from: &Store, id: RunId) -> Result<Result<(), (u32, String)>, Problem> {
    let events = from.events(id).map_err(|error| store::failed(&error))?;
    Ok(match Machine::replay(&events) {
        Ok(_) => Ok(()),
        Err(error @ HistoryError::Illegal { seq, .. }) => Err((seq, error.to_string())),
        Err(error @ HistoryError::Sequence { expected, .. }) => Err((expected, error.to_string())),
        Err(error) => Err((0, error.to_string())),
    })
}

fn print(
    context: &Context,
    runs: &[RunDocument],
    unreadable: &[Unreadable],
    whole: bool,
) -> Result<(), Problem> {
    let printer = &context.printer;
    if printer.output.is_json() {
        return printer.document(&Document {
            schema: crate::SCHEMA,
            whole,
            runs,
            unreadable: unreadable
                .iter()
                .map(|run| UnreadableDocument {
                    id: &run.id,
                    why: &run.why,
                })
                .collect(),
        });
    }
    if runs.is_empty() && unreadable.is_empty() {
        printer.note("no runs");
    }
    let style = printer.out;
    for run in runs {
        let events = run.events.unwrap_or_default();
        let text = match (run.verdict, &run.head, run.broken_at) {
            ("whole", Some(head), _) => {
                format!("{}  {events} events  {head}", style.good("whole"))
            }
            ("unchained", ..) => format!(
                "{}  {events} events, recorded by a version that kept no chain",
                style.warn("unchained")
            ),
            (_, _, seq) => format!(
                "{}  {}{}",
                style.bad("broken"),
                seq.map(|seq| format!("event {seq}: ")).unwrap_or_default(),
                run.why.as_deref().unwrap_or_default()
            ),
        };
        printer.line(format!("{}  {text}", outcome::short(run.id)))?;
    }
    for run in unreadable {
        printer.line(format!("{}  {}  {}", run.id, style.bad("broken"), run.why))?;
    }
    Ok(())
}
