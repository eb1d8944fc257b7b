//! `stepwell completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::Context;
use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::problem::Problem;

/// Prints the completions for a shell.
pub fn run(context: &Context, shell: Shell) -> Result<Exit, Problem> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "stepwell", &mut script);
    context.printer.raw(&script)?;
    Ok(Exit::Success)
}
