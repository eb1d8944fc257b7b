//! `stepwell runs events`.

use clap::Args;
use serde::Serialize;
use stepwell_engine::RunId;
use stepwell_state::Access;

use crate::Context;
use crate::arguments::Output;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::events::{self, EventDocument};
use crate::report::{people, time};
use crate::session::store;

/// `stepwell runs events`.
#[derive(Debug, Clone, Args)]
pub struct EventsArguments {
    /// The run: `latest`, or the beginning of its id
    #[arg(default_value = "latest")]
    pub run: String,
}

#[derive(Serialize)]
struct Document {
    schema: u32,
    run: RunId,
    events: Vec<EventDocument>,
}

/// Prints every event of a run.
pub fn run(context: &Context, arguments: &EventsArguments) -> Result<Exit, Problem> {
    let from = store::open(&context.settings, Access::ReadOnly)?;
    let row = store::find(&from, &arguments.run)?;
    let history = from.events(row.id).map_err(|error| store::failed(&error))?;
    let printer = &context.printer;
    match printer.output {
        Output::Json => printer.document(&Document {
            schema: crate::SCHEMA,
            run: row.id,
            events: history.iter().map(events::document).collect(),
        })?,
        Output::Jsonl => {
            for event in &history {
                printer.document(&events::document(event))?;
            }
        }
        Output::Text => {
            for event in people::events(&history) {
                printer.line(format!(
                    "{:>5}  {}  {}",
                    event.seq,
                    time::exact(event.at),
                    events::text(&event.body)
                ))?;
            }
        }
    }
    Ok(Exit::Success)
}
