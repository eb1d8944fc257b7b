//! A run's events, read back.

use std::path::Path;

use rusqlite::{Connection, Row};
use stepwell_engine::{Event, RunId, Timestamp};

use crate::error::StoreError;

/// An event's text that is not an event.
#[derive(Debug, thiserror::Error)]
#[error("event {seq} of run {run} can't be read")]
struct Unreadable {
    run: RunId,
    seq: u32,
    source: serde_json::Error,
}

/// All events of a run in order.
pub(crate) fn events(
    connection: &Connection,
    path: &Path,
    run: RunId,
) -> Result<Vec<Event>, StoreError> {
    let failed = |error| StoreError::sqlite("read", path, error);
    let mut statement = connection
        .prepare_cached(
            "SELECT seq, at, body FROM event
             WHERE run = (SELECT number FROM run WHERE id = ?1) ORDER BY seq",
        )
        .map_err(failed)?;
    let mut rows = statement.query([run.to_string()]).map_err(failed)?;
    let mut events = Vec::new();
    while let Some(row) = rows.next().map_err(failed)? {
        let event = event(run, row).map_err(failed)?;
        events.push(event.map_err(|unreadable| StoreError::content(path, unreadable))?);
    }
    Ok(events)
}

fn event(run: RunId, row: &Row<'_>) -> rusqlite::Result<Result<Event, Unreadable>> {
    let seq = row.get(0)?;
    let at = Timestamp(row.get(1)?);
    let text = row.get_ref(2)?.as_str()?;
    Ok(match serde_json::from_str(text) {
        Ok(body) => Ok(Event { run, seq, at, body }),
        Err(source) => Err(Unreadable { run, seq, source }),
    })
}
