//! `stepwell runs list`. Reads the index, and what bears it out: no runtime, no
//! AWS.

use serde::Serialize;
use serde_json::Value;
use stepwell_engine::{RunId, Timestamp};
use stepwell_state::{Access, Listing, RunFilter, Unreadable};

use crate::Context;
use crate::arguments::runs::ListArguments;
use crate::exit::Exit;
use crate::history::RunState;
use crate::problem::Problem;
use crate::report::{outcome, show, table, time};
use crate::session::{locks, store};

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    runs: Vec<RunDocument<'a>>,
    unreadable: &'a [Unreadable],
}

#[derive(Serialize)]
struct RunDocument<'a> {
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
    doubt: Option<&'a str>,
}

/// Lists runs, the newest first.
pub fn run(context: &Context, arguments: &ListArguments) -> Result<Exit, Problem> {
    let from = store::open(&context.settings, Access::ReadOnly)?;
    let Listing {
        runs: rows,
        unreadable,
    } = from
        .listing(&RunFilter {
            limit: arguments.limit,
            target: arguments.target.clone(),
            unfinished_only: arguments.unfinished,
            ..RunFilter::default()
        })
        .map_err(|error| store::failed(&error))?;
    let states = rows
        .iter()
        .map(|row| locks::state(&from, row))
        .collect::<Result<Vec<_>, _>>()?;
    let doubts = rows
        .iter()
        .map(|row| from.doubt(row))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| store::failed(&error))?;
    let printer = &context.printer;
    for run in &unreadable {
        printer.warn(format!("{run}; `stepwell runs verify` says more"));
    }
    for (row, doubt) in rows.iter().zip(&doubts) {
        if let Some(why) = doubt {
            printer.warn(format!(
                "run {} is not as it was recorded: {why}; `stepwell runs verify` says more",
                outcome::short(row.id)
            ));
        }
    }
    if printer.output.is_json() {
        let runs = (rows.iter().zip(&states).zip(&doubts))
            .map(|((row, state), doubt)| RunDocument {
                id: row.id,
                workflow: &row.workflow,
                target: &row.target,
                status: *state,
                started_at: row.started_at,
                ended_at: row.ended_at,
                updated_at: row.updated_at,
                account: &row.account,
                doubt: doubt.as_deref(),
            })
            .collect();
        printer.document(&Document {
            schema: crate::SCHEMA,
            runs,
            unreadable: &unreadable,
        })?;
        return Ok(Exit::Success);
    }
    if rows.is_empty() {
        printer.note("no runs");
        return Ok(Exit::Success);
    }
    let cells: Vec<Vec<String>> = (rows.iter().zip(&states))
        .map(|(row, state)| {
            vec![
                outcome::short(row.id),
                row.workflow.clone(),
                row.target.clone(),
                time::date_time(row.started_at),
                time::duration(row.updated_at.since(row.started_at)),
                // The last column, so that its paint does not shift another.
                show::state(*state, printer.out),
            ]
        })
        .collect();
    let header = [
        "RUN",
        "WORKFLOW",
        "TARGET",
        "STARTED (UTC)",
        "TOOK",
        "STATUS",
    ];
    for line in table::columns(&header, &cells) {
        printer.line(line)?;
    }
    Ok(Exit::Success)
}
