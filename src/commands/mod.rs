//! One file per command.

pub mod aurora;
pub mod completions;
pub mod doctor;
#[cfg(test)]
mod fuzz;
pub mod keycloak;
pub mod man;
pub mod peering;
pub mod resume;
pub mod rollback;
pub mod runs;
pub mod sandbox;
pub mod step;

use clap::Subcommand;
use clap_complete::Shell;

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::settings::commands::Subject;
use crate::settings::times::TimeArguments;
use aurora::AuroraCommand;
use doctor::DoctorArguments;
use keycloak::KeycloakCommand;
use peering::PeeringCommand;
use resume::ResumeArguments;
use rollback::RollbackArguments;
use runs::RunsCommand;
use sandbox::SandboxCommand;
use step::StepCommand;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create, find and delete Aurora clusters
    #[command(subcommand)]
    Aurora(AuroraCommand),
    /// Let ROSA clusters reach Aurora clusters
    #[command(subcommand)]
    Peering(PeeringCommand),
    /// What Keycloak needs to know of its database
    #[command(subcommand)]
    Keycloak(KeycloakCommand),
    /// Go on with a run that was stopped, suspended, stuck or killed
    Resume(ResumeArguments),
    /// Undo what a run made, children before parents
    Rollback(RollbackArguments),
    /// Say by hand what becomes of a step
    #[command(subcommand)]
    Step(StepCommand),
    /// Look at the history of runs
    #[command(subcommand)]
    Runs(RunsCommand),
    /// Check whether the other commands could do their work
    Doctor(DoctorArguments),
    /// Look at and change the simulated account
    #[command(subcommand)]
    Sandbox(SandboxCommand),
    /// Print the completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of the command, or of one of its commands
    Man {
        /// The command, for example `aurora create`
        #[arg(value_name = "COMMAND")]
        command: Vec<String>,
    },
}

impl Command {
    /// Does what was asked for.
    pub fn run(&self, context: &Context) -> Result<Exit, Problem> {
        match self {
            Self::Aurora(command) => command.run(context),
            Self::Keycloak(command) => command.run(context),
            Self::Peering(command) => command.run(context),
            Self::Resume(arguments) => resume::run(context, arguments),
            Self::Rollback(arguments) => rollback::run(context, arguments),
            Self::Step(StepCommand::Done(arguments)) => step::done(context, arguments),
            Self::Step(StepCommand::Retry(arguments)) => step::retry(context, arguments),
            Self::Runs(command) => command.run(context),
            Self::Doctor(arguments) => doctor::run(context, arguments),
            Self::Sandbox(command) => command.run(context),
            Self::Completions { shell } => completions::run(context, *shell),
            Self::Man { command } => man::run(context, command),
        }
    }

    /// For how long others are waited for, and until when the run may go on.
    pub fn times(&self) -> TimeArguments {
        let times = match self {
            Self::Aurora(command) => command.times(),
            Self::Peering(command) => command.times(),
            Self::Resume(arguments) => Some(&arguments.times),
            Self::Rollback(arguments) => Some(&arguments.times),
            Self::Step(StepCommand::Done(arguments)) => {
                return TimeArguments {
                    wait: arguments.wait.clone(),
                    until: None,
                };
            }
            _ => None,
        };
        times.cloned().unwrap_or_default()
    }

    /// What the command is about: what a command in its hints lacks is taken from
    /// here.
    pub fn subject(&self) -> Subject {
        let about = match self {
            Self::Aurora(command) => command.cluster().map(|named| (named, None)),
            Self::Peering(command) => (command.clusters()).map(|(named, rosa)| (named, Some(rosa))),
            Self::Keycloak(KeycloakCommand::Env(arguments)) => Some((&arguments.cluster, None)),
            _ => None,
        };
        about.map_or_else(Subject::default, |(cluster, rosa)| {
            Subject::of_clusters(cluster, &rosa.unwrap_or_default())
        })
    }
}
