//! Forgetting old runs.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use stepwell_engine::{RunId, Timestamp};

use crate::error::StoreError;
use crate::lock;

/// How many runs are deleted in one transaction; as many lock files are open.
const CHUNK: usize = 64;

/// Deletes the runs that ended before `before` with nothing left to do.
pub(crate) fn prune(
    connection: &mut Connection,
    path: &Path,
    before: Timestamp,
) -> Result<u64, StoreError> {
    let failed = |error| StoreError::sqlite("prune", path, error);
    let old: Vec<(i64, String)> = connection
        .prepare_cached(
            "SELECT number, id FROM run
             WHERE status IN ('succeeded', 'rolled_back', 'abandoned') AND ended_at < ?1",
        )
        .and_then(|mut statement| {
            let rows = statement.query_map([before.0], |row| {
                let id = row.get_ref(1)?.as_bytes()?;
                Ok((row.get(0)?, String::from_utf8_lossy(id).into_owned()))
            })?;
            rows.collect()
        })
        .map_err(failed)?;
    let mut count = 0;
    for chunk in old.chunks(CHUNK) {
        count += delete(connection, path, chunk)?;
    }
    Ok(count)
}

fn delete(
    connection: &mut Connection,
    path: &Path,
    runs: &[(i64, String)],
) -> Result<u64, StoreError> {
    let failed = |error| StoreError::sqlite("prune", path, error);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let mut count = 0;
    // A run that a process has locked is being taken up again. The locks are
    // held until the deletion is durable, so nobody takes up half a run.
    let mut held = Vec::with_capacity(runs.len());
    for (number, id) in runs {
        // One that nobody can name keeps no other.
        let Ok(run) = id.parse::<RunId>() else {
            continue;
        };
        let file = lock::run_path(path, run);
        let Some(lock) =
            lock::claim(&file).map_err(|error| StoreError::io("lock a run of", path, error))?
        else {
            continue;
        };
        // It may have been taken up and left again since it was listed.
        let deleted = transaction
            .execute(
                "DELETE FROM run WHERE number = ?1
                 AND status IN ('succeeded', 'rolled_back', 'abandoned')",
                [number],
            )
            .map_err(failed)?;
        if deleted == 1 {
            transaction
                .execute("DELETE FROM event WHERE run = ?1", [number])
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
