//! The master user's password: from a file or the environment, never from the
//! command line.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use clap::Args;
use stepwell_workflows::Secret;

use crate::environment::{self, Environment};
use crate::problem::Problem;
use crate::settings::paths;

/// Where a password given by a person is.
#[derive(Debug, Clone, Default, Args)]
pub struct PasswordArguments {
    /// A file whose first line is the master user's password; without one, and without
    /// AURORA_PASSWORD, RDS makes a password and keeps it in Secrets Manager
    /// [env: AURORA_PASSWORD, the password itself]
    #[arg(long, value_name = "PATH")]
    pub password_file: Option<PathBuf>,
}

/// No password is anywhere near as long; what is, is another file.
const LONGEST_FILE: u64 = 64 * 1024;

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
    paths::given("--password-file", None, path)?;
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_FILE).read_to_string(&mut text));
    read.map_err(|error| {
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
