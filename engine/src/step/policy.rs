//! When to try again. The only module that knows the `backoff` crate.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::model::{Effect, Fault, FaultClass};

/// How attempts at a step are limited and repeated. Durations are clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// After how many transient failures in a row no further attempt is made.
    pub attempts: u32,
    /// How long after the first attempt a failure is still followed by another
    /// attempt. For a wait, the first attempt of whatever process; for anything
    /// else, the first of this one.
    pub deadline: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// The pause after the first transient failure; doubles with each.
    pub first_delay: Duration,
    /// The longest pause (jitter aside). Pending faults are retried at this
    /// pace too, but every ten seconds at least.
    pub max_delay: Duration,
    /// How long *check* is repeated before it may say "nothing" of a step in
    /// doubt; counts towards the attempt's timeout, so must be shorter.
    pub settle: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 8,
            deadline: Duration::from_secs(15 * 60),
            timeout: Duration::from_secs(2 * 60),
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(60),
            settle: Duration::ZERO,
        }
    }
}

/// What a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Try again after this much clock time.
    RetryAfter(Duration),
    /// No further attempt.
    GiveUp,
    /// Suspend the run.
    Suspend,
}

impl Policy {
    /// What a step of this effect asks for, unless it says otherwise. A wait
    /// waits: it has an hour, after which the run is suspended.
    pub fn of(effect: Effect) -> Self {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        match effect {
            Effect::Create | Effect::Delete | Effect::Read => Self::default(),
            Effect::Wait => Self {
                deadline: HOUR,
                timeout: HOUR,
                ..Self::default()
            },
        }
    }

    /// Decides what follows a failure: `failures` is how many there were in a
    /// row with this one, `elapsed` the time since the first attempt.
    pub fn decide(
        &self,
        fault: &Fault,
        failures: u32,
        elapsed: Duration,
        clock: &dyn Clock,
    ) -> Decision {
        let delay = match fault.class {
            FaultClass::Operator => return Decision::Suspend,
            FaultClass::Permanent => return Decision::GiveUp,
            FaultClass::Transient if failures >= self.attempts => return Decision::GiveUp,
            FaultClass::Unreachable if failures >= self.attempts => return Decision::Suspend,
            FaultClass::Transient | FaultClass::Unreachable => {
                jittered(self.exponential(failures), clock)
            }
            FaultClass::Pending => jittered(self.pace(), clock),
        };
        if elapsed + delay <= self.deadline {
            Decision::RetryAfter(delay)
        } else if matches!(fault.class, FaultClass::Unreachable | FaultClass::Pending) {
            Decision::Suspend
        } else {
            Decision::GiveUp
        }
    }

    fn pace(&self) -> Duration {
        self.max_delay.min(Duration::from_secs(10))
    }

    fn exponential(&self, failures: u32) -> Duration {
        let mut backoff = ExponentialBackoff {
            initial_interval: self.first_delay,
            current_interval: self.first_delay,
            max_interval: self.max_delay,
            multiplier: 2.0,
            // Jitter comes from the injected clock, so that it can be repeated.
            randomization_factor: 0.0,
            // The deadline is ours: the crate's own reads the wall clock.
            max_elapsed_time: None,
            ..ExponentialBackoff::default()
        };
        let mut delay = self.first_delay;
        for _ in 0..failures.min(64) {
            delay = backoff.next_backoff().unwrap_or(self.max_delay);
        }
        delay.min(self.max_delay)
    }
}

/// Between three quarters and five quarters of `delay`.
fn jittered(delay: Duration, clock: &dyn Clock) -> Duration {
    delay.mul_f64(0.75 + clock.random_fraction() / 2.0)
}

/// Repeats a read-only `operation` outside of a run, for example while a
/// command looks around before it starts one: faults that pass by themselves
/// are retried under `policy`, any other is returned.
pub async fn retry<T, F, Fut>(
    policy: Policy,
    clock: &dyn Clock,
    mut operation: F,
) -> Result<T, Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
{
    let started = clock.elapsed();
    let mut failures = 0;
    loop {
        let fault = match operation().await {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        failures += 1;
        let elapsed = clock.elapsed().saturating_sub(started);
        match policy.decide(&fault, failures, elapsed, clock) {
            Decision::RetryAfter(delay) => clock.sleep(delay).await,
            Decision::GiveUp | Decision::Suspend => return Err(fault),
        }
    }
}
