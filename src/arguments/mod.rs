//! Raw arguments: what the command line may say, and nothing of what it means.

pub mod aurora;
pub mod doctor;
pub mod keycloak;
pub mod kubernetes;
pub mod peering;
pub mod rosa;
pub mod runs;
pub mod sandbox;
pub mod workflow;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Provisions Amazon Aurora PostgreSQL for Keycloak on ROSA as resumable,
/// reversible step graphs.
#[derive(Debug, Parser)]
#[command(
    name = "stepwell",
    version,
    propagate_version = true,
    after_help = crate::exit::table(),
    max_term_width = 100
)]
pub struct Arguments {
    /// What goes with every command.
    #[command(flatten)]
    pub global: GlobalArguments,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Arguments that go with every command.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArguments {
    /// Use the simulated account that lives beside the state file, not AWS
    #[arg(long, global = true)]
    pub sandbox: bool,

    /// How many times as fast as real time the sandbox runs: a number, or `max` for no waiting at
    /// all [default: 60]
    #[arg(long, global = true, value_name = "N|max")]
    pub sandbox_speed: Option<String>,

    /// The file with the history of all runs [env: STEPWELL_STATE] [default: stepwell/state.db in
    /// the XDG state home]
    #[arg(long, global = true, value_name = "PATH")]
    pub state: Option<PathBuf>,

    /// Another endpoint than AWS's own, for example an emulator's [env: AWS_ENDPOINT_URL]
    #[arg(long, global = true, value_name = "URL", conflicts_with = "sandbox")]
    pub endpoint_url: Option<String>,

    /// The form of what is printed on stdout, and of errors on stderr
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        value_name = "FORM",
        default_value = "text",
        hide_possible_values = true,
        long_help = "The form of what is printed on stdout, and of errors on stderr:\n\
                     text   for people\n\
                     json   one document\n\
                     jsonl  for workflows, every event as a line as soon as it is durable, then the document"
    )]
    pub output: Output,

    /// Confirm what destroys data, without being asked
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,

    /// Say more, on stderr
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// When to use colour [env: NO_COLOR]
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: When,
}

/// The form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// A JSON object per line.
    Jsonl,
}

impl Output {
    /// Whether programs read it.
    pub fn is_json(self) -> bool {
        self != Self::Text
    }

    /// What the command line asks for, as far as that can be told when it
    /// can't be parsed as a whole.
    pub fn guess(arguments: &[OsString]) -> Self {
        let mut guess = Self::Text;
        let mut words = arguments.iter().filter_map(|word| word.to_str()).peekable();
        while let Some(word) = words.next() {
            let value = match word {
                "--" => break,
                "-o" | "--output" => words.peek().copied(),
                _ => word
                    .strip_prefix("--output=")
                    .or_else(|| word.strip_prefix("-o=").or_else(|| word.strip_prefix("-o"))),
            };
            match value {
                Some("json") => guess = Self::Json,
                Some("jsonl") => guess = Self::Jsonl,
                Some("text") => guess = Self::Text,
                _ => {}
            }
        }
        guess
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create, find and delete Aurora clusters
    #[command(subcommand)]
    Aurora(aurora::AuroraCommand),
    /// Let ROSA clusters reach Aurora clusters
    #[command(subcommand)]
    Peering(peering::PeeringCommand),
    /// What Keycloak needs to know of its database
    #[command(subcommand)]
    Keycloak(keycloak::KeycloakCommand),
    /// Go on with a run that was stopped, suspended, stuck or killed
    Resume(workflow::ResumeArguments),
    /// Undo what a run made, children before parents
    Rollback(workflow::RollbackArguments),
    /// Look at the history of runs
    #[command(subcommand)]
    Runs(runs::RunsCommand),
    /// Check whether the other commands could do their work
    Doctor(doctor::DoctorArguments),
    /// Look at and change the simulated account
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
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
