//! The locks: one process per run, one unfinished run per target.

use std::io::ErrorKind;

use stepwell_engine::{RunId, Timestamp};
use stepwell_state::{Lock, LockError, Store};

use crate::account::AccountRecord;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{outcome, time};
use crate::{Context, history::RunState};

/// Takes the lock of a target.
pub fn target(
    context: &Context,
    store: &Store,
    account: &AccountRecord,
    target: &str,
    now: Timestamp,
) -> Result<Lock, Problem> {
    store
        .lock_target(&account.to_value(), target, &context.actor, now)
        .map_err(|error| failed(target, &error))
}

/// Takes the lock of a run.
pub fn run(context: &Context, store: &Store, run: RunId, now: Timestamp) -> Result<Lock, Problem> {
    store
        .lock_run(run, &context.actor, now)
        .map_err(|error| failed(&format!("run {}", outcome::short(run)), &error))
}

/// Whether a process works on a run.
pub fn is_held(store: &Store, run: RunId) -> Result<bool, Problem> {
    match store.run_holder(run) {
        Ok(holder) => Ok(holder.is_some()),
        Err(error) => Err(failed(&format!("run {}", outcome::short(run)), &error)),
    }
}

/// Where a run stands, its process included.
pub fn state(store: &Store, row: &stepwell_state::RunRow) -> Result<RunState, Problem> {
    let asks = row.status == stepwell_state::RunStatus::Running;
    let held = asks && is_held(store, row.id)?;
    Ok(RunState::of_row(row.status, held))
}

fn failed(what: &str, error: &LockError) -> Problem {
    match error {
        LockError::Held(holder) => {
            let who = match holder {
                Some(holder) => format!(
                    "process {} of {} on {} since {} UTC",
                    holder.pid,
                    holder.user,
                    holder.host,
                    time::date_time(holder.since)
                ),
                None => "another process".to_owned(),
            };
            Problem::new(Exit::Locked, format!("{what} is locked by {who}"))
                .maybe_hint(error.hint())
        }
        LockError::Io { source, .. } => {
            let code = match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "state_full",
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "state_read_only",
                _ => "state",
            };
            Problem::error(error.to_string())
                .code(code)
                .because(source)
                .maybe_hint(error.hint())
        }
    }
}
