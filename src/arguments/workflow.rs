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

    /// How many steps that change something may be under way at once [default: 16]
    #[arg(long, value_name = "N")]
    pub parallel: Option<String>,

    /// How long it may take.
    #[command(flatten)]
    pub times: TimeArguments,
}

/// For how long others are waited for.
#[derive(Debug, Clone, Default, Args)]
pub struct WaitArguments {
    /// Wait so long, for example 30m, where another process is at work on the same target: for its
    /// lock on this host, and for its sign of life from elsewhere
    #[arg(long, value_name = "DURATION")]
    pub wait: Option<String>,
}

/// For how long others are waited for, and until when the run may go on.
#[derive(Debug, Clone, Default, Args)]
pub struct TimeArguments {
    /// For how long others are waited for.
    #[command(flatten)]
    pub wait: WaitArguments,

    /// Suspend the run in good order before this time (18:30 in UTC, or
    /// 2026-01-02T18:30:00Z), or before so long is over (45m)
    #[arg(long, value_name = "TIME|DURATION")]
    pub until: Option<String>,
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

/// Which run is meant.
#[derive(Debug, Clone, Default, Args)]
pub struct WhichArguments {
    /// The run: the beginning of its id, or `latest` [default: the only unfinished one]
    pub run: Option<String>,

    /// Without RUN: the only unfinished run of this cluster [env: AURORA_CLUSTER]
    #[arg(long, value_name = "NAME", conflicts_with = "run")]
    pub cluster: Option<String>,

    /// Without RUN: the only unfinished run in this region [env: AURORA_REGION]
    #[arg(long, value_name = "REGION", conflicts_with = "run")]
    pub region: Option<String>,
}

/// `stepwell resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArguments {
    /// Which run.
    #[command(flatten)]
    pub which: WhichArguments,

    /// Make the instances that are not made yet of this class, for example where a lack of capacity
    /// or a quota has stopped the run
    #[arg(long, value_name = "CLASS")]
    pub instance_class: Option<String>,

    /// With --instance-class: go on although the instances will be of different classes
    #[arg(long, requires = "instance_class")]
    pub allow_mixed_classes: bool,

    /// The master user's password, where the run was started with one.
    #[command(flatten)]
    pub password: PasswordArguments,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,

    /// How long it may take.
    #[command(flatten)]
    pub times: TimeArguments,
}

/// `stepwell rollback`.
#[derive(Debug, Clone, Args)]
pub struct RollbackArguments {
    /// Which run.
    #[command(flatten)]
    pub which: WhichArguments,

    /// Show what would go and what would stay, and do nothing
    #[arg(long)]
    pub plan: bool,

    /// With --plan: exit with 2 when something would be taken away
    #[arg(long, requires = "plan")]
    pub detailed_exitcode: bool,

    /// Keep the data of the cluster that goes in a snapshot of this name
    #[arg(long, value_name = "NAME")]
    pub final_snapshot: Option<String>,

    /// Pass over a step that can't be undone: what it made stays; may be repeated
    #[arg(long, value_name = "STEP", requires = "reason")]
    pub waive: Vec<String>,

    /// Why the steps are passed over; recorded with the run
    #[arg(long, value_name = "TEXT", requires = "waive")]
    pub reason: Option<String>,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,

    /// How long it may take.
    #[command(flatten)]
    pub times: TimeArguments,
}
