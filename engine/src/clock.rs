//! The injected clock: the only source of time, sleep and randomness.

use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::model::Timestamp;

/// A boxed future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Time, sleep and randomness as the engine and the steps see them.
///
/// A clock has its own pace: on a clock of speed 60, [`Clock::sleep`] of a
/// minute returns after a second of wall time. All durations that steps and
/// policies name are durations of the clock.
pub trait Clock: Send + Sync + 'static {
    /// The wall-clock time, for records.
    fn now(&self) -> Timestamp;
    /// Clock time since some fixed point; never goes backwards.
    fn elapsed(&self) -> Duration;
    /// Returns after `duration` of clock time.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
    /// How much wall time `duration` of clock time takes.
    fn to_wall(&self, duration: Duration) -> Duration;
    /// How much clock time passes in `duration` of wall time.
    fn scale_wall(&self, duration: Duration) -> Duration {
        duration.div_f64(self.to_wall(Duration::from_secs(1)).as_secs_f64())
    }
    /// A random number, uniform over all values.
    fn random(&self) -> u64;

    /// Returns after `duration` of wall time, whatever the clock's pace, and
    /// keeps virtual time from jumping meanwhile: the bound of a wait for
    /// something outside of the program, a child process or a server, that no
    /// clock of ours can hasten.
    fn outside(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(wall(duration))
    }

    /// A random number in `0.0..1.0`.
    fn random_fraction(&self) -> f64 {
        // 53 bits are what an f64 can hold exactly.
        (self.random() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Waits for `duration` of wall time, or until dropped, on a thread of its own:
/// tokio's paused time does not jump to the next timer while a blocking task is
/// under way.
async fn wall(duration: Duration) {
    let (waiting, dropped) = std::sync::mpsc::channel::<()>();
    let wait = tokio::task::spawn_blocking(move || {
        // What ends this is the time, or the end of `waiting`.
        let _ = dropped.recv_timeout(duration);
    });
    // The runtime may be shutting down; then nobody waits any more.
    let _ = wait.await;
    drop(waiting);
}

/// The process's clock on tokio's timers, at any speed. Under tokio's paused
/// time ([`TokioClock::paused`]) it is virtual: when everything waits, it jumps
/// to the next timer.
pub struct TokioClock {
    origin: Instant,
    wall: SystemTime,
    speed: f64,
    paused: bool,
    seed: RandomState,
    draws: AtomicU64,
}

impl TokioClock {
    /// A clock that runs `speed` times as fast as the wall clock.
    pub fn at_speed(speed: f64) -> Self {
        Self::new(speed, false)
    }

    /// A virtual clock; tokio's time must be paused in the runtime it is used in.
    pub fn paused() -> Self {
        Self::new(1.0, true)
    }

    fn new(speed: f64, paused: bool) -> Self {
        Self {
            origin: Instant::now(),
            wall: SystemTime::now(),
            speed,
            paused,
            seed: RandomState::new(),
            draws: AtomicU64::new(0),
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        if self.paused {
            Timestamp::from(self.wall + self.elapsed())
        } else {
            Timestamp::from(SystemTime::now())
        }
    }

    fn elapsed(&self) -> Duration {
        self.origin.elapsed().mul_f64(self.speed)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(self.to_wall(duration)))
    }

    fn to_wall(&self, duration: Duration) -> Duration {
        if self.speed == 1.0 {
            duration
        } else {
            duration.div_f64(self.speed)
        }
    }

    fn random(&self) -> u64 {
        // The standard library's hasher keys come from the operating system;
        // hashing a counter under them gives numbers good enough for jitter
        // and for choosing among free address ranges.
        self.seed
            .hash_one(self.draws.fetch_add(1, Ordering::Relaxed))
    }
}
