//! The master user's password: from a file or the environment, never from the
//! command line.

use stepwell_workflows::Secret;

use crate::arguments::aurora::PasswordArguments;
use crate::environment::{self, Environment};
use crate::problem::Problem;

/// The password, if one is given.
pub fn resolve(
    arguments: &PasswordArguments,
    environment: &Environment,
) -> Result<Option<Secret>, Problem> {
    let Some(path) = &arguments.password_file else {
        return Ok(environment
            .text(environment::AURORA_PASSWORD)
            .map(Secret::new));
    };
    let text = std::fs::read_to_string(path).map_err(|error| {
        Problem::usage(format!(
            "--password-file {:?} can't be read; allowed: a text file whose first line is the password",
            path.display().to_string()
        ))
        .because(&error)
    })?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Some(Secret::new(line.to_owned()))),
        _ => Err(Problem::usage(format!(
            "--password-file {:?} holds no password; allowed: a text file whose first line is the password",
            path.display().to_string()
        ))),
    }
}
