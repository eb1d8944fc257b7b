//! `stepwell runs prune`.

use clap::{ArgGroup, Args};
use serde::Serialize;
use stepwell_engine::RunId;
use stepwell_state::{Access, RunFilter, RunRow, Store};

use crate::Context;
use crate::clock::Pace;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{outcome, size, table, time};
use crate::session::store;
use crate::settings::speed;

/// `stepwell runs prune`.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true).args(["older_than", "keep"]))]
pub struct PruneArguments {
    /// Forget only runs that ended so long ago, for example `90d`
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<String>,

    /// Keep so many of the ended runs, the newest; those that can be resumed always stay
    #[arg(long, value_name = "N")]
    pub keep: Option<u32>,
}

#[derive(Serialize)]
struct Document {
    schema: u32,
    removed: bool,
    runs: Vec<RunId>,
    kept: usize,
    bytes: u64,
    bytes_before: u64,
}

/// Lists the ended runs that are old, and with `--yes` forgets them.
pub fn run(context: &Context, arguments: &PruneArguments) -> Result<Exit, Problem> {
    let (settings, printer) = (&context.settings, &context.printer);
    let age = (arguments.older_than.as_deref())
        .map(|text| speed::age("--older-than", text))
        .transpose()?;
    let now = Pace::REAL.clock().now();
    let before = age.map(|age| now.minus(age));
    // What is only looked at, or is not there, is not made.
    let removes = settings.yes && settings.state_file()?.exists();
    let access = match removes {
        true => Access::ReadWrite,
        false => Access::ReadOnly,
    };
    let from = store::open(settings, access)?;
    let failed = |error| store::failed(&error);
    let old = from
        .prunable(arguments.keep.unwrap_or(0), before)
        .map_err(failed)?;
    let mut runs = believed(context, &from, old)?;
    let bytes_before = from.size();
    if removes {
        let ids: Vec<RunId> = runs.iter().map(|row| row.id).collect();
        from.prune(&ids).map_err(failed)?;
        if let Err(error) = from.shrink() {
            printer.warn(format!(
                "the file could not be made smaller: {error}; the same command does it later"
            ));
        }
        // One that was taken up just now has stayed.
        let mut gone = Vec::new();
        for row in runs {
            if from.events(row.id).map_err(failed)?.is_empty() {
                gone.push(row);
            }
        }
        runs = gone;
    }
    let left = from.runs(&RunFilter::default()).map_err(failed)?.len();
    let document = Document {
        schema: crate::SCHEMA,
        removed: removes,
        kept: if removes {
            left
        } else {
            left - runs.len().min(left)
        },
        runs: runs.iter().map(|row| row.id).collect(),
        bytes: from.size(),
        bytes_before,
    };
    if printer.output.is_json() {
        printer.document(&document)?;
        return Ok(Exit::Success);
    }
    if removes {
        printer.note(format!(
            "{} removed, {} kept; the state file has {}, before {}",
            count(runs.len()),
            document.kept,
            size::text(document.bytes),
            size::text(bytes_before)
        ));
        return Ok(Exit::Success);
    }
    for line in lines(&runs) {
        printer.line(line)?;
    }
    let rest = match runs.is_empty() {
        true => String::new(),
        false => "; --yes removes them, with their histories".to_owned(),
    };
    printer.note(format!(
        "{} would be removed, {} kept{rest}",
        count(runs.len()),
        document.kept
    ));
    Ok(Exit::Success)
}

/// The runs of which the history says the same as the list: what something
/// else wrote there is for a person to look at, and not to be forgotten.
fn believed(context: &Context, from: &Store, old: Vec<RunRow>) -> Result<Vec<RunRow>, Problem> {
    let mut runs = Vec::with_capacity(old.len());
    for row in old {
        match from.doubt(&row).map_err(|error| store::failed(&error))? {
            None => runs.push(row),
            Some(why) => context.printer.warn(format!(
                "run {} is kept, since it is not as it was recorded: {why}",
                outcome::short(row.id)
            )),
        }
    }
    Ok(runs)
}

fn count(runs: usize) -> String {
    match runs {
        1 => "1 run".to_owned(),
        more => format!("{more} runs"),
    }
}

fn lines(runs: &[RunRow]) -> Vec<String> {
    let cells: Vec<Vec<String>> = (runs.iter())
        .map(|row| {
            vec![
                outcome::short(row.id),
                row.workflow.clone(),
                row.target.clone(),
                row.ended_at.map(time::date_time_zone).unwrap_or_default(),
                row.status.to_string().replace('_', " "),
            ]
        })
        .collect();
    match cells.is_empty() {
        true => Vec::new(),
        false => {
            let header = ["RUN", "WORKFLOW", "TARGET", "ENDED", "STATUS"];
            table::columns(&header, &cells)
        }
    }
}
