//! Raw SQLite: what the disk allows.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::Failure;

/// Small inserts, one per transaction, for about `span`: how many per second.
pub(crate) fn commits_per_s(dir: &Path, span: Duration) -> Result<f64, Failure> {
    let dir = tempfile::tempdir_in(dir)?;
    let connection = Connection::open(dir.path().join("raw.db"))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")?;
    let mut insert = connection.prepare("INSERT INTO t (text) VALUES ('a small text')")?;
    let started = Instant::now();
    let mut count = 0_u32;
    while started.elapsed() < span {
        insert.execute([])?;
        count += 1;
    }
    Ok(f64::from(count) / started.elapsed().as_secs_f64())
}
