//! Who hears of a run while it goes on.

use std::time::Duration;

use crate::model::{Event, RunId, StepName};

/// Hears what is durable, in order, and, between events, how attempts are going.
pub trait Observer: Send + Sync + 'static {
    /// An event that is in the journal. Never left out.
    fn event(&self, event: &Event);

    /// How long the attempt that begins at a step may take at most, in clock
    /// time.
    fn limited(&self, run: RunId, step: &StepName, limit: Duration) {
        let _ = (run, step, limit);
    }

    /// How a running attempt is going; may be left out.
    fn progress(&self, run: RunId, step: &StepName, message: &str) {
        let _ = (run, step, message);
    }
}

/// An observer that ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn event(&self, _: &Event) {}
}
