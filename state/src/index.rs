//! The index of runs: one row each, so that a list folds no events.

use std::path::Path;

use rusqlite::{Connection, Params, Row, params};
use serde_json::Value;
use stepwell_engine::{RunId, Timestamp};

use crate::error::{FindError, StoreError};
use stepwell_engine::summary::RunStatus;

use crate::row::{RunFilter, RunRow};

/// A run's row and its latest event, which counts them and tells the time.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT run.id, workflow, target, account, status, started_at, ended_at,
                    last.seq, last.at
             FROM run
             JOIN event AS last ON last.run = run.number
              AND last.seq = (SELECT max(seq) FROM event WHERE event.run = run.number) ",
            $rest
        )
    };
}

/// A run that can't be read, because something else wrote to the file or its
/// page is damaged. It keeps no other from being listed or gone on with.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[error("run {id} can't be read: {why}")]
pub struct Unreadable {
    /// What stands for its id.
    pub id: String,
    /// Why.
    pub why: String,
}

/// The runs, newest first, and those that can't be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// The runs that were asked for.
    pub runs: Vec<RunRow>,
    /// All that can't be read, whatever was asked for.
    pub unreadable: Vec<Unreadable>,
}

/// The runs that a filter lets through, newest first.
pub(crate) fn list(
    connection: &Connection,
    path: &Path,
    filter: &RunFilter,
) -> Result<Vec<RunRow>, StoreError> {
    // A condition that is not asked for is null; a negative limit is none.
    query(
        connection,
        path,
        select!(
            "WHERE (?1 IS NULL OR workflow = ?1)
               AND (?2 IS NULL OR target = ?2)
               AND (NOT ?3 OR status NOT IN ('succeeded', 'rolled_back', 'abandoned'))
             ORDER BY run.number DESC LIMIT ?4"
        ),
        params![
            filter.workflow,
            filter.target,
            filter.unfinished_only,
            filter.limit.map_or(-1, i64::from),
        ],
    )
}

/// The runs that have ended with nothing left to do, but for the newest `keep`
/// of them and those that ended at `before` or later.
pub(crate) fn prunable(
    connection: &Connection,
    path: &Path,
    keep: u32,
    before: Option<Timestamp>,
) -> Result<Vec<RunRow>, StoreError> {
    query(
        connection,
        path,
        select!(
            "WHERE status IN ('succeeded', 'rolled_back', 'abandoned')
               AND (?2 IS NULL OR ended_at < ?2)
               AND run.number NOT IN (
                 SELECT number FROM run
                 WHERE status IN ('succeeded', 'rolled_back', 'abandoned')
                 ORDER BY number DESC LIMIT ?1)
             ORDER BY run.number DESC"
        ),
        params![keep, before.map(|before| before.0)],
    )
}

/// Who started a run.
pub(crate) fn starter(
    connection: &Connection,
    path: &Path,
    run: RunId,
) -> Result<Option<String>, StoreError> {
    connection
        .prepare_cached(
            "SELECT event.body ->> '$.data.by.user' FROM event JOIN run ON run.number = event.run
             WHERE run.id = ?1 AND seq = 0",
        )
        .and_then(|mut statement| statement.query_row([run.to_string()], |row| row.get(0)))
        .or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(None),
            other => Err(other),
        })
        .map_err(|error| StoreError::sqlite("read", path, error))
}

/// What looking for a run's id brought.
#[derive(Default)]
pub(crate) struct Matches {
    rows: Vec<RunRow>,
    /// Whether there is any run at all.
    any: bool,
}

/// The runs whose id begins with `text`, or the newest for `latest`.
pub(crate) fn with_prefix(
    connection: &Connection,
    path: &Path,
    text: &str,
) -> Result<Matches, StoreError> {
    let latest = |limit| RunFilter {
        limit: Some(limit),
        ..RunFilter::default()
    };
    let prefix = text.to_ascii_lowercase();
    let plausible = !prefix.is_empty()
        && prefix
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let rows = if prefix == "latest" {
        list(connection, path, &latest(1))?
    } else if plausible {
        // Every character of an id sorts before `g`.
        query(
            connection,
            path,
            select!("WHERE run.id >= ?1 AND run.id < ?1 || 'g' ORDER BY run.number DESC"),
            [&prefix],
        )?
    } else {
        Vec::new()
    };
    let any = !rows.is_empty() || !list(connection, path, &latest(1))?.is_empty();
    Ok(Matches { rows, any })
}

