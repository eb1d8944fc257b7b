//! Plain SQLite with the rows of the journal: what they cost without an engine.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, params};

use crate::Failure;

/// A row of the journal.
struct Row {
    run: i64,
    seq: i64,
    at: i64,
    body: String,
    link: Vec<u8>,
}

/// What a run wrote, two rows for each step and two for the run itself.
pub(crate) struct Rows(Vec<Row>);

impl Rows {
    /// Reads them in the order in which they were written.
    pub(crate) fn read(journal: &Path) -> Result<Self, Failure> {
        let connection = Connection::open_with_flags(journal, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut statement = connection
            .prepare("SELECT run, seq, at, body, link FROM event ORDER BY at, run, seq")?;
        let rows = statement.query_map([], |row| {
            Ok(Row {
                run: row.get(0)?,
                seq: row.get(1)?,
                at: row.get(2)?,
                body: row.get(3)?,
                link: row.get(4)?,
            })
        })?;
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    /// Writes them to a fresh file with the tables and the settings of a
    /// journal, two in a transaction; how long that takes.
    pub(crate) fn write(&self, dir: &Path) -> Result<Duration, Failure> {
        let dir = tempfile::tempdir_in(dir)?;
        let connection = Connection::open(dir.path().join("plain.db"))?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch(
            "CREATE TABLE run (number INTEGER PRIMARY KEY, status TEXT, head BLOB) STRICT;
             CREATE TABLE event (
                 run  INTEGER NOT NULL,
                 seq  INTEGER NOT NULL,
                 at   INTEGER NOT NULL,
                 body TEXT NOT NULL,
                 link BLOB,
                 UNIQUE (run, seq)
             ) STRICT;",
        )?;
        let mut begin = connection.prepare("BEGIN IMMEDIATE")?;
        let mut insert = connection
            .prepare("INSERT INTO event (run, seq, at, body, link) VALUES (?, ?, ?, ?, ?)")?;
        let mut head = connection.prepare(
            "INSERT OR REPLACE INTO run (number, status, head) VALUES (?, 'running', ?)",
        )?;
        let mut commit = connection.prepare("COMMIT")?;
        let started = Instant::now();
        for (place, rows) in self.0.chunks(2).enumerate() {
            begin.execute([])?;
            for row in rows {
                insert.execute(params![row.run, row.seq, row.at, row.body, row.link])?;
            }
            // The run's own row, which is written when it begins and ends.
            if place == 0 || (place + 1) * 2 >= self.0.len() {
                head.execute(params![rows[0].run, rows[0].link])?;
            }
            commit.execute([])?;
        }
        Ok(started.elapsed())
    }
}
