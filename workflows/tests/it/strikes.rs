//! Deaths and blows: a journal whose process dies, a call that goes wrong.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use stepwell_engine::{BoxFuture, Event, Journal, JournalError, MemoryJournal, RunId};
use stepwell_sandbox::{Call, Hook, Verdict};

/// Where a crash strikes an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strike {
    /// Nothing of the batch is recorded.
    Before,
    /// The batch is recorded and nobody hears of it.
    After,
}

/// A journal whose process dies at the n-th append (from 1): the append never
/// returns.
pub(crate) struct Dying {
    pub(crate) inner: Arc<MemoryJournal>,
    at: u64,
    strike: Strike,
    appends: AtomicU64,
    died: tokio::sync::Notify,
}

impl Dying {
    pub(crate) fn new(inner: Arc<MemoryJournal>, at: u64, strike: Strike) -> Arc<Self> {
        Arc::new(Self {
            inner,
            at,
            strike,
            appends: AtomicU64::new(0),
            died: tokio::sync::Notify::new(),
        })
    }

    pub(crate) fn appends(&self) -> u64 {
        self.appends.load(Ordering::SeqCst)
    }
}

impl Journal for Dying {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            let number = self.appends.fetch_add(1, Ordering::SeqCst) + 1;
            if number != self.at {
                return self.inner.append(events).await;
            }
            if self.strike == Strike::After {
                self.inner.append(events).await?;
            }
            self.died.notify_one();
            std::future::pending().await
        })
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.inner.load(run)
    }
}

/// Runs `work` until it ends or the process of `journal` dies.
pub(crate) async fn until_death<T>(journal: &Dying, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = journal.died.notified() => None,
        result = work => Some(result),
    }
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    /// Refused for good, without effect.
    Refused,
    /// The credentials have expired.
    Expired,
    /// The process dies before the effect.
    DeathBefore,
    /// The process dies after the effect.
    DeathAfter,
}

/// Strikes the n-th call (from 1) that counts, once.
pub(crate) struct Striker {
    at: u64,
    blow: Blow,
    mutating_only: bool,
    seen: Mutex<Seen>,
    pub(crate) died: tokio::sync::Notify,
}

#[derive(Default)]
struct Seen {
    counted: u64,
    struck: Option<(u64, String)>,
}

impl Striker {
    pub(crate) fn new(at: u64, blow: Blow, mutating_only: bool) -> Arc<Self> {
        Arc::new(Self {
            at,
            blow,
            mutating_only,
            seen: Mutex::default(),
            died: tokio::sync::Notify::new(),
        })
    }

    pub(crate) fn counted(&self) -> u64 {
        self.seen.lock().unwrap().counted
    }

    /// The operation that was struck.
    pub(crate) fn struck(&self) -> Option<String> {
        Some(self.seen.lock().unwrap().struck.as_ref()?.1.clone())
    }
}

/// Whether a call only tells other hosts that a run is at work: no effect of
/// any step, and of no consequence where it fails.
pub(crate) fn is_sign_of_life(call: &Call) -> bool {
    ["CreateTags", "DeleteTags"].contains(&call.operation.as_str())
        && call
            .parameters
            .values()
            .any(|value| value == "stepwell:alive")
}

impl Hook for Striker {
    fn before(&self, call: &Call) -> Verdict {
        if self.mutating_only && (!call.mutates || is_sign_of_life(call)) {
            return Verdict::Proceed;
        }
        let mut seen = self.seen.lock().unwrap();
        seen.counted += 1;
        if seen.counted != self.at {
            return Verdict::Proceed;
        }
        seen.struck = Some((call.number, call.operation.clone()));
        let error = |code: &str, status: u16| Verdict::Error {
            code: code.to_owned(),
            status,
            message: "struck by the test".to_owned(),
        };
        match self.blow {
            Blow::Refused => error("InvalidParameterCombination", 400),
            Blow::Expired => error("ExpiredToken", 403),
            Blow::DeathBefore => {
                self.died.notify_one();
                Verdict::Hang
            }
            Blow::DeathAfter => Verdict::Proceed,
        }
    }

    fn after(&self, call: &Call) -> Verdict {
        let seen = self.seen.lock().unwrap();
        if seen.struck.as_ref().map(|(number, _)| *number) != Some(call.number) {
            return Verdict::Proceed;
        }
        match self.blow {
            Blow::DeathAfter => {
                self.died.notify_one();
                Verdict::Hang
            }
            _ => Verdict::Proceed,
        }
    }
}
