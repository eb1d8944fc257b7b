//! What a run's events mean to those who look at it: one fold, from which text
//! and JSON are made.

pub mod attempts;
pub mod status;
pub mod story;
pub mod waiving;

pub use attempts::{AttemptOutcome, AttemptStory};
pub use status::{RunState, StepStatus};
pub use story::{ByHand, Decision, StepStory, Story, Taking};
