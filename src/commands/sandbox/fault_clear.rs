//! `stepwell sandbox fault clear`.

use super::{done, with_account};
use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::sandbox::failed;

/// Removes every planted fault.
pub fn run(context: &Context) -> Result<Exit, Problem> {
    with_account(context, |account| {
        account.clear_faults().map_err(|error| failed(&error))
    })?;
    done(context, "faults_cleared", "every planted fault is removed")?;
    Ok(Exit::Success)
}
