//! The contract of the append-only store of events, and one in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::BoxFuture;
use crate::model::{Event, RunId};

/// A failure of the store. After one, nothing further is started: an effect
/// that can't be recorded is not performed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The event's place in the history is taken: another process writes too.
    #[error("event {seq} of run {run} is already recorded: another process is writing this run")]
    Conflict {
        /// The run.
        run: RunId,
        /// The place.
        seq: u32,
    },
    /// The store failed.
    #[error("{context}")]
    Store {
        /// What was being done, as a lower-case fragment.
        context: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// An append-only store of events.
pub trait Journal: Send + Sync + 'static {
    /// Makes the events durable, all or none; returns once they are. The events
    /// may belong to one run only.
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>>;

    /// All events of a run in order; empty if there is no such run.
    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>>;
}

/// A journal in memory, for tests and plans.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    runs: Mutex<BTreeMap<RunId, Vec<Event>>>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// The histories of all runs, the oldest run first.
    pub fn histories(&self) -> Vec<Vec<Event>> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        runs.values().cloned().collect()
    }
}

impl Journal for MemoryJournal {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut result = Ok(());
        // All or none: look at every place before writing the first.
        let mut next: BTreeMap<RunId, usize> = BTreeMap::new();
        for event in &events {
            let place = next
                .entry(event.run)
                .or_insert_with(|| runs.get(&event.run).map_or(0, Vec::len));
            if event.seq as usize != *place {
                result = Err(JournalError::Conflict {
                    run: event.run,
                    seq: event.seq,
                });
                break;
            }
            *place += 1;
        }
        if result.is_ok() {
            for event in events {
                runs.entry(event.run).or_default().push(event);
            }
        }
        Box::pin(std::future::ready(result))
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        let runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        Box::pin(std::future::ready(Ok(runs
            .get(&run)
            .cloned()
            .unwrap_or_default())))
    }
}
