//! A journal that fails or dies.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::clock::BoxFuture;
use crate::journal::{Journal, JournalError};
use crate::model::{Event, RunId};

/// What goes wrong at an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// This append (from 0) and all after it fail, and nothing is written.
    Fails {
        /// Which.
        at: usize,
    },
    /// The process dies at this append (from 0), which never returns.
    Dies {
        /// Which.
        at: usize,
        /// Whether what it was to write is durable.
        durable: bool,
    },
}

/// A journal over another, with [`Trouble`].
pub struct FaultyJournal {
    inner: Arc<dyn Journal>,
    state: Mutex<State>,
    died: Notify,
}

#[derive(Default)]
struct State {
    trouble: Option<Trouble>,
    /// How many events each append brought.
    appends: Vec<usize>,
}

impl FaultyJournal {
    /// One without trouble.
    pub fn over(inner: Arc<dyn Journal>) -> Self {
        Self {
            inner,
            state: Mutex::default(),
            died: Notify::new(),
        }
    }

    /// Sets what goes wrong from now on, and counts appends from zero.
    pub fn set(&self, trouble: Option<Trouble>) {
        *self.state() = State {
            trouble,
            appends: Vec::new(),
        };
    }

    /// How many events each append brought since the trouble was set.
    pub fn appends(&self) -> Vec<usize> {
        self.state().appends.clone()
    }

    /// Does `work` until it ends or the process dies; then it is dropped, after
    /// `linger`, in which calls under way may have their effect.
    pub async fn until_death<T>(
        &self,
        linger: impl Future<Output = ()>,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let death = async {
            self.died.notified().await;
            linger.await;
        };
        tokio::select! {
            biased;
            result = work => Some(result),
            () = death => None,
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for FaultyJournal {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        let (place, trouble) = {
            let mut state = self.state();
            state.appends.push(events.len());
            (state.appends.len() - 1, state.trouble)
        };
        match trouble {
            Some(Trouble::Fails { at }) if place >= at => {
                Box::pin(std::future::ready(Err(JournalError::Store {
                    context: "writing the history".to_owned(),
                    source: "no space left".into(),
                })))
            }
            Some(Trouble::Dies { at, durable }) if place == at => Box::pin(async move {
                if durable {
                    self.inner.append(events).await?;
                }
                self.died.notify_one();
                std::future::pending().await
            }),
            _ => self.inner.append(events),
        }
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.inner.load(run)
    }
}
