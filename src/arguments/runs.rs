//! `stepwell runs …`.

use clap::{Args, Subcommand};

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
}

/// `stepwell runs list`.
#[derive(Debug, Clone, Args)]
pub struct ListArguments {
    /// List at most so many runs
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,

    /// List only runs on this target, for example `aurora/eu-west-1/keycloak`
    #[arg(long, value_name = "TARGET")]
    pub target: Option<String>,

    /// List only runs that can be resumed
    #[arg(long)]
    pub unfinished: bool,
}

/// `stepwell runs show`.
#[derive(Debug, Clone, Args)]
pub struct ShowArguments {
    /// The run: `latest`, or the beginning of its id
    #[arg(default_value = "latest")]
    pub run: String,
}

/// `stepwell runs events`.
#[derive(Debug, Clone, Args)]
pub struct EventsArguments {
    /// The run: `latest`, or the beginning of its id
    #[arg(default_value = "latest")]
    pub run: String,
}

/// `stepwell runs verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArguments {
    /// The run: `latest`, or the beginning of its id [default: all runs]
    pub run: Option<String>,
}
