//! `stepwell runs …`.

pub mod events;
pub mod list;
pub mod prune;
pub mod show;
pub mod verify;

use clap::Subcommand;

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use events::EventsArguments;
use list::ListArguments;
use prune::PruneArguments;
use show::ShowArguments;
use verify::VerifyArguments;

/// `stepwell runs …`.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List runs, the newest first
    List(ListArguments),
    /// Tell the story of a run
    Show(ShowArguments),
    /// Print every event of a run
    Events(EventsArguments),
    /// Check that histories are as they were recorded
    Verify(VerifyArguments),
    /// List the ended runs that are old, and with --yes forget them
    Prune(PruneArguments),
}

impl RunsCommand {
    /// Does what was asked for.
    pub fn run(&self, context: &Context) -> Result<Exit, Problem> {
        match self {
            Self::List(arguments) => list::run(context, arguments),
            Self::Show(arguments) => show::run(context, arguments),
            Self::Events(arguments) => events::run(context, arguments),
            Self::Verify(arguments) => verify::run(context, arguments),
            Self::Prune(arguments) => prune::run(context, arguments),
        }
    }
}
