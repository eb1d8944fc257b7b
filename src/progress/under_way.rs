//! One attempt that is under way.

use std::time::Duration;

use stepwell_engine::StepName;
use stepwell_engine::event::Verb;

use crate::clock::Stopwatch;
use crate::report::{events, time};

/// An attempt that is under way, or a pause before the next.
pub(super) struct UnderWay {
    pub(super) step: StepName,
    pub(super) attempt: u32,
    pub(super) verb: Verb,
    pub(super) since: Stopwatch,
    pub(super) message: String,
    pub(super) paused: bool,
    /// How long it may take at most, in wall time.
    pub(super) limit: Option<Duration>,
}

impl UnderWay {
    pub(super) fn name(&self) -> String {
        match self.verb {
            Verb::Run => self.step.to_string(),
            Verb::Undo => format!("undo {}", self.step),
        }
    }

    /// How much longer it may take.
    pub(super) fn left(&self) -> Option<Duration> {
        Some(self.limit?.saturating_sub(self.since.elapsed()))
    }

    pub(super) fn text(&self) -> String {
        let message = if self.message.is_empty() {
            String::new()
        } else {
            format!(": {}", self.message)
        };
        format!(
            "{} {}{}{message}",
            self.name(),
            time::duration(self.since.elapsed()),
            events::again(self.attempt)
        )
    }
}
