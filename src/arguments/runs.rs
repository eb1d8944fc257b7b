//! `stepwell runs …`.

use clap::{ArgGroup, Args, Subcommand};

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

/// `stepwell runs list`.
#[derive(Debug, Clone, Args)]
pub struct ListArguments {
    /// List at most so many runs, the newest [default: 20 for people, all in JSON]
    #[arg(long, value_name = "N", conflicts_with = "all")]
    pub limit: Option<u32>,

    /// List all runs
    #[arg(long)]
    pub all: bool,

    /// List only runs that were started since then: a time such as `2026-01-02` or
    /// `2026-01-02T03:04:05Z`, or an age such as `2d`
    #[arg(long, value_name = "TIME|AGE")]
    pub since: Option<String>,

    /// List only runs that stand like this; may be repeated
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = STATUSES)]
    pub status: Vec<String>,

    /// List only runs of workflows with such a name; `*` stands for any text, `?` for a character
    #[arg(long, value_name = "PATTERN")]
    pub workflow: Option<String>,

    /// List only runs on such targets, for example `aurora/eu-west-1/keycloak` or `*/keycloak`
    #[arg(long, value_name = "PATTERN")]
    pub target: Option<String>,

    /// List only runs that were started by people with such a login
    #[arg(long, value_name = "PATTERN")]
    pub user: Option<String>,

    /// List only runs that can be resumed
    #[arg(long)]
    pub unfinished: bool,
}

/// How a run may stand, as JSON has it.
pub const STATUSES: [&str; 7] = [
    "running",
    "suspended",
    "interrupted",
    "succeeded",
    "rolled_back",
    "stuck",
    "abandoned",
];

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
