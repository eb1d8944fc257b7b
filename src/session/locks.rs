//! The locks: one process per run, one unfinished run per target.

use std::io::ErrorKind;
use std::time::Duration;

use stepwell_engine::summary::RunStatus;
use stepwell_engine::{LockError, Locked, RunId};
use stepwell_state::{LockError as LockFile, RunRow, Store};

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{outcome, time};

/// How often a lock is asked for that is waited for, by the clock on the wall.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// How often it is said what is waited for.
pub(super) const SAY: Duration = Duration::from_secs(60);

/// Whether a process works on a run.
pub fn is_held(store: &Store, run: RunId) -> Result<bool, Problem> {
    match store.run_holder(run) {
        Ok(holder) => Ok(holder.is_some()),
        // Another user's locks can't be asked; the history says that one does.
        Err(LockFile::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {
            Ok(true)
        }
        Err(error) => Err(unusable(&error)),
    }
}

/// Where a run stands, its process included.
pub fn state(store: &Store, row: &RunRow) -> Result<RunStatus, Problem> {
    Ok(match row.status {
        RunStatus::Running if !is_held(store, row.id)? => RunStatus::Interrupted,
        status => status,
    })
}

/// Who has what.
pub(super) fn held(error: &LockError) -> String {
    let LockError::Held { what, holder } = error else {
        return error.to_string();
    };
    let what = match what {
        Locked::Run(run) => format!("run {}", outcome::short(*run)),
        Locked::Target(target) => target.clone(),
    };
    match holder {
        Some(holder) => format!(
            "{what} is locked by process {} of {} on {} since {}",
            holder.pid,
            holder.user,
            holder.host,
            time::date_time_zone(holder.since)
        ),
        None => format!("{what} is locked by another process"),
    }
}

/// A lock was not to be had.
pub fn failed(context: &Context, error: &LockError) -> Problem {
    match error {
        LockError::Held { holder, .. } => {
            let problem = Problem::new(Exit::Locked, held(error));
            if !context.settings.times.wait.is_zero() {
                return problem.hint("it was waited for in vain: give --wait more time");
            }
            problem.hint(match holder {
                Some(holder) => format!(
                    "wait for process {} on {} to end, or stop it; a dead process leaves no lock",
                    holder.pid, holder.host
                ),
                None => "wait for the other process to end; a dead one leaves no lock".to_owned(),
            })
        }
        LockError::Failed { source, .. } => match source.downcast_ref::<LockFile>() {
            Some(error) => unusable(error),
            None => Problem::error(error.to_string()).because(error),
        },
    }
}

/// The file of a lock can't be used.
fn unusable(error: &LockFile) -> Problem {
    let code = match error {
        LockFile::Io { source, .. } => match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "state_full",
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "state_read_only",
            _ => "state",
        },
        LockFile::Held(_) => "state",
    };
    let problem = Problem::error(error.to_string()).code(code);
    let problem = match std::error::Error::source(error) {
        Some(source) => problem.because(source),
        None => problem,
    };
    problem.maybe_hint(error.hint())
}
