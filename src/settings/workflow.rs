//! How a workflow is carried out.

use clap::{Args, ValueEnum};
use stepwell_engine::event::OnFailure;

use super::place::{self, Sourced};
use crate::problem::Problem;
use crate::settings::times::TimeArguments;

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

/// How a workflow is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkflowSettings {
    /// Only show what would be done.
    pub plan: bool,
    /// Say by the exit code whether something would be done.
    pub detailed_exitcode: bool,
    /// What to do when a step fails for good.
    pub on_failure: OnFailure,
    /// How many steps may be under way at once.
    pub parallel: u32,
}

/// How many steps may be under way at once where nothing else is said.
const PARALLEL: u32 = 16;

impl WorkflowSettings {
    /// Resolves the arguments of a workflow that can be rolled back.
    pub fn reversible(
        arguments: &WorkflowArguments,
        policy: Option<Policy>,
    ) -> Result<Self, Problem> {
        Self::resolve(
            arguments,
            match policy {
                None | Some(Policy::Rollback) => OnFailure::Rollback,
                Some(Policy::Suspend) => OnFailure::Suspend,
            },
        )
    }

    /// Resolves the arguments of a workflow that only goes forward.
    pub fn forward_only(
        arguments: &WorkflowArguments,
        policy: Option<Policy>,
    ) -> Result<Self, Problem> {
        if policy == Some(Policy::Rollback) {
            return Err(Problem::usage(
                "--on-failure \"rollback\" is not possible for a deletion; allowed: suspend",
            ));
        }
        Self::resolve(arguments, OnFailure::Suspend)
    }

    fn resolve(arguments: &WorkflowArguments, on_failure: OnFailure) -> Result<Self, Problem> {
        let given = arguments.parallel.clone().map(|value| Sourced {
            value,
            variable: None,
        });
        Ok(Self {
            plan: arguments.plan,
            detailed_exitcode: arguments.detailed_exitcode,
            on_failure,
            parallel: place::number("--parallel", given, PARALLEL, 1..=1000)?,
        })
    }
}
