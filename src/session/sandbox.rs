//! Opening the simulated account.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use stepwell_sandbox::{Account, Options};

use crate::clock::{Pace, ProcessTime};
use crate::problem::Problem;

/// Opens the account in a file. Call it inside the runtime.
pub fn open(path: &Path, pace: Pace) -> Result<Account, Problem> {
    make_folder(path)?;
    let mut options = Options::new(Arc::new(ProcessTime::start()));
    options.speed = pace.sandbox_speed();
    options.idle_speed = pace.idle_speed();
    Account::open(path, options)
        .map_err(|error| Problem::error("the sandbox can't be opened").because(&error))
}

/// Its lock and its file need a place before anything is written.
fn make_folder(path: &Path) -> Result<(), Problem> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| {
            Problem::error(format!("the folder {} can't be made", folder.display()))
                .because(&error)
                .hint("name another state file with --state")
        })
}

/// The sandbox's state could not be read or written.
pub fn failed(error: &stepwell_sandbox::StateError) -> Problem {
    Problem::error("the sandbox's state can't be used").because(error)
}
