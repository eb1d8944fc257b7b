//! Polling: our own waits instead of the SDK's waiters, which back off to half
//! an hour and miss states of failure.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stepwell_engine::{Attempt, Decision, Fault, FaultClass};

use super::{Aws, PATIENCE};

/// What one look found.
pub(crate) enum Seen<T> {
    /// What was waited for.
    Done(T),
    /// Not yet; says what there is instead.
    NotYet(String),
}

/// Tells "not visible yet" from "gone": a wait for something to become ready
/// must not go on for an hour when somebody has deleted it.
#[derive(Default)]
pub(crate) struct Presence(Mutex<Sightings>);

#[derive(Default)]
struct Sightings {
    seen: bool,
    missed: u32,
}

impl Presence {
    /// How many looks in a row may miss something that was never seen.
    const PATIENCE: u32 = 30;

    /// Takes note of a look; an error if what is waited for is not there and
    /// will not come.
    pub(crate) fn look<T>(&self, found: Option<T>, what: &str) -> Result<Option<T>, Fault> {
        let mut sightings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_some() {
            sightings.seen = true;
            sightings.missed = 0;
            return Ok(found);
        }
        sightings.missed += 1;
        let patience = if sightings.seen { 2 } else { Self::PATIENCE };
        if sightings.missed > patience {
            return Err(Fault::permanent(format!("{what} has vanished"))
                .with_hint("somebody or something else deleted it"));
        }
        Ok(None)
    }
}

/// How long to wait before a look that found nothing is repeated.
pub const DOUBTS: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(5)];

/// Looks for something that is to be taken away, or must not be made twice. That
/// it is not there is only believed when three looks in a row say so: one may
/// come from a place that has not heard yet of what is young (EC2 Developer
/// Guide, "Ensure eventual consistency"), and what is passed over now would be
/// left behind, or there twice.
pub(crate) async fn confirmed<T, F, Fut>(at: &Attempt<Aws>, mut look: F) -> Result<Option<T>, Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>, Fault>>,
{
    for pause in DOUBTS {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        at.pause(pause).await;
    }
    look().await
}

/// The pause before the second look: most of what is waited for is there at
/// once, or takes minutes.
const FIRST: Duration = Duration::from_millis(850);

/// The code of a wait whose time is over. It is ours, not AWS's.
const OVER: &str = "WaitTimedOut";

/// Whether a fault is that of a wait whose time is over.
pub(crate) fn is_over(fault: &Fault) -> bool {
    fault.code.as_deref() == Some(OVER)
}

/// A wait whose time is over, while what is waited for may still come: the run is
/// suspended, and nothing that is about to succeed is undone.
fn over(message: String) -> Fault {
    Fault::operator(message)
        .with_code(OVER)
        .with_hint("`stepwell resume` goes on waiting")
}

/// Looks until what is waited for is so: at once, again within a second, and
/// then at longer and longer intervals up to a steady `pace`.
///
/// A look that fails in passing is repeated like one that says "not yet": a
/// throttled poll must not end a wait of an hour. `deadline` is how long the
/// whole wait may take; after it the fault says what was last seen. A look that
/// meets what never comes says so by a fault of its own.
pub(crate) async fn poll<T, F, Fut>(
    at: &Attempt<Aws>,
    what: &str,
    pace: Duration,
    deadline: Duration,
    mut look: F,
) -> Result<T, Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Seen<T>, Fault>>,
{
    let clock = at.clock();
    let started = clock.elapsed();
    let mut failures: u32 = 0;
    let mut interval = pace.min(FIRST);
    loop {
        let (state, failed) = match look().await {
            Ok(Seen::Done(value)) => return Ok(value),
            Ok(Seen::NotYet(state)) => (state, None),
            Err(fault) if fault.class.passes() => (fault.to_string(), Some(fault)),
            Err(fault) => return Err(fault),
        };
        failures = if failed.is_some() { failures + 1 } else { 0 };
        if clock.elapsed().saturating_sub(started) >= deadline {
            let minutes = deadline.as_secs() / 60;
            return Err(match failed {
                // The service is away or asked too often: that says nothing of
                // the resource, so the wait is for the engine to repeat.
                Some(fault) if fault.class != FaultClass::Pending => fault,
                _ => over(format!("{what} after {minutes} minutes: {state}")),
            });
        }
        at.progress(state);
        let pause = if failures == 0 {
            let pause = interval;
            interval = interval.mul_f64(1.5).min(pace);
            pause
        } else {
            pace * 2_u32.pow(failures.min(3))
        };
        // Jitter keeps many waits from asking in step.
        let jitter = 0.9 + clock.random_fraction() / 5.0;
        at.pause(pause.mul_f64(jitter)).await;
    }
}

/// Repeats one of many reads of a step while its faults pass by themselves: what
/// meets each of twenty regions once must not begin the twenty anew each time.
pub(crate) async fn patiently<T, F, Fut>(at: &Attempt<Aws>, mut read: F) -> Result<T, Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, Fault>>,
{
    let clock = at.clock();
    let started = clock.elapsed();
    let mut failures = 0;
    loop {
        let fault = match read().await {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        failures += 1;
        let elapsed = clock.elapsed().saturating_sub(started);
        match PATIENCE.decide(&fault, failures, elapsed, clock.as_ref()) {
            Decision::RetryAfter(delay) => at.pause(delay).await,
            Decision::GiveUp | Decision::Suspend => return Err(fault),
        }
    }
}

/// Waits until nothing is left of what was deleted, which AWS may still list for
/// some seconds: a delete that left something must say so.
pub(crate) async fn until_gone<F, Fut>(at: &Attempt<Aws>, mut left: F) -> Result<(), Fault>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Vec<String>, Fault>>,
{
    let (pace, deadline) = (Duration::from_secs(2), Duration::from_secs(60));
    let look = || {
        let left = left();
        async {
            let left = left.await?;
            Ok(if left.is_empty() {
                Seen::Done(())
            } else {
                Seen::NotYet(left.join(", "))
            })
        }
    };
    poll(at, "something is left", pace, deadline, look)
        .await
        .map_err(|fault| {
            if is_over(&fault) {
                fault.with_hint("`stepwell resume` looks again; another deletion by name takes what came meanwhile")
            } else {
                fault
            }
        })
}

#[cfg(test)]
mod tests {
    use super::Presence;

    #[test]
    fn what_was_seen_and_is_missed_three_times_has_vanished() {
        let presence = Presence::default();
        for _ in 0..30 {
            assert!(presence.look(None::<()>, "it").is_ok());
        }
        assert!(presence.look(None::<()>, "it").is_err());
        let presence = Presence::default();
        assert!(presence.look(Some(()), "it").is_ok());
        assert!(presence.look(None::<()>, "it").is_ok());
        assert!(presence.look(None::<()>, "it").is_ok());
        assert!(presence.look(None::<()>, "it").is_err());
    }
}
