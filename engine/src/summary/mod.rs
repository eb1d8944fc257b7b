//! The summary of a run: one fold over its events, for whoever shows or judges
//! how a run stands. It can be made of a whole history at once or kept up to
//! date event by event, as an [`Observer`](crate::Observer) hears them, in time
//! linear in steps and events. It serialises as a whole.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use stepwell_engine::event::RunCreated;
//! use stepwell_engine::summary::{AttemptOutcome, RunStatus, RunSummary, StepStatus};
//! use stepwell_engine::*;
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Measure {
//!     depth: u32,
//! }
//!
//! impl Step for Measure {
//!     type Context = ();
//!     type Input = ();
//!     type Output = u32;
//!     const KIND: &'static str = "measure";
//!     const EFFECT: Effect = Effect::Read;
//!
//!     async fn run(&self, _: &Attempt<()>, _: &()) -> Result<u32, Fault> {
//!         Ok(self.depth)
//!     }
//! }
//!
//! #[derive(Default)]
//! struct Live(Mutex<Option<RunSummary>>);
//!
//! impl Observer for Live {
//!     fn event(&self, event: &Event) {
//!         let mut summary = self.0.lock().unwrap();
//!         match &mut *summary {
//!             None => *summary = RunSummary::begin(event),
//!             Some(summary) => summary.apply(event),
//!         }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut graph = GraphBuilder::new();
//! let depth = graph.add("depth", Measure { depth: 5 }, ());
//! graph.output(depth);
//!
//! let live = Arc::new(Live::default());
//! let executor = Executor {
//!     observer: live.clone(),
//!     ..Executor::new(
//!         Arc::new(Registry::new().register::<Measure>()),
//!         Arc::new(()),
//!         Arc::new(MemoryJournal::new()),
//!     )
//! };
//! let run = RunId::new(executor.clock.now());
//! let created = RunCreated::new("well", "garden", serde_json::Value::Null);
//! executor.start(run, created, &graph.finish()?).await?;
//!
//! let summary = live.0.lock().unwrap().take().expect("a run");
//! assert_eq!(summary.state, RunStatus::Succeeded);
//! assert_eq!(summary.output(), Some(&5.into()));
//! assert_eq!(summary.steps[0].status, StepStatus::Done);
//! assert_eq!(summary.steps[0].attempts[0].outcome, AttemptOutcome::Made);
//! assert_eq!(serde_json::to_value(&summary)?["state"], "succeeded");
//!
//! let events = executor.journal.load(run).await?;
//! assert_eq!(RunSummary::of(&events, false), Some(summary));
//! # Ok(())
//! # }
//! ```

mod index;
mod run;
mod status;
mod step;
#[cfg(test)]
mod tests;

pub use run::{Resumption, RollbackSummary, RunSummary, StepFault};
pub use status::{RunStatus, StepStatus};
pub use step::{AttemptOutcome, AttemptSummary, ManualAction, ManualCompletion, StepSummary};
