//! Forgetting old runs. Whole runs go, each with its chain of hashes, so that
//! the chains of all others stay as they are.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use stepwell_engine::RunId;

use crate::error::StoreError;
use crate::lock;
use crate::open::cannot_write;

/// How many runs are deleted in one transaction; as many lock files are open.
const CHUNK: usize = 64;

/// Deletes those of the runs that have ended with nothing left to do.
pub(crate) fn prune(
    connection: &mut Connection,
    path: &Path,
    runs: &[RunId],
) -> Result<u64, StoreError> {
    let mut count = 0;
    for chunk in runs.chunks(CHUNK) {
        count += delete(connection, path, chunk)?;
    }
    Ok(count)
}

/// Makes the file as small as what is in it.
pub(crate) fn shrink(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| cannot_write(path, error);
    connection.execute_batch("VACUUM").map_err(failed)?;
    // With a log, what was written is there first.
    let busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(failed)?;
    match busy {
        false => Ok(()),
        true => Err(StoreError::Busy {
            path: path.to_owned(),
            source: std::sync::Arc::new(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
                None,
            )),
        }),
    }
}

/// How many runs there were that are there no more: each has a number of its
/// own, and none is given twice.
pub(crate) fn removed(connection: &Connection, path: &Path) -> Result<u64, StoreError> {
    let query = || -> rusqlite::Result<i64> {
        let ever: Option<i64> = connection
            .query_row(
                "SELECT seq FROM sqlite_sequence WHERE name = 'run'",
                [],
                |row| row.get(0),
            )
            .optional()?;
        let now: i64 = connection.query_row("SELECT count(*) FROM run", [], |row| row.get(0))?;
        Ok(ever.unwrap_or(0).saturating_sub(now))
    };
    let removed = query().map_err(|error| StoreError::sqlite("read", path, error))?;
    Ok(u64::try_from(removed).unwrap_or(0))
}

fn delete(connection: &mut Connection, path: &Path, runs: &[RunId]) -> Result<u64, StoreError> {
    let failed = |error| StoreError::sqlite("prune", path, error);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let mut count = 0;
    // A run that a process has locked is being taken up again. The locks are
    // held until the deletion is durable, so nobody takes up half a run.
    let mut held = Vec::with_capacity(runs.len());
    for run in runs {
        let file = lock::run_path(path, *run);
        let Some(lock) =
            lock::claim(&file).map_err(|error| StoreError::io("lock a run of", path, error))?
        else {
            continue;
        };
        // It may have been taken up and left again since it was listed.
        let ended: Option<i64> = transaction
            .query_row(
                "DELETE FROM run WHERE id = ?1
                 AND status IN ('succeeded', 'rolled_back', 'abandoned') RETURNING number",
                params![run.to_string()],
                |row| row.get(0),
            )
            .optional()
            .map_err(failed)?;
        if let Some(number) = ended {
            transaction
                .execute("DELETE FROM event WHERE run = ?1", [number])
                .map_err(failed)?;
            // The process that asked was killed before it read the answer.
            transaction
                .execute("DELETE FROM request WHERE run = ?1", [run.to_string()])
                .map_err(failed)?;
            held.push((file, lock));
            count += 1;
        }
    }
    transaction.commit().map_err(failed)?;
    for (file, _lock) in &held {
        // What stays behind otherwise is an empty file.
        let _ = fs::remove_file(file);
    }
    Ok(count)
}
