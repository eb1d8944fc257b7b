//! A run's events, read back.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Deserialize;
use serde_json::Value;
use stepwell_engine::event::{EventBody, Outcome, Verb};
use stepwell_engine::{Event, RunId, Timestamp};

use crate::error::StoreError;

/// A row that is not an event.
#[derive(Debug, thiserror::Error)]
#[error("event {seq} of run {run} can't be read")]
struct Unreadable {
    run: RunId,
    seq: i64,
    source: Why,
}

/// What is wrong with a row.
#[derive(Debug, thiserror::Error)]
enum Why {
    #[error(transparent)]
    Text(#[from] serde_json::Error),
    #[error("its number is out of range")]
    Number,
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

/// The first event of a run.
pub(crate) fn beginning(
    connection: &Connection,
    path: &Path,
    run: RunId,
) -> Result<Option<Event>, StoreError> {
    let failed = |error| StoreError::sqlite("read", path, error);
    let read = connection
        .prepare_cached(
            "SELECT seq, at, body FROM event
             WHERE run = (SELECT number FROM run WHERE id = ?1) AND seq = 0",
        )
        .and_then(|mut statement| {
            let row = |row: &Row<'_>| event(run, row);
            statement.query_row([run.to_string()], row).optional()
        });
    read.map_err(failed)?
        .transpose()
        .map_err(|unreadable| StoreError::content(path, unreadable))
}

fn event(run: RunId, row: &Row<'_>) -> rusqlite::Result<Result<Event, Unreadable>> {
    let place: i64 = row.get(0)?;
    let at = Timestamp(row.get(1)?);
    // Whoever else wrote it may have written no UTF-8.
    let bytes = row.get_ref(2)?.as_bytes()?;
    let body = body(bytes).map_err(Why::Text);
    let numbered = u32::try_from(place).map_err(|_| Why::Number);
    Ok(match (numbered, body) {
        (Ok(seq), Ok(body)) => Ok(Event { run, seq, at, body }),
        (Err(source), _) | (_, Err(source)) => Err(Unreadable {
            run,
            seq: place,
            source,
        }),
    })
}

/// An event's text, read.
pub(crate) fn body(bytes: &[u8]) -> serde_json::Result<EventBody> {
    match std::str::from_utf8(bytes).ok().and_then(quick) {
        Some(body) => Ok(body),
        None => serde_json::from_slice(bytes),
    }
}

/// Reads the two kinds of event that nearly all of a history is made of, as
/// this crate writes them, in a fraction of the time that the general way takes
/// with its flattened and tagged fields. Whatever is in any way unusual is
/// `None`, and left to the general way.
fn quick(text: &str) -> Option<EventBody> {
    let text = text
        .strip_prefix("{\"kind\":\"attempt_")?
        .strip_suffix('}')?;
    if let Some(data) = text.strip_prefix("started\",\"data\":") {
        let Started {
            step,
            attempt,
            verb,
        } = serde_json::from_str(data).ok()?;
        return Some(EventBody::AttemptStarted {
            step: step.into(),
            attempt,
            verb,
        });
    }
    let data = text.strip_prefix("succeeded\",\"data\":")?;
    let Succeeded {
        step,
        attempt,
        verb,
        outcome,
        output,
    } = serde_json::from_str(data).ok()?;
    let outcome = match (outcome, output) {
        ("made", Some(output)) => Outcome::Made { output },
        ("ours", Some(output)) => Outcome::Ours { output },
        ("theirs", Some(output)) => Outcome::Theirs { output },
        _ => return None,
    };
    Some(EventBody::AttemptSucceeded {
        step: step.into(),
        attempt,
        verb,
        outcome,
    })
}

#[derive(Deserialize)]
struct Started<'a> {
    step: &'a str,
    attempt: u32,
    verb: Verb,
}

#[derive(Deserialize)]
struct Succeeded<'a> {
    step: &'a str,
    attempt: u32,
    verb: Verb,
    outcome: &'a str,
    output: Option<Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quick way reads what it should, and just as the general way does.
    #[test]
    fn both_ways_agree() {
        let start = r#"{"kind":"attempt_started","data":{"step":"a","attempt":2,"verb":"undo"}}"#;
        let made = r#"{"kind":"attempt_succeeded","data":{"step":"a b","attempt":1,"verb":"run","outcome":"made","output":{"x":[1,2.5,"\n"],"y":null}}}"#;
        let ours = made.replace("made", "ours");
        let theirs = made.replace("made", "theirs");
        for text in [start, made, &ours, &theirs] {
            let general: EventBody = serde_json::from_str(text).expect("an event");
            assert_eq!(quick(text), Some(general.clone()), "{text}");
            assert_eq!(serde_json::to_string(&general).expect("text"), text);
        }
    }

    #[test]
    fn the_unusual_is_left_to_the_general_way() {
        let escaped =
            r#"{"kind":"attempt_started","data":{"step":"\"","attempt":2,"verb":"undo"}}"#;
        let undone = r#"{"kind":"attempt_succeeded","data":{"step":"a","attempt":1,"verb":"undo","outcome":"undone"}}"#;
        let null = r#"{"kind":"attempt_succeeded","data":{"step":"a","attempt":1,"verb":"run","outcome":"made","output":null}}"#;
        let turned = r#"{"data":{"step":"a","attempt":2,"verb":"undo"},"kind":"attempt_started"}"#;
        for text in [escaped, undone, null, turned] {
            assert_eq!(quick(text), None, "{text}");
            serde_json::from_str::<EventBody>(text).expect("an event");
        }
    }
}
