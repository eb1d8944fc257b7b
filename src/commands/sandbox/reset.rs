//! `stepwell sandbox reset`.

use stepwell_sandbox::Account;

use super::done;
use crate::clock::Pace;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::sandbox;
use crate::{Context, runtime};

/// Removes every resource and every fault. A file that can't be read is removed.
pub fn run(context: &Context) -> Result<Exit, Problem> {
    let path = context.settings.sandbox_file()?;
    let failed = sandbox::failed;
    runtime::block_on(Pace::REAL, async {
        match sandbox::open(&path, context.settings.pace) {
            Ok(account) => account.reset().map_err(|error| failed(&error)),
            Err(_) => Account::discard(&path).map_err(|error| failed(&error)),
        }
    })?;
    done(context, "reset", "the account is empty")?;
    Ok(Exit::Success)
}
