//! The one connection that writes, and what a transaction of appends does.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, params};
use stepwell_engine::event::{EventBody, RunCreated};
use stepwell_engine::{Event, JournalError, RunId};

use crate::chain::Link;
use crate::error::StoreError;
use crate::open::cannot_write;
use crate::room::Room;
use crate::rows::Rows;
use crate::watch::Watch;
use stepwell_engine::summary::RunStatus;

/// The connection that writes.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    path: PathBuf,
    watch: Watch,
    room: Room,
    rows: Rows,
    tails: Tails,
}

/// The ends of the histories that this connection has written to, so that an
/// append need not look for its own.
#[derive(Default)]
struct Tails {
    /// What `PRAGMA data_version` said: it changes when another connection has
    /// written, and then nothing of this counts any more.
    version: i64,
    by_run: HashMap<RunId, Tail>,
}

/// The end of a history.
#[derive(Clone, Copy)]
struct Tail {
    /// The run's row.
    number: i64,
    /// The place of the next event.
    next: u32,
    link: Link,
}

/// What became of the appends of one transaction.
pub(crate) struct Committed {
    /// One for each append, in order.
    pub(crate) results: Vec<Result<(), JournalError>>,
    /// Whether a transaction was committed.
    pub(crate) wrote: bool,
}

impl Writer {
    /// The connection must have read already, so that the log, if it has one, is
    /// there.
    pub(crate) fn new(
        connection: Connection,
        path: &Path,
        has_log: bool,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            connection,
            path: path.to_owned(),
            watch: Watch::new(path, has_log)?,
            room: Room::default(),
            rows: Rows::default(),
            tails: Tails::default(),
        })
    }

    /// Whether what is written is where others will look for it.
    pub(crate) fn in_place(&self) -> Result<(), StoreError> {
        self.watch.check()
    }

    /// Forgets where histories end: something else than an append has changed
    /// the file through this connection.
    pub(crate) fn forget(&mut self) {
        self.tails.by_run.clear();
    }

    /// Makes the appends durable in one transaction. One that is refused leaves
    /// no trace and does not hinder the others; if the transaction fails, all
    /// fail.
    pub(crate) fn commit<'a>(
        &mut self,
        appends: impl ExactSizeIterator<Item = &'a [Event]>,
    ) -> Committed {
        let count = appends.len();
        // Looked at on both sides: nothing may be told as recorded that is in no
        // file, and nothing added to a file that is nobody's any more.
        let done = self
            .write(appends)
            // SQLite may notice it, too, and then has other words for it.
            .map_err(|error| match self.in_place() {
                Err(moved) => moved,
                Ok(()) => cannot_write(&self.path, error),
            })
            .and_then(|results| {
                self.in_place()?;
                if let Some((log, file)) = self.watch.log() {
                    self.room.make(log, file);
                }
                self.end("COMMIT")
                    .map_err(|error| cannot_write(&self.path, error))?;
                self.watch.check_database()?;
                Ok(results)
            });
        match done {
            Ok(results) => Committed {
                wrote: results.iter().any(Result::is_ok),
                results,
            },
            Err(error) => {
                // Whatever was written is taken back; if even that fails, the
                // next BEGIN will say so.
                let _ = self.end("ROLLBACK");
                self.forget();
                Committed {
                    results: (0..count)
                        .map(|_| Err(write_failed(error.clone())))
                        .collect(),
                    wrote: false,
                }
            }
        }
    }

    /// Begins a transaction and writes the appends in it.
    fn write<'a>(
        &mut self,
        appends: impl Iterator<Item = &'a [Event]>,
    ) -> rusqlite::Result<Vec<Result<(), JournalError>>> {
        let connection = &self.connection;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let version = connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if version != self.tails.version {
            self.tails.version = version;
            self.tails.by_run.clear();
        }
        let (rows, tails) = (&mut self.rows, &mut self.tails.by_run);
        rows.clear();
        let results = appends
            .map(|events| append(connection, rows, tails, events))
            .collect::<rusqlite::Result<_>>()?;
        rows.flush(connection)?;
        Ok(results)
    }

    fn end(&self, how: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(how)?.execute([]).map(drop)
    }
}

/// A failure of the state file, as the engine sees it.
pub(crate) fn write_failed(error: StoreError) -> JournalError {
    JournalError::Store {
        context: "the journal can't be written".to_owned(),
        source: Box::new(error),
    }
}

