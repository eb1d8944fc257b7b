//! Asking a person before data is destroyed.

use std::io::BufRead as _;

use crate::Context;
use crate::account::AccountRecord;
use crate::problem::Problem;

/// Goes on only if `--yes` was said or a person types `word`. The question names
/// the account and the region, so that a sandbox and AWS are never mistaken for
/// each other. Without a terminal this is a refusal, never a wait.
pub fn confirm(
    context: &Context,
    account: &AccountRecord,
    region: &str,
    what: &str,
    word: &str,
) -> Result<(), Problem> {
    let what = format!("{what} [{region} of {account}]");
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
    // Whoever can't see the question won't type the answer.
    context.printer.ask(format!(
        "{} type {} to confirm: ",
        style.warn(format!("{what}.")),
        style.bold(word)
    ));
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Problem::error("the answer could not be read").because(&error))?;
    if answer.trim() == word {
        return Ok(());
    }
    if !answer.ends_with('\n') {
        context.printer.note("");
    }
    Err(Problem::refused(format!("{what} was not confirmed"))
        .code("not_confirmed")
        .hint("nothing was changed"))
}
