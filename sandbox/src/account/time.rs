//! Time as the sandbox sees it, and the simulated clock made of it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Time as the sandbox sees it. The sandbox reads no other clock and sleeps no other way.
pub trait Time: Send + Sync + 'static {
    /// The real wall clock, used only for the gap between two processes.
    fn wall(&self) -> SystemTime;

    /// Monotonic time since the start of the process; may be virtual.
    fn elapsed(&self) -> Duration;

    /// Waits for `duration`, in the unit of [`Time::elapsed`].
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Milliseconds of `time` since the UNIX epoch, 0 before it.
pub(crate) fn wall_ms(time: &dyn Time) -> u64 {
    time.wall()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |gap| u64::try_from(gap.as_millis()).unwrap_or(u64::MAX))
}

/// The simulated clock of one handle: milliseconds since the UNIX epoch, never going back.
pub(crate) struct Clock {
    time: Arc<dyn Time>,
    speed: f64,
    base: u64,
    base_elapsed: Duration,
}

impl Clock {
    /// A clock that shows `start` now.
    pub(crate) fn new(time: Arc<dyn Time>, speed: f64, start: u64) -> Self {
        let base_elapsed = time.elapsed();
        Self {
            time,
            speed,
            base: start,
            base_elapsed,
        }
    }

    /// Simulated milliseconds since the UNIX epoch.
    pub(crate) fn now(&self) -> u64 {
        let passed = self.time.elapsed().saturating_sub(self.base_elapsed);
        self.base + (passed.as_secs_f64() * self.speed * 1000.0).round() as u64
    }

    /// Jumps to `at_least` if the clock is behind it: another handle's clock was ahead.
    pub(crate) fn catch_up(&mut self, at_least: u64) -> u64 {
        let now = self.now();
        if now >= at_least {
            return now;
        }
        self.base = at_least;
        self.base_elapsed = self.time.elapsed();
        at_least
    }

    /// What a simulated duration is in the unit of [`Time::elapsed`].
    pub(crate) fn real(&self, simulated: Duration) -> Duration {
        if self.speed > 0.0 {
            Duration::try_from_secs_f64(simulated.as_secs_f64() / self.speed)
                .unwrap_or(Duration::MAX)
        } else {
            Duration::ZERO
        }
    }
}
