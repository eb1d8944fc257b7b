//! Watching a pod of ours until it has ended, with as much patience as each
//! thing that keeps it from starting deserves.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use stepwell_engine::{Clock, Fault};

use super::{Stand, get, warning};
use crate::kubernetes::Place;
use crate::kubernetes::pod::stand::Trouble;

/// How long a pod may be on its way before Kubernetes is asked what is the
/// matter, and how often then.
const UNEXPLAINED: Duration = Duration::from_secs(15);

/// What a look at a pod came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Look {
    /// Its container has ended with this exit code.
    Ended(i64),
    /// It has ended otherwise; says how.
    Failed(String),
    /// It is at work.
    Running,
    /// It is on its way; says how.
    Waiting(String),
    /// There is none.
    Absent,
}

/// A pod that is waited for.
pub(crate) struct Watch<'a> {
    place: &'a Place,
    name: &'a str,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    trouble: Option<(&'static str, Duration, Duration)>,
    starting: Option<Duration>,
    warning: Option<String>,
}

impl<'a> Watch<'a> {
    /// Begins to watch a pod.
    pub(crate) fn new(place: &'a Place, name: &'a str) -> Self {
        Self {
            place,
            name,
            seen: Mutex::default(),
        }
    }

    /// Looks once. A fault where it can't start as things are, or nothing can be
    /// seen.
    pub(crate) async fn look(&self, clock: &dyn Clock) -> Result<Look, Fault> {
        let Some(pod) = get(self.place, clock, self.name).await? else {
            return Ok(Look::Absent);
        };
        let stand = pod.stand();
        if let Stand::Starting(how) = stand {
            return Ok(Look::Waiting(self.starting(clock, how).await));
        }
        self.seen().starting = None;
        Ok(match stand {
            Stand::Succeeded => Look::Ended(0),
            Stand::Failed(how) => match pod.exit_code() {
                Some(code) => Look::Ended(code),
                None => Look::Failed(how),
            },
            Stand::Troubled(trouble) => {
                if self.is_too_long(clock.elapsed(), &trouble) {
                    return Err(trouble.fault(self.name, self.place));
                }
                Look::Waiting(trouble.to_string())
            }
            Stand::Running => Look::Running,
            Stand::Starting(how) => Look::Waiting(how),
        })
    }

    /// That it has vanished, as a fault.
    pub(crate) fn vanished(&self) -> Fault {
        Fault::permanent(format!("pod {} in {} has vanished", self.name, self.place))
            .with_hint("somebody or something else deleted it")
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a pod is on its way, with what Kubernetes warns of where it takes long.
    async fn starting(&self, clock: &dyn Clock, how: String) -> String {
        let now = clock.elapsed();
        let since = *self.seen().starting.get_or_insert(now);
        if now.saturating_sub(since) >= UNEXPLAINED {
            let found = warning(self.place, clock, self.name).await;
            let mut seen = self.seen();
            seen.starting = Some(now);
            seen.warning = found.or_else(|| seen.warning.take());
        }
        match &self.seen().warning {
            Some(warning) => format!("{how}: {warning}"),
            None => how,
        }
    }

    /// Whether the same thing has kept it from starting for longer than that
    /// passes by itself. Of what is said about it, the least hopeful counts.
    fn is_too_long(&self, now: Duration, trouble: &Trouble) -> bool {
        let mut seen = self.seen();
        let what = trouble.kind();
        let (since, patience) = match seen.trouble {
            Some((before, since, patience)) if before == what => {
                (since, patience.min(trouble.patience))
            }
            _ => (now, trouble.patience),
        };
        seen.trouble = Some((what, since, patience));
        now.saturating_sub(since) >= patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(reason: &str, message: &str) -> Trouble {
        Trouble::of(reason, message).expect("trouble")
    }

    #[test]
    fn pulling_and_its_pauses_are_one_trouble() {
        let place = Place {
            kubectl: "kubectl".to_owned(),
            context: None,
            namespace: None,
        };
        let watch = Watch::new(&place, "pod");
        let at = |seconds, reason, message| {
            watch.is_too_long(Duration::from_secs(seconds), &trouble(reason, message))
        };
        assert!(!at(0, "ErrImagePull", "429 Too Many Requests"));
        assert!(!at(30, "ImagePullBackOff", "Back-off pulling image"));
        assert!(!at(100, "ErrImagePull", "429 Too Many Requests"));
        assert!(at(151, "ImagePullBackOff", "Back-off pulling image"));

        // What one of them says of the image holds for the others.
        let watch = Watch::new(&place, "pod");
        let at = |seconds, reason, message| {
            watch.is_too_long(Duration::from_secs(seconds), &trouble(reason, message))
        };
        assert!(!at(0, "ErrImagePull", "manifest unknown"));
        assert!(at(11, "ImagePullBackOff", "Back-off pulling image"));
    }
}