/// The one run that was found, or why there is not just one.
pub(crate) fn only(text: &str, mut found: Matches) -> Result<RunRow, FindError> {
    match (found.rows.pop(), found.rows.len()) {
        (Some(row), 0) => Ok(row),
        (Some(last), _) => Err(FindError::Ambiguous {
            text: text.to_owned(),
            ids: found.rows.iter().chain([&last]).map(|row| row.id).collect(),
        }),
        (None, _) if found.any => Err(FindError::NotFound {
            text: text.to_owned(),
        }),
        (None, _) => Err(FindError::Empty),
    }
}

fn query(
    connection: &Connection,
    path: &Path,
    sql: &str,
    params: impl Params,
) -> Result<Vec<RunRow>, StoreError> {
    let rows = decoded(connection, sql, params);
    let rows = rows.map_err(|error| StoreError::sqlite("read", path, error))?;
    // The others are told by `listing`.
    Ok(rows.into_iter().filter_map(Result::ok).collect())
}

/// The runs that a filter lets through, and all that can't be read, in one pass
/// over the index.
pub(crate) fn listing(
    connection: &Connection,
    path: &Path,
    filter: &RunFilter,
) -> Result<Listing, StoreError> {
    let limit = filter.limit.map_or(usize::MAX, |limit| limit as usize);
    let read = || -> rusqlite::Result<Listing> {
        let mut found = Listing::default();
        for row in decoded(connection, select!("ORDER BY run.number DESC"), [])? {
            match row {
                Ok(row) if found.runs.len() < limit && filter.admits(&row) => found.runs.push(row),
                Ok(_) => {}
                Err(unreadable) => found.unreadable.push(unreadable),
            }
        }
        let mut empty = connection.prepare_cached(
            "SELECT id FROM run WHERE NOT EXISTS (SELECT 1 FROM event WHERE run = number)",
        )?;
        let ids = empty.query_map([], id_text)?;
        for id in ids {
            found.unreadable.push(Unreadable {
                id: id?,
                why: "it has no events".to_owned(),
            });
        }
        Ok(found)
    };
    read().map_err(|error| StoreError::sqlite("read", path, error))
}

fn decoded(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<Vec<Result<RunRow, Unreadable>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode(row).or_else(|error| unreadable_text(row, error))?);
    }
    Ok(found)
}

/// A value that is not what its column promises spoils its row alone.
fn unreadable_text(
    row: &Row<'_>,
    error: rusqlite::Error,
) -> rusqlite::Result<Result<RunRow, Unreadable>> {
    let why = match error {
        rusqlite::Error::FromSqlConversionFailure(_, _, why) => why.to_string(),
        rusqlite::Error::Utf8Error(_, why) => why.to_string(),
        other => return Err(other),
    };
    let id = id_text(row)?;
    Ok(Err(Unreadable { id, why }))
}

/// The id in a row, also where something else wrote no text at all.
fn id_text(row: &Row<'_>) -> rusqlite::Result<String> {
    Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned())
}

fn decode(row: &Row<'_>) -> rusqlite::Result<Result<RunRow, Unreadable>> {
    let id: String = row.get(0)?;
    let account: String = row.get(3)?;
    let status: String = row.get(4)?;
    let last: i64 = row.get(7)?;
    let parsed = || -> Result<(RunId, Value, RunStatus, u32), String> {
        Ok((
            id.parse().map_err(|error| format!("{error}"))?,
            serde_json::from_str(&account).map_err(|error| error.to_string())?,
            RunStatus::from_name(&status).ok_or_else(|| format!("unknown status {status:?}"))?,
            u32::try_from(last.saturating_add(1))
                .map_err(|_| format!("its latest event is numbered {last}"))?,
        ))
    };
    let (run, account, status, events) = match parsed() {
        Ok(parsed) => parsed,
        Err(why) => return Ok(Err(Unreadable { id, why })),
    };
    Ok(Ok(RunRow {
        id: run,
        workflow: row.get(1)?,
        target: row.get(2)?,
        account,
        status,
        started_at: Timestamp(row.get(5)?),
        updated_at: Timestamp(row.get(8)?),
        ended_at: row.get::<_, Option<i64>>(6)?.map(Timestamp),
        events,
    }))
}
