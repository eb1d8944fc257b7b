//! Stepwell's engine: resumable, reversible step graphs.
//!
//! A [`Graph`] is made of [`Step`]s and is known before anything runs; its
//! edges come from typed [`Handle`]s. The pure [`Machine`] folds a run's
//! [`Event`]s into what comes next; the [`Executor`] records each event in a
//! [`Journal`] before its consequence, so a run that is stopped at any instant
//! can be taken up again, or be undone in reverse.
//!
//! ```
//! use std::sync::Arc;
//! use stepwell_engine::event::{Actor, End, OnFailure, RunCreated};
//! use stepwell_engine::machine::Status;
//! use stepwell_engine::*;
//!
//! #[derive(serde::Serialize)]
//! struct Dig {
//!     depth: u32,
//! }
//!
//! impl Step for Dig {
//!     type Context = ();
//!     type Input = Option<u32>;
//!     type Output = u32;
//!     const KIND: &'static str = "dig";
//!     const EFFECT: Effect = Effect::Create;
//!
//!     async fn run(&self, _: &Attempt<()>, above: &Option<u32>) -> Result<u32, Fault> {
//!         Ok(above.unwrap_or(0) + self.depth)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut graph = Graph::builder();
//! let top = graph.add("top", Dig { depth: 2 }, None::<Handle<u32>>);
//! let bottom = graph.add("bottom", Dig { depth: 3 }, Some(top));
//! graph.output(bottom);
//! let graph = graph.finish()?;
//!
//! let clock = Arc::new(TokioClock::at_speed(1.0));
//! let run = RunId::new(clock.now());
//! let created = RunCreated {
//!     workflow: "well".into(),
//!     target: "garden".into(),
//!     account: serde_json::Value::Null,
//!     parameters: serde_json::Value::Null,
//!     fingerprint: String::new(), // this, steps and output come from the graph
//!     steps: Vec::new(),
//!     output: None,
//!     reversible: true,
//!     on_failure: OnFailure::Rollback,
//!     parallel: 4,
//!     by: Actor { host: "h".into(), user: "u".into(), pid: 1, version: "1".into() },
//! };
//! let executor = Executor {
//!     journal: Arc::new(MemoryJournal::new()),
//!     clock,
//!     observer: Arc::new(NoObserver),
//!     stop: Stop::never(),
//!     lease: Arc::new(NoLease),
//!     requests: Requests::none(),
//! };
//! let report = executor.start(run, created, &graph, Arc::new(())).await?;
//! assert_eq!(report.status, Status::Ended(End::Succeeded));
//! assert_eq!(report.output, Some(5.into()));
//! # Ok(())
//! # }
//! ```
//!
//! The crate knows no cloud, no SQL and no terminal, and has no wall clock,
//! sleep or randomness outside of [`clock`].

pub mod clock;
pub mod event;
mod executor;
mod fault;
mod graph;
mod id;
mod journal;
pub mod machine;
mod observer;
mod plan;
mod retry;
mod step;
mod undo_plan;

pub use clock::{BoxFuture, Clock, Timestamp, TokioClock};
pub use event::Event;
pub use executor::{
    DoneByHand, Executor, Lease, NoLease, ParameterChange, Report, Requests, RetryRequest,
    RollbackRequest, RunError, Stop, Stopper, Waiver, Word, WordError, stop_channel,
};
pub use fault::{Fault, FaultClass};
pub use graph::{
    Graph, GraphBuilder, GraphError, Handle, InputError, Needs, Outputs, Precedes, Shape, StepId,
    StepRecord,
};
pub use id::{RunId, StepName};
pub use journal::{Journal, JournalError, MemoryJournal};
pub use machine::Machine;
pub use observer::{NoObserver, Observer};
pub use plan::{Change, PlannedStep, plan};
pub use retry::{Decision, Policy, retry};
pub use step::{Attempt, Effect, Found, Owner, Step};
pub use undo_plan::{PlannedUndo, Stays, plan_rollback};
