//! What a process knows of the attempts that it has under way.

use std::any::Any;
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::graph::{Failure, Landing};
use crate::model::event::Verb;
use crate::model::{Fault, StepId};

/// An attempt that reached its end.
pub(super) struct Landed {
    pub(super) step: StepId,
    pub(super) verb: Verb,
    pub(super) number: u32,
    pub(super) landing: Landing,
}

/// What this process knows of a step.
#[derive(Default)]
pub(super) struct Slot {
    /// The attempt under way.
    pub(super) flight: Option<Flight>,
    pub(super) patience: Option<(Verb, Patience)>,
}

/// An attempt under way.
pub(super) struct Flight {
    pub(super) verb: Verb,
    pub(super) number: u32,
    pub(super) abort: AbortHandle,
}

/// Since when a step is being tried.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// When this process began to (clock time).
    pub(super) began: Duration,
    /// For how long others had before (clock time).
    pub(super) before: Duration,
}

impl Patience {
    pub(super) fn so_far(self, now: Duration) -> Duration {
        self.before + now.saturating_sub(self.began)
    }
}

/// A panic is a failed attempt that may have had its effect.
pub(super) fn panicked(panic: &(dyn Any + Send), passive: bool) -> Failure {
    Failure {
        fault: Fault::permanent(format!("the step panicked: {}", text(panic))),
        reached: true,
        in_doubt: !passive,
    }
}

fn text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
