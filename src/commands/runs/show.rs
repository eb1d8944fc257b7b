//! `stepwell runs show`.

use clap::Args;
use stepwell_engine::summary::RunSummary;
use stepwell_state::Access;

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome::Next;
use crate::report::verdict::VerdictDocument;
use crate::report::{people, show, show_json};
use crate::session::{locks, store};

/// `stepwell runs show`.
#[derive(Debug, Clone, Args)]
pub struct ShowArguments {
    /// The run: `latest`, or the beginning of its id
    #[arg(default_value = "latest")]
    pub run: String,
}

/// Shows the summary of a run.
pub fn run(context: &Context, arguments: &ShowArguments) -> Result<Exit, Problem> {
    let from = store::open(&context.settings, Access::ReadOnly)?;
    let row = store::find(&from, &arguments.run)?;
    // Asked before and after: a process that takes up or lets go of the run
    // meanwhile is not to be taken for a crash.
    let held_before = locks::is_held(&from, row.id)?;
    let events = from.events(row.id).map_err(|error| store::failed(&error))?;
    let alive = held_before || locks::is_held(&from, row.id)?;
    let printer = &context.printer;
    let shown = match printer.output.is_json() {
        true => events.clone(),
        false => people::events(&events),
    };
    let summary = RunSummary::of(&shown, alive)
        .ok_or_else(|| Problem::error("the run's history has no beginning"))?;
    let verdict = from.verify(row.id).map_err(|error| store::failed(&error))?;
    let next = Next::of(&summary, &events, &context.settings);
    if printer.output.is_json() {
        let verdict = verdict.as_ref().map(VerdictDocument::of);
        printer.document(&show_json::document(&summary, next, verdict))?;
    } else {
        for line in show::lines(
            &summary,
            verdict.as_ref(),
            printer.out,
            &next.lines(&summary),
        ) {
            printer.line(line)?;
        }
    }
    Ok(Exit::Success)
}
