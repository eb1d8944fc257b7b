//! A journal in memory that can fail or be cut off at any append.

use std::collections::HashSet;
use std::sync::Mutex;

use stepwell_engine::event::{EventBody, Verb};
use stepwell_engine::{BoxFuture, Event, Journal, JournalError, MemoryJournal, RunId, StepName};
use tokio::sync::Notify;

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// This append (from 0) and all after it fail, and nothing is written.
    Fail(usize),
    /// This append never returns; what it was to write is durable or not.
    Cut {
        /// Which, from 0.
        at: usize,
        /// Whether it was written.
        durable: bool,
    },
}

/// See the module.
#[derive(Default)]
pub(crate) struct TestJournal {
    inner: MemoryJournal,
    /// How many events each append brought.
    pub(crate) appends: Mutex<Vec<usize>>,
    pub(crate) trouble: Mutex<Option<Trouble>>,
    /// Told when the journal is cut off.
    pub(crate) cut: Notify,
    started: Mutex<HashSet<(StepName, u32, Verb)>>,
}

impl TestJournal {
    /// Whether the start of an attempt is durable.
    pub(crate) fn has_start(&self, step: &StepName, attempt: u32, verb: Verb) -> bool {
        let started = self.started.lock().unwrap();
        started.contains(&(step.clone(), attempt, verb))
    }

    /// Sets what goes wrong from now on, counting appends anew.
    pub(crate) fn trouble(&self, trouble: Option<Trouble>) {
        *self.trouble.lock().unwrap() = trouble;
        self.appends.lock().unwrap().clear();
    }

    fn write(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        let starts = events.iter().filter_map(|event| match &event.body {
            EventBody::AttemptStarted {
                step,
                attempt,
                verb,
            } => Some((step.clone(), *attempt, *verb)),
            _ => None,
        });
        self.started.lock().unwrap().extend(starts);
        self.inner.append(events)
    }
}

impl Journal for TestJournal {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        let place = {
            let mut appends = self.appends.lock().unwrap();
            appends.push(events.len());
            appends.len() - 1
        };
        match *self.trouble.lock().unwrap() {
            Some(Trouble::Fail(at)) if place >= at => {
                Box::pin(std::future::ready(Err(JournalError::Store {
                    context: "writing the history".into(),
                    source: "no space left".into(),
                })))
            }
            Some(Trouble::Cut { at, durable }) if place == at => {
                if durable {
                    drop(self.write(events));
                }
                self.cut.notify_one();
                Box::pin(std::future::pending())
            }
            _ => self.write(events),
        }
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.inner.load(run)
    }
}
