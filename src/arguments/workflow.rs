//! Arguments of whatever starts or goes on with a run.

use clap::{Args, ValueEnum};

use super::aurora::PasswordArguments;

/// How a workflow is carried out.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Workflow options")]
pub struct WorkflowArguments {
    /// Show what would be done, and do nothing
    #[arg(long)]
    pub plan: bool,

    /// With --plan: exit with 2 when something would be made or taken away
    #[arg(long, requires = "plan")]
    pub detailed_exitcode: bool,

    /// How many steps may be under way at once [default: 16]
    #[arg(long, value_name = "N")]
    pub parallel: Option<String>,
}

/// What to do when a step fails for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// Undo what was made.
    Rollback,
    /// Keep what is there, to be resumed or rolled back.
    Suspend,
}

/// What to make of another run that seems to be at work on the same cluster.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct TakeOverArguments {
    /// Go on even if another host's run has given a sign of life in the last ten minutes: it is
    /// known to be dead
    #[arg(long)]
    pub take_over: bool,
}

/// `stepwell resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArguments {
    /// The run: `latest`, or the beginning of its id
    #[arg(default_value = "latest")]
    pub run: String,

    /// The master user's password, where the run was started with one.
    #[command(flatten)]
    pub password: PasswordArguments,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,
}

/// `stepwell rollback`.
#[derive(Debug, Clone, Args)]
pub struct RollbackArguments {
    /// The run: `latest`, or the beginning of its id
    #[arg(default_value = "latest")]
    pub run: String,

    /// Pass over a step that can't be undone: what it made stays; may be repeated
    #[arg(long, value_name = "STEP", requires = "reason")]
    pub waive: Vec<String>,

    /// Why the steps are passed over; recorded with the run
    #[arg(long, value_name = "TEXT", requires = "waive")]
    pub reason: Option<String>,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,
}
