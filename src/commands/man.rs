//! `stepwell man`.

use clap::CommandFactory as _;

use crate::Context;
use crate::arguments::Arguments;
use crate::exit::Exit;
use crate::problem::Problem;

/// Prints the manual page of the command, or of one of its commands.
pub fn run(context: &Context, path: &[String]) -> Result<Exit, Problem> {
    let mut root = Arguments::command();
    // Global arguments reach the commands below only when it is built.
    root.build();
    let mut command = &root;
    let mut name = "stepwell".to_owned();
    for word in path {
        command = command.find_subcommand(word).ok_or_else(|| {
            let known: Vec<&str> = command
                .get_subcommands()
                .map(clap::Command::get_name)
                .collect();
            Problem::usage(format!(
                "{word:?} is not a command of {name}; allowed: {}",
                known.join(", ")
            ))
        })?;
        name = format!("{name} {word}");
    }
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone())
        .render(&mut text)
        .map_err(|error| Problem::error("the manual page can't be made").because(&error))?;
    context.printer.raw(&text)?;
    Ok(Exit::Success)
}
