//! What persons ask of a run while another process carries it: a table beside
//! the journal, for only the process that carries the run writes its history.

use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use stepwell_engine::event::Actor;
use stepwell_engine::{RunId, StepName, Timestamp};

use crate::error::StoreError;
use crate::open::cannot_write;
use crate::store::Store;

/// Asks the process that carries a run for another try of a step at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The step.
    pub step: StepName,
    /// Who asks.
    pub by: Actor,
    /// Why, in the person's words.
    pub reason: String,
}

/// A request that was made, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(i64);

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nobody has taken it up yet.
    None,
    /// It is recorded in the history.
    Done,
    /// It is not possible, and why.
    Refused(String),
    /// It was dropped, because another process has taken up the run.
    Dropped,
}

impl Store {
    /// Asks something of a run.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn ask(
        &self,
        run: RunId,
        request: &Request,
        at: Timestamp,
    ) -> Result<RequestId, StoreError> {
        let body = serde_json::to_string(request).unwrap_or_default();
        self.write(|connection| {
            connection
                .prepare_cached("INSERT INTO request (run, at, body) VALUES (?1, ?2, ?3)")?
                .insert(params![run.to_string(), at.0, body])
                .map(RequestId)
        })
    }

    /// The requests of a run that nobody has answered, the first one first.
    /// One that can't be read is left out.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn requests(&self, run: RunId) -> Result<Vec<(RequestId, Request)>, StoreError> {
        self.look(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT number, body FROM request
                 WHERE run = ?1 AND answer IS NULL ORDER BY number",
            )?;
            let rows = statement.query_map([run.to_string()], |row| {
                Ok((RequestId(row.get(0)?), row.get::<_, String>(1)?))
            })?;
            let mut found = Vec::new();
            for row in rows {
                let (id, body) = row?;
                if let Ok(request) = serde_json::from_str(&body) {
                    found.push((id, request));
                }
            }
            Ok(found)
        })
    }

    /// Answers a request: that it is recorded, or why it is not possible.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn answer(&self, id: RequestId, answer: Result<(), &str>) -> Result<(), StoreError> {
        let text = answer.err().unwrap_or_default();
        self.write(|connection| {
            connection
                .prepare_cached("UPDATE request SET answer = ?2 WHERE number = ?1")?
                .execute(params![id.0, text])
                .map(drop)
        })
    }

    /// What became of a request.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn answered(&self, id: RequestId) -> Result<Answer, StoreError> {
        let found = self.look(|connection| {
            connection
                .prepare_cached("SELECT answer FROM request WHERE number = ?1")?
                .query_row([id.0], |row| row.get::<_, Option<String>>(0))
                .optional()
        })?;
        Ok(match found {
            None => Answer::Dropped,
            Some(None) => Answer::None,
            Some(Some(text)) if text.is_empty() => Answer::Done,
            Some(Some(text)) => Answer::Refused(text),
        })
    }

    /// Takes a request back.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn withdraw(&self, id: RequestId) -> Result<(), StoreError> {
        self.write(|connection| {
            connection
                .prepare_cached("DELETE FROM request WHERE number = ?1")?
                .execute([id.0])
                .map(drop)
        })
    }

    /// Drops what was asked of a run before this process took it up: it was
    /// meant for another.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn drop_requests(&self, run: RunId) -> Result<(), StoreError> {
        if self.requests(run)?.is_empty() {
            return Ok(());
        }
        self.write(|connection| {
            connection
                .prepare_cached("DELETE FROM request WHERE run = ?1")?
                .execute([run.to_string()])
                .map(drop)
        })
    }

    fn look<T: Default>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.shared.read(|connection, path| {
            query(connection).map_err(|error| StoreError::sqlite("read", path, error))
        })
    }

    fn write<T>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let writer = self.shared.writer()?;
        writer.in_place()?;
        change(&writer.connection).map_err(|error| cannot_write(self.path(), error))
    }
}
