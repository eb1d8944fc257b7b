//! The rows of events on their way into the table, many with one statement.

use std::sync::LazyLock;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};
use stepwell_engine::Event;

use crate::chain::Link;

/// How many rows go in with one statement. More hardly make it any faster.
const MANY: usize = 16;

/// The columns of a row.
const COLUMNS: usize = 5;

/// The rows that wait. The buffers are used again and again.
#[derive(Default)]
pub(crate) struct Rows {
    waiting: Vec<Row>,
    /// Their bodies, one behind the other.
    text: Vec<u8>,
}

struct Row {
    run: i64,
    seq: u32,
    at: i64,
    /// Where its body ends.
    end: usize,
    link: Link,
}

impl Rows {
    /// Forgets what waits.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        self.text.clear();
    }

    /// Adds an event of the run with this number to the rows, behind the one
    /// with this link; gives its own.
    pub(crate) fn add(
        &mut self,
        connection: &Connection,
        run: i64,
        event: &Event,
        before: &Link,
    ) -> rusqlite::Result<Link> {
        let start = self.text.len();
        serde_json::to_writer(&mut self.text, &event.body)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        let link = before.next(event.seq, event.at.0, &self.text[start..]);
        self.waiting.push(Row {
            run,
            seq: event.seq,
            at: event.at.0,
            end: self.text.len(),
            link,
        });
        if self.waiting.len() == MANY {
            self.insert(connection, MANY)?;
        }
        Ok(link)
    }

    /// Inserts all that waits.
    pub(crate) fn flush(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.insert(connection, 1)
    }

    /// Inserts all that waits, so many at a time.
    fn insert(&mut self, connection: &Connection, at_once: usize) -> rusqlite::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let mut statement = match at_once {
            1 => connection.prepare_cached(ONE)?,
            _ => connection.prepare_cached(&SEVERAL)?,
        };
        let mut start = 0;
        for rows in self.waiting.chunks(at_once) {
            for (place, row) in rows.iter().enumerate() {
                let body = &self.text[start..row.end];
                bind(&mut statement, place * COLUMNS, row, body)?;
                start = row.end;
            }
            statement.raw_execute()?;
        }
        self.clear();
        Ok(())
    }
}

/// What fails takes the whole transaction with it. So a statement need not be
/// able to take back its own part, for which SQLite would copy each page.
const ONE: &str = "INSERT OR FAIL INTO event (run, seq, at, body, link) VALUES (?, ?, ?, ?, ?)";

static SEVERAL: LazyLock<String> =
    LazyLock::new(|| ONE.to_owned() + &", (?, ?, ?, ?, ?)".repeat(MANY - 1));

fn bind(
    statement: &mut Statement<'_>,
    before: usize,
    row: &Row,
    body: &[u8],
) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(before + 1, row.run)?;
    statement.raw_bind_parameter(before + 2, row.seq)?;
    statement.raw_bind_parameter(before + 3, row.at)?;
    let body = ToSqlOutput::Borrowed(ValueRef::Text(body));
    statement.raw_bind_parameter(before + 4, body)?;
    statement.raw_bind_parameter(before + COLUMNS, row.link.bytes())
}
