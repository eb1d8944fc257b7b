//! `stepwell step …`.

use clap::{Args, Subcommand};

use super::workflow::WaitArguments;

/// `stepwell step …`.
#[derive(Debug, Subcommand)]
pub enum StepCommand {
    /// Say that a step of a suspended run is done, because a person made what it was to make
    #[command(
        long_about = "Say that a step of a suspended run is done, because a person made what it was to make.\n\n\
                      The step's own check looks in AWS whether it is so. Where AWS can't tell, --output \
                      says what the step would have made known; what it stands for is then never undone \
                      by a rollback. The run stays suspended."
    )]
    Done(DoneArguments),
    /// Try a step again at once: without the rest of its pause, or after it was given up
    #[command(
        long_about = "Try a step again at once: without the rest of its pause, or after it was given up.\n\n\
                      While a process carries the run, it is asked to, from any terminal with the same \
                      state file. Where none does, the step gets its next try when the run is resumed."
    )]
    Retry(RetryArguments),
}

/// `stepwell step done`.
#[derive(Debug, Clone, Args)]
pub struct DoneArguments {
    /// The run: `latest`, or the beginning of its id
    pub run: String,

    /// The step's name, as `stepwell runs show` has it
    pub step: String,

    /// Why it was done by hand; recorded with the run
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// What the step would have made known, where AWS can't tell: --output JSON means the same
    #[arg(long, value_name = "JSON")]
    pub result: Option<String>,

    /// For how long others are waited for.
    #[command(flatten)]
    pub wait: WaitArguments,
}

/// `stepwell step retry`.
#[derive(Debug, Clone, Args)]
pub struct RetryArguments {
    /// The run: `latest`, or the beginning of its id
    pub run: String,

    /// The step's name, as `stepwell runs show` has it
    pub step: String,

    /// Why; recorded with the run
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
