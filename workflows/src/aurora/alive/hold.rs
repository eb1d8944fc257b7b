//! A process's right to go on with a run: its own sign of life, as long as it
//! counts.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stepwell_engine::{BoxFuture, Clock, Lease, Timestamp};
use tokio::sync::Notify;

use super::VALID;

/// How much earlier than others stop to believe its last sign a process stops
/// to begin things: what it has begun needs its time.
const MARGIN: Duration = Duration::from_secs(60);

/// How much wall time a process may stand still in any case: on a clock that
/// runs fast, minutes pass while a busy machine takes a breath.
const BREATH: Duration = Duration::from_secs(5);

/// A moment by all clocks. The one of the host stands still while the host
/// sleeps, and the one on the wall may be set.
#[derive(Debug, Clone, Copy)]
struct Moment {
    elapsed: Duration,
    wall: Timestamp,
    /// At AWS.
    there: Timestamp,
}

/// When a sign was given last, or seen to be needless.
pub(super) struct Hold {
    clock: Arc<dyn Clock>,
    last: Mutex<Option<Moment>>,
    asked: Notify,
    changed: Notify,
}

impl Hold {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            last: Mutex::default(),
            asked: Notify::new(),
            changed: Notify::new(),
        }
    }

    /// How old a sign may be.
    pub(super) fn valid(&self) -> Duration {
        VALID.max(self.clock.scale_wall(BREATH))
    }

    /// A sign was given, or is not needed now.
    pub(super) fn renew(&self, there: Timestamp) {
        let now = Moment {
            elapsed: self.clock.elapsed(),
            wall: self.clock.now(),
            there,
        };
        *self.last() = Some(now);
        self.changed.notify_waiters();
    }

    /// How old the last sign is by this host's clocks; none if there was none.
    pub(super) fn age(&self) -> Option<Duration> {
        let last = (*self.last())?;
        let slept = self.clock.scale_wall(self.clock.now().since(last.wall));
        Some(slept.max(self.clock.elapsed().saturating_sub(last.elapsed)))
    }

    /// How old the last sign is by the clock at AWS, which all hosts read.
    pub(super) fn age_there(&self, now: Timestamp) -> Option<Duration> {
        Some(now.since((*self.last())?.there))
    }

    /// Returns when it is to be found out at once whose the run is.
    pub(super) async fn asked(&self) {
        self.asked.notified().await;
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<Moment>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease for Hold {
    fn holds(&self) -> bool {
        self.age().is_none_or(|age| age + MARGIN < self.valid())
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            let changed = self.changed.notified();
            self.asked.notify_one();
            changed.await;
        })
    }
}
