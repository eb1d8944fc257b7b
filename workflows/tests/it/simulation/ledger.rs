//! The journal of a simulated process, and a second look at what it holds.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard};

use stepwell_engine::event::{EventBody, Verb};
use stepwell_engine::{BoxFuture, Event, Journal, JournalError, MemoryJournal, RunId, StepName};

use super::scenario::Ending;

/// Which attempts may have an effect now: those that are recorded as begun and
/// whose outcome is not, or is recorded as not known.
#[derive(Default)]
pub(crate) struct Ledger {
    open: Mutex<HashSet<(RunId, StepName, Verb)>>,
    unexpected: Mutex<Option<String>>,
}

impl Ledger {
    fn open(&self) -> MutexGuard<'_, HashSet<(RunId, StepName, Verb)>> {
        self.open.lock().expect("the ledger")
    }

    /// A call that has an effect is sent.
    pub(crate) fn sent(&self, operation: &str) {
        if self.open().is_empty() {
            let mut unexpected = self.unexpected.lock().expect("the ledger");
            unexpected.get_or_insert(format!("{operation} without an attempt in the journal"));
        }
    }

    /// What was sent and must not have been, if anything was.
    pub(crate) fn unexpected(&self) -> Option<String> {
        self.unexpected.lock().expect("the ledger").clone()
    }

    fn note(&self, events: &[Event]) {
        let mut open = self.open();
        for event in events {
            match &event.body {
                EventBody::AttemptStarted { step, verb, .. } => {
                    open.insert((event.run, step.clone(), *verb));
                }
                EventBody::AttemptFailed {
                    in_doubt: false,
                    step,
                    verb,
                    ..
                }
                | EventBody::AttemptSucceeded { step, verb, .. }
                | EventBody::AttemptInterrupted { step, verb, .. } => {
                    open.remove(&(event.run, step.clone(), *verb));
                }
                _ => {}
            }
        }
    }
}

/// A process's way to write the histories of its runs, which may end it.
pub(crate) struct Pen {
    pub(crate) inner: Arc<MemoryJournal>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) end: Ending,
    pub(crate) appends: Mutex<u32>,
    pub(crate) died: tokio::sync::Notify,
}

impl Pen {
    fn count(&self) -> u32 {
        let mut appends = self.appends.lock().expect("the count");
        *appends += 1;
        *appends
    }

    async fn write(&self, events: Vec<Event>) -> Result<(), JournalError> {
        self.ledger.note(&events);
        self.inner.append(events).await
    }
}

impl Journal for Pen {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            let number = self.count();
            match self.end {
                Ending::DiesAtAppend {
                    number: last,
                    recorded,
                } if number == last => {
                    if recorded {
                        self.write(events).await?;
                    }
                    self.died.notify_one();
                    std::future::pending().await
                }
                Ending::CannotRecord(first) if number >= first => Err(JournalError::Store {
                    context: "the simulated disk is full".to_owned(),
                    source: "no space left".into(),
                }),
                _ => self.write(events).await,
            }
        })
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.inner.load(run)
    }
}
