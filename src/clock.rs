//! Time: the engine's clock at the right pace, the sandbox's view of the same
//! time, and a stopwatch for what people look at.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use stepwell_engine::{Clock, TokioClock};
use stepwell_sandbox::Time;
use tokio::time::Instant;

/// How fast time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// This many seconds per second of the wall clock; 1 for real AWS.
    Times(f64),
    /// As fast as the work allows: time is virtual and nothing waits.
    Max,
}

/// The pace of a sandbox where nothing else is said.
pub const DEFAULT_SPEED: f64 = 60.0;

impl Pace {
    /// Real time.
    pub const REAL: Self = Self::Times(1.0);

    /// Whether tokio's time is paused.
    pub fn is_virtual(self) -> bool {
        self == Self::Max
    }

    /// The engine's clock. Call it inside the runtime.
    pub fn clock(self) -> Arc<dyn Clock> {
        Arc::new(match self {
            Self::Times(speed) => TokioClock::at_speed(speed),
            Self::Max => TokioClock::paused(),
        })
    }

    /// How many simulated seconds pass per second of the process's time.
    pub fn sandbox_speed(self) -> f64 {
        match self {
            Self::Times(speed) => speed,
            Self::Max => 1.0,
        }
    }

    /// How many simulated seconds pass per second while no process is at work.
    pub fn idle_speed(self) -> f64 {
        match self {
            Self::Times(speed) => speed,
            Self::Max => DEFAULT_SPEED,
        }
    }
}

/// The process's time for the sandbox: tokio's, so that it is virtual when
/// tokio's is.
pub struct ProcessTime {
    origin: Instant,
}

impl ProcessTime {
    /// Time from now on. Call it inside the runtime.
    pub fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Time for ProcessTime {
    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// Wall time that has passed, for what a person looks at. Never virtual.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts one.
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// How long it has run.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
