//! Deaths and blows: a journal whose process dies, a call that goes wrong.

use std::future::Future;
use std::sync::{Arc, Mutex};

use stepwell_engine::MemoryJournal;
use stepwell_engine::testing::{FaultyJournal, Trouble};
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
pub(crate) fn dying(inner: Arc<MemoryJournal>, at: u64, strike: Strike) -> Arc<FaultyJournal> {
    let journal = FaultyJournal::over(inner);
    journal.set(Some(Trouble::Dies {
        at: usize::try_from(at - 1).unwrap_or(usize::MAX),
        durable: strike == Strike::After,
    }));
    Arc::new(journal)
}

/// Runs `work` until it ends or the process of `journal` dies.
pub(crate) async fn until_death<T>(
    journal: &FaultyJournal,
    work: impl Future<Output = T>,
) -> Option<T> {
    journal.until_death(std::future::ready(()), work).await
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
