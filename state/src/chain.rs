//! The chain that makes a history tamper-evident: each event carries a hash
//! over itself and the hash of the event before it. Whoever changes, adds or
//! removes an event in the file breaks it from there on.
//!
//! There is no key, so somebody who can write the file can also compute the
//! whole chain anew. Its last link is therefore shown at the end of each run:
//! who keeps that elsewhere (the log of a CI job) notices even this.

use std::fmt;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use sha2::{Digest as _, Sha256};
use stepwell_engine::event::EventBody;
use stepwell_engine::{Event, RunId, Timestamp};

use crate::decode;
use crate::error::StoreError;
use crate::schema;
use stepwell_engine::summary::RunStatus;

/// The first version of the schema that has chains.
pub(crate) const CHAINED: u32 = 2;

/// A link of the chain; shown in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Link([u8; 32]);

impl Link {
    /// The link before a run's first event.
    pub(crate) fn origin(run: &str) -> Self {
        Self(Sha256::digest(run).into())
    }

    /// The link of the event that follows.
    pub(crate) fn next(&self, seq: u32, at: i64, body: &[u8]) -> Self {
        let mut head = [0; 32 + 4 + 8];
        head[..32].copy_from_slice(&self.0);
        head[32..36].copy_from_slice(&seq.to_le_bytes());
        head[36..].copy_from_slice(&at.to_le_bytes());
        let hash = Sha256::new_with_prefix(head).chain_update(body);
        Self(hash.finalize().into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Whether a run's history is as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is whole.
    Whole {
        /// How many events it has.
        events: u32,
        /// The last link, which stands for all of them.
        head: Link,
    },
    /// It was recorded before there were chains, and has not been upgraded: a
    /// file that is only read is left as it is.
    Unchained {
        /// How many events it has.
        events: u32,
    },
    /// It is not.
    Broken {
        /// The first event that is not as it was recorded.
        seq: u32,
        /// What is wrong with it.
        why: String,
    },
}

/// Gives the events of an older schema their links.
pub(crate) fn forge(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let mut runs = transaction.prepare("SELECT number, id FROM run")?;
    let mut read =
        transaction.prepare("SELECT seq, at, body FROM event WHERE run = ?1 ORDER BY seq")?;
    let mut write =
        transaction.prepare("UPDATE event SET link = ?3 WHERE run = ?1 AND seq = ?2")?;
    let mut runs = runs.query([])?;
    while let Some(run) = runs.next()? {
        let (number, id): (i64, String) = (run.get(0)?, run.get(1)?);
        let mut link = Link::origin(&id);
        let mut head = None;
        let mut rows = read.query([number])?;
        while let Some(row) = rows.next()? {
            let body: String = row.get(2)?;
            link = link.next(row.get(0)?, row.get(1)?, body.as_bytes());
            write.execute(params![number, row.get::<_, u32>(0)?, link.bytes()])?;
            if serde_json::from_str(&body)
                .ok()
                .and_then(|body: EventBody| RunStatus::after(&body))
                .is_some()
            {
                head = Some(link);
            }
        }
        transaction.execute(
            "UPDATE run SET head = ?2 WHERE number = ?1",
            params![number, head.as_ref().map(Link::bytes)],
        )?;
    }
    Ok(())
}

/// What the index says of a run.
struct Claimed {
    number: i64,
    workflow: String,
    target: String,
    account: String,
    status: String,
    started_at: i64,
    ended_at: Option<i64>,
    head: Option<Vec<u8>>,
}

/// Compares a run's history with its chain, and its row with its history;
/// nothing if there is no such run.
pub(crate) fn verify(
    connection: &Connection,
    path: &Path,
    run: RunId,
) -> Result<Option<Verdict>, StoreError> {
    let verdict = if schema::version(connection, path)? < CHAINED {
        unchained(connection, run)
    } else {
        check(connection, run, |_| {})
    };
    verdict.map_err(|error| StoreError::sqlite("read", path, error))
}

/// What there is to say of a run in a file without chains.
fn unchained(connection: &Connection, run: RunId) -> rusqlite::Result<Option<Verdict>> {
    let events: Option<u32> = connection.query_row(
        "SELECT max(seq) + 1 FROM event
         WHERE run = (SELECT number FROM run WHERE id = ?1)",
        [run.to_string()],
        |row| row.get(0),
    )?;
    Ok(events.map(|events| Verdict::Unchained { events }))
}

/// A run's history, and whether it is as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// Whether it is.
    pub verdict: Verdict,
    /// The events; of a broken history those before it breaks.
    pub events: Vec<Event>,
}

/// As [`verify`], and keeps the events that it has to read for it.
pub(crate) fn examine(
    connection: &Connection,
    path: &Path,
    run: RunId,
) -> Result<Option<Examined>, StoreError> {
    let mut events = Vec::new();
    let verdict = if schema::version(connection, path)? < CHAINED {
        events = decode::events(connection, path, run)?;
        unchained(connection, run)
    } else {
        check(connection, run, |event| events.push(event))
    };
    let verdict = verdict.map_err(|error| StoreError::sqlite("read", path, error))?;
    Ok(verdict.map(|verdict| Examined { verdict, events }))
}

fn check(
    connection: &Connection,
    run: RunId,
    mut keep: impl FnMut(Event),
) -> rusqlite::Result<Option<Verdict>> {
    let id = run.to_string();
    let claimed = connection
        .prepare_cached(
            "SELECT number, workflow, target, account, status, started_at, ended_at, head
             FROM run WHERE id = ?1",
        )?
        .query_row([&id], |row| {
            Ok(Claimed {
                number: row.get(0)?,
                workflow: row.get(1)?,
                target: row.get(2)?,
                account: row.get(3)?,
                status: row.get(4)?,
                started_at: row.get(5)?,
                ended_at: row.get(6)?,
                head: row.get(7)?,
            })
        })
        .optional()?;
    let Some(claimed) = claimed else {
        return Ok(None);
    };
    let mut statement = connection
        .prepare_cached("SELECT seq, at, body, link FROM event WHERE run = ?1 ORDER BY seq")?;
    let mut rows = statement.query([claimed.number])?;
    let mut link = Link::origin(&id);
    let mut due = 0;
    let mut head = None;
    let (mut status, mut ended) = (None, None);
    let broken = |seq, why: &str| {
        Ok(Some(Verdict::Broken {
            seq,
            why: why.to_owned(),
        }))
    };
    while let Some(row) = rows.next()? {
        let (seq, place): (u32, i64) = (due, row.get(0)?);
        if place != i64::from(seq) {
            return broken(seq, "it is missing");
        }
        let at = Timestamp(row.get(1)?);
        let body = row.get_ref(2)?.as_bytes()?;
        link = link.next(seq, at.0, body);
        if row.get_ref(3)?.as_bytes_or_null()? != Some(link.bytes()) {
            return broken(seq, "it is not as it was recorded");
        }
        let Ok(body) = decode::body(body) else {
            return broken(seq, "it is not an event of this version");
        };
        if let EventBody::RunCreated(created) = &body
            && (created.workflow != claimed.workflow
                || created.target != claimed.target
                || serde_json::from_str(&claimed.account).ok().as_ref() != Some(&created.account)
                || at.0 != claimed.started_at)
        {
            return broken(seq, "the row of the run says something else");
        }
        if let Some(after) = RunStatus::after(&body) {
            (head, status) = (Some(link), Some(after));
            ended = matches!(body, EventBody::RunEnded(_)).then_some(at.0);
        }
        keep(Event { run, seq, at, body });
        due += 1;
    }
    // The row is written with each run-level event, in the same transaction.
    if due == 0 || head.as_ref().map(Link::bytes) != claimed.head.as_deref() {
        return broken(due, "it is missing");
    }
    if status.map(RunStatus::as_str) != Some(&claimed.status) || ended != claimed.ended_at {
        return broken(due - 1, "the row of the run says something else");
    }
    Ok(Some(Verdict::Whole {
        events: due,
        head: link,
    }))
}