/// Writes one append, but for rows that wait for more. The inner error refuses it before anything is written;
/// the outer one spoils the transaction.
fn append(
    connection: &Connection,
    rows: &mut Rows,
    tails: &mut HashMap<RunId, Tail>,
    events: &[Event],
) -> rusqlite::Result<Result<(), JournalError>> {
    let Some(first) = events.first() else {
        return Ok(Ok(()));
    };
    let known = match tails.get(&first.run) {
        Some(tail) => Some(*tail),
        None => {
            // It may have ended in this very transaction.
            rows.flush(connection)?;
            match tail(connection, first.run)? {
                Ok(tail) => tail,
                Err(refusal) => return Ok(Err(write_failed(refusal))),
            }
        }
    };
    if let Err(refusal) = fits(events, first.run, known.map_or(0, |tail| tail.next)) {
        return Ok(Err(refusal));
    }
    let (number, mut link) = match (known, &first.body) {
        (Some(tail), _) => (tail.number, tail.link),
        (None, EventBody::RunCreated(created)) => {
            let id = first.run.to_string();
            let number = create(connection, &id, first, created)?;
            (number, Link::origin(&id))
        }
        (None, _) => {
            let error = StoreError::Events("a history begins with the run's creation");
            return Ok(Err(write_failed(error)));
        }
    };
    for event in events {
        link = rows.add(connection, number, event, &link)?;
        project(connection, number, event, &link)?;
    }
    match events.last() {
        // Whoever ends is rarely heard of again.
        Some(last) if !matches!(last.body, EventBody::RunEnded(_)) => {
            let next = last.seq.saturating_add(1);
            tails.insert(first.run, Tail { number, next, link });
        }
        _ => drop(tails.remove(&first.run)),
    }
    Ok(Ok(()))
}

/// Looks for the end of a run's history; the inner error is that of a history
/// to which nothing may be added.
fn tail(connection: &Connection, run: RunId) -> rusqlite::Result<Result<Option<Tail>, StoreError>> {
    let known: Option<(i64, i64, Option<Link>)> = connection
        .prepare_cached(
            "SELECT number, seq, link FROM run JOIN event ON run = number
             WHERE id = ?1 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([run.to_string()], |row| {
            let link = row.get_ref(2)?.as_bytes_or_null()?.and_then(Link::read);
            Ok((row.get(0)?, row.get(1)?, link))
        })
        .optional()?;
    let Some((number, last, link)) = known else {
        return Ok(Ok(None));
    };
    let broken = |why: &str| {
        Err(StoreError::Broken {
            run,
            seq: u32::try_from(last).unwrap_or(u32::MAX),
            why: why.to_owned(),
        })
    };
    Ok(match (u32::try_from(last.saturating_add(1)), link) {
        (Err(_), _) => broken("it has a number that no event has"),
        (Ok(_), None) => broken("its link is missing"),
        (Ok(next), Some(link)) => Ok(Some(Tail { number, next, link })),
    })
}

/// Whether the events are the next part of the run's history.
fn fits(events: &[Event], run: RunId, next: u32) -> Result<(), JournalError> {
    for (due, event) in (u64::from(next)..).zip(events) {
        if event.run != run {
            let error = StoreError::Events("they belong to several runs");
            return Err(write_failed(error));
        }
        if u64::from(event.seq) != due {
            return Err(JournalError::Conflict {
                run,
                seq: event.seq,
            });
        }
    }
    Ok(())
}

fn create(
    connection: &Connection,
    id: &str,
    event: &Event,
    created: &RunCreated,
) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO run (id, workflow, target, account, status, started_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .insert(params![
            id,
            created.workflow,
            created.target,
            created.account.to_string(),
            RunStatus::Running.as_str(),
            event.at.0,
        ])
}

/// Carries a run-level event over to the run's row. Events of attempts leave
/// the row alone: it would cost a page in every commit.
fn project(
    connection: &Connection,
    number: i64,
    event: &Event,
    link: &Link,
) -> rusqlite::Result<()> {
    let Some(status) = RunStatus::after(&event.body) else {
        return Ok(());
    };
    let ended = matches!(event.body, EventBody::RunEnded(_)).then_some(event.at.0);
    connection
        .prepare_cached("UPDATE run SET status = ?2, ended_at = ?3, head = ?4 WHERE number = ?1")?
        .execute(params![number, status.as_str(), ended, link.bytes()])?;
    Ok(())
}
