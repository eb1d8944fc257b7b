//! Asking a person before data is destroyed.

use std::io::{BufRead as _, Write as _};

use crate::Context;
use crate::problem::Problem;

/// Goes on only if `--yes` was said or a person types `word`. Without a
/// terminal this is a refusal, never a wait.
pub fn confirm(context: &Context, what: &str, word: &str) -> Result<(), Problem> {
    let settings = &context.settings;
    if settings.yes {
        return Ok(());
    }
    if !settings.terminal.is_interactive() {
        return Err(Problem::refused(format!("{what} is not confirmed"))
            .code("not_confirmed")
            .hint("say --yes to confirm it where nobody can be asked; nothing was changed"));
    }
    let style = context.printer.err;
    let mut stderr = std::io::stderr().lock();
    // Whoever can't see the question won't type the answer.
    let _ = write!(
        stderr,
        "{} type {} to confirm: ",
        style.warn(format!("{what}.")),
        style.bold(word)
    );
    let _ = stderr.flush();
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Problem::error("the answer could not be read").because(&error))?;
    if answer.trim() == word {
        return Ok(());
    }
    if !answer.ends_with('\n') {
        let _ = writeln!(stderr);
    }
    Err(Problem::refused(format!("{what} was not confirmed"))
        .code("not_confirmed")
        .hint("nothing was changed"))
}
