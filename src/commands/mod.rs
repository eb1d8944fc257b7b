//! One file per command.

pub mod aurora;
pub mod completions;
pub mod doctor;
pub mod keycloak;
pub mod man;
pub mod peering;
pub mod resume;
pub mod rollback;
pub mod runs;
pub mod sandbox;
pub mod step;

use crate::Context;
use crate::arguments::Command;
use crate::arguments::aurora::AuroraCommand;
use crate::arguments::keycloak::KeycloakCommand;
use crate::arguments::peering::PeeringCommand;
use crate::arguments::runs::RunsCommand;
use crate::arguments::sandbox::{FaultCommand, SandboxCommand};
use crate::arguments::step::StepCommand;
use crate::exit::Exit;
use crate::problem::Problem;

/// Does what was asked for.
pub fn run(context: &Context, command: &Command) -> Result<Exit, Problem> {
    match command {
        Command::Aurora(AuroraCommand::Create(arguments)) => {
            aurora::create::run(context, arguments)
        }
        Command::Aurora(AuroraCommand::Endpoint(arguments)) => {
            aurora::endpoint::run(context, arguments)
        }
        Command::Aurora(AuroraCommand::List(arguments)) => aurora::list::run(context, arguments),
        Command::Aurora(AuroraCommand::Delete(arguments)) => {
            aurora::delete::run(context, arguments)
        }
        Command::Aurora(AuroraCommand::Psql(arguments)) => aurora::psql::run(context, arguments),
        Command::Aurora(AuroraCommand::Reset(arguments)) => aurora::reset::run(context, arguments),
        Command::Aurora(AuroraCommand::Scale(arguments)) => aurora::scale::run(context, arguments),
        Command::Aurora(AuroraCommand::Reap(arguments)) => aurora::reap::run(context, arguments),
        Command::Keycloak(KeycloakCommand::Env(arguments)) => {
            keycloak::env::run(context, arguments)
        }
        Command::Peering(PeeringCommand::Create(arguments)) => {
            peering::create::run(context, arguments)
        }
        Command::Peering(PeeringCommand::Verify(arguments)) => {
            peering::verify::run(context, arguments)
        }
        Command::Peering(PeeringCommand::List(arguments)) => peering::list::run(context, arguments),
        Command::Peering(PeeringCommand::Delete(arguments)) => {
            peering::delete::run(context, arguments)
        }
        Command::Resume(arguments) => resume::run(context, arguments),
        Command::Rollback(arguments) => rollback::run(context, arguments),
        Command::Step(StepCommand::Done(arguments)) => step::done(context, arguments),
        Command::Step(StepCommand::Retry(arguments)) => step::retry(context, arguments),
        Command::Runs(RunsCommand::List(arguments)) => runs::list::run(context, arguments),
        Command::Runs(RunsCommand::Show(arguments)) => runs::show::run(context, arguments),
        Command::Runs(RunsCommand::Events(arguments)) => runs::events::run(context, arguments),
        Command::Runs(RunsCommand::Verify(arguments)) => runs::verify::run(context, arguments),
        Command::Runs(RunsCommand::Prune(arguments)) => runs::prune::run(context, arguments),
        Command::Doctor(arguments) => doctor::run(context, arguments),
        Command::Sandbox(SandboxCommand::Status) => sandbox::status::run(context),
        Command::Sandbox(SandboxCommand::Reset) => sandbox::reset::run(context),
        Command::Sandbox(SandboxCommand::Serve(arguments)) => {
            sandbox::serve::run(context, arguments)
        }
        Command::Sandbox(SandboxCommand::Fault(FaultCommand::Add(arguments))) => {
            sandbox::fault_add::run(context, arguments)
        }
        Command::Sandbox(SandboxCommand::Fault(FaultCommand::List)) => {
            sandbox::fault_list::run(context)
        }
        Command::Sandbox(SandboxCommand::Fault(FaultCommand::Clear)) => {
            sandbox::fault_clear::run(context)
        }
        Command::Completions { shell } => completions::run(context, *shell),
        Command::Man { command } => man::run(context, command),
    }
}
