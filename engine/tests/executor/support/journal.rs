//! A journal in memory that knows which attempts have begun.

use std::collections::HashSet;
use std::sync::Mutex;

use stepwell_engine::event::{EventBody, Verb};
use stepwell_engine::{BoxFuture, Event, Journal, JournalError, MemoryJournal, RunId, StepName};

/// See the module.
#[derive(Default)]
pub(crate) struct Starts {
    inner: MemoryJournal,
    started: Mutex<HashSet<(StepName, u32, Verb)>>,
}

impl Starts {
    /// Whether the start of an attempt is durable.
    pub(crate) fn has(&self, step: &StepName, attempt: u32, verb: Verb) -> bool {
        let started = self.started.lock().unwrap();
        started.contains(&(step.clone(), attempt, verb))
    }
}

impl Journal for Starts {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
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

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.inner.load(run)
    }
}
