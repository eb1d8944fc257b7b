//! What makes a row of the index, or the file as a whole, hard to believe.
//!
//! A list is made from the index alone, which no chain covers. So each row is
//! compared with the two or three events that it stands for: a few look-ups,
//! where [`verify`](crate::chain::verify) reads the whole history.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};
use stepwell_engine::Timestamp;
use stepwell_engine::event::EventBody;

use crate::chain::{CHAINED, Link};
use crate::error::StoreError;
use stepwell_engine::summary::RunStatus;

use crate::row::RunRow;
use crate::schema;

/// How many complaints about the file are asked for.
const MOST: u32 = 10;

/// Why the history does not bear out what a run's row says, if so. Nothing is
/// said of histories that have no chain yet.
pub(crate) fn doubt(
    connection: &Connection,
    path: &Path,
    row: &RunRow,
) -> Result<Option<String>, StoreError> {
    if schema::version(connection, path)? < CHAINED {
        return Ok(None);
    }
    compare(connection, row).map_err(|error| StoreError::sqlite("read", path, error))
}

fn compare(connection: &Connection, row: &RunRow) -> rusqlite::Result<Option<String>> {
    let id = row.id.to_string();
    let claimed: Option<(i64, Option<Vec<u8>>)> = connection
        .prepare_cached("SELECT number, head FROM run WHERE id = ?1")?
        .query_row([&id], |found| Ok((found.get(0)?, found.get(1)?)))
        .optional()?;
    let Some((number, head)) = claimed else {
        return Ok(Some("its row is gone".to_owned()));
    };
    let last = row.events.saturating_sub(1);
    let mut statement = connection.prepare_cached(
        "SELECT seq, at, body, link,
                (SELECT link FROM event AS before WHERE before.run = ?1 AND before.seq = event.seq - 1)
         FROM event WHERE run = ?1 AND (seq IN (0, ?2) OR link = ?3) ORDER BY seq",
    )?;
    let mut events = statement.query(params![number, last, head])?;
    let mut status = None;
    while let Some(event) = events.next()? {
        let seq: u32 = event.get(0)?;
        let at = Timestamp(event.get(1)?);
        let body = event.get_ref(2)?.as_bytes()?;
        let link = event.get_ref(3)?.as_bytes_or_null()?;
        let before = match seq {
            0 => Some(Link::origin(&id)),
            _ => event.get_ref(4)?.as_bytes_or_null()?.and_then(Link::read),
        };
        let due = before.map(|before| before.next(seq, at.0, body));
        if due.is_none() || due.as_ref().map(Link::bytes) != link {
            return Ok(Some(format!("event {seq} is not as it was recorded")));
        }
        let says_otherwise = Ok(Some(format!("event {seq} says something else")));
        if seq == last && at != row.updated_at {
            return says_otherwise;
        }
        if seq != 0 && link != head.as_deref() {
            continue;
        }
        let Ok(body) = serde_json::from_slice::<EventBody>(body) else {
            return Ok(Some(format!("event {seq} is not an event of this version")));
        };
        if let EventBody::RunCreated(created) = &body
            && (created.workflow != row.workflow
                || created.target != row.target
                || created.account != row.account
                || at != row.started_at)
        {
            return says_otherwise;
        }
        if link == head.as_deref() {
            let ended = matches!(body, EventBody::RunEnded(_)).then_some(at);
            status = RunStatus::after(&body);
            if status != Some(row.status) || ended != row.ended_at {
                return says_otherwise;
            }
        }
    }
    Ok(status
        .is_none()
        .then(|| "its latest event is missing".to_owned()))
}

/// What SQLite finds wrong with the file, in its own words; nothing if all is
/// well.
pub(crate) fn damage(connection: &Connection, path: &Path) -> Result<Vec<String>, StoreError> {
    let failed = |error| StoreError::sqlite("read", path, error);
    let mut statement = connection
        .prepare(&format!("PRAGMA integrity_check({MOST})"))
        .map_err(failed)?;
    let found = statement
        .query_map([], |row| row.get(0))
        .and_then(|lines| lines.collect::<rusqlite::Result<Vec<String>>>())
        .map_err(failed)?;
    // It answers with one line that says so, or with complaints, some of which
    // have several lines.
    Ok(found
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| *line != "ok")
        .map(str::to_owned)
        .collect())
}
