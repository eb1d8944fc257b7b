//! The locks: one process per run, one unfinished run per target.

use std::io::ErrorKind;
use std::time::Duration;

use stepwell_engine::summary::RunState;
use stepwell_engine::{Clock, RunId};
use stepwell_state::{Lock, LockError, RunRow, RunStatus, Store};

use crate::Context;
use crate::account::AccountRecord;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{outcome, time};

/// How often a lock is asked for that is waited for, by the clock on the wall.
const LOOK: Duration = Duration::from_millis(500);

/// How often it is said what is waited for.
pub(super) const SAY: Duration = Duration::from_secs(60);

/// Takes the lock of a target; with `--wait` it waits for the holder.
pub async fn target(
    context: &Context,
    store: &Store,
    account: &AccountRecord,
    target: &str,
    clock: &dyn Clock,
) -> Result<Lock, Problem> {
    let take = || store.lock_target(&account.to_value(), target, &context.actor, clock.now());
    waiting(context, clock, target, take).await
}

/// Takes the lock of a run; with `--wait` it waits for the holder.
pub async fn run(
    context: &Context,
    store: &Store,
    run: RunId,
    clock: &dyn Clock,
) -> Result<Lock, Problem> {
    let what = format!("run {}", outcome::short(run));
    let take = || store.lock_run(run, &context.actor, clock.now());
    waiting(context, clock, &what, take).await
}

/// Takes a lock, and waits for it as long as `--wait` says. Another process
/// lives by the clock on the wall, whatever the pace of this one.
async fn waiting(
    context: &Context,
    clock: &dyn Clock,
    what: &str,
    take: impl Fn() -> Result<Lock, LockError>,
) -> Result<Lock, Problem> {
    let limit = clock.to_wall(context.settings.times.wait);
    let (mut waited, mut said) = (Duration::ZERO, None);
    loop {
        let error = match take() {
            Ok(lock) => return Ok(lock),
            Err(error) => error,
        };
        let problem = failed(what, &error);
        let left = limit.saturating_sub(waited);
        if !matches!(error, LockError::Held(_)) || left.is_zero() {
            return Err(match said {
                None => problem,
                Some(_) => problem.hint("it was waited for in vain: give --wait more time"),
            });
        }
        if said.is_none_or(|said| waited - said >= SAY) {
            said = Some(waited);
            let most = time::duration(left);
            context
                .printer
                .note(format!("waiting for at most {most}: {}", problem.message));
        }
        let pause = LOOK.min(left);
        clock.outside(pause).await;
        waited += pause;
    }
}

/// Whether a process works on a run.
pub fn is_held(store: &Store, run: RunId) -> Result<bool, Problem> {
    match store.run_holder(run) {
        Ok(holder) => Ok(holder.is_some()),
        // Another user's locks can't be asked; the history says that one does.
        Err(LockError::Io { source, .. }) if source.kind() == ErrorKind::PermissionDenied => {
            Ok(true)
        }
        Err(error) => Err(failed(&format!("run {}", outcome::short(run)), &error)),
    }
}

/// Where a run stands, its process included.
pub fn state(store: &Store, row: &RunRow) -> Result<RunState, Problem> {
    Ok(match row.status {
        RunStatus::Running if is_held(store, row.id)? => RunState::Running,
        RunStatus::Running | RunStatus::Interrupted => RunState::Interrupted,
        RunStatus::Suspended => RunState::Suspended,
        RunStatus::Succeeded => RunState::Succeeded,
        RunStatus::RolledBack => RunState::RolledBack,
        RunStatus::Stuck => RunState::Stuck,
        RunStatus::Abandoned => RunState::Abandoned,
    })
}

fn failed(what: &str, error: &LockError) -> Problem {
    match error {
        LockError::Held(holder) => {
            let who = match holder {
                Some(holder) => format!(
                    "process {} of {} on {} since {}",
                    holder.pid,
                    holder.user,
                    holder.host,
                    time::date_time_zone(holder.since)
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
