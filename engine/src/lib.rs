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
//! use stepwell_engine::event::{End, RunCreated};
//! use stepwell_engine::machine::Status;
//! use stepwell_engine::*;
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
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
//!     const REPEATABLE: bool = true;
//!
//!     async fn run(&self, _: &Attempt<()>, above: &Option<u32>) -> Result<u32, Fault> {
//!         Ok(above.unwrap_or(0) + self.depth)
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut graph = GraphBuilder::new();
//! let top = graph.add("top", Dig { depth: 2 }, None::<Handle<u32>>);
//! let bottom = graph.add("bottom", Dig { depth: 3 }, Some(top));
//! graph.output(bottom);
//! let graph = graph.finish()?;
//!
//! let registry = Registry::new().register::<Dig>();
//! let runner = Runner::new(Arc::new(MemoryStore::new()), registry, ());
//! let created = RunCreated::new("well", "garden", serde_json::Value::Null);
//! let report = runner.start(created, &graph).await?;
//! assert_eq!(report.status, Status::Ended(End::Succeeded));
//! assert_eq!(report.output, Some(5.into()));
//! # Ok(())
//! # }
//! ```
//!
//! The crate knows no cloud, no SQL and no terminal, and has no wall clock,
//! sleep or randomness outside of [`clock`].
//!
//! Each layer knows only what is above it: [model](event) (ids, events, faults,
//! the recorded graph: data without behaviour), then the pure [`machine`], the
//! [`summary`] of a run and the [`Step`], then graph and [`Registry`], then
//! [`Executor`] and [`Planner`], then [`Runner`].

mod model;

pub mod clock;
mod control;
mod executor;
mod graph;
mod journal;
pub mod machine;
mod observer;
mod plan;
mod runner;
mod step;
mod store;
pub mod summary;
pub mod testing;

pub use clock::{BoxFuture, Clock, TokioClock};
pub use control::{Lease, NoLease, Requests, RetryRequest, Stop, Stopper, stop_channel};
pub use executor::{
    DoneByHand, Executor, ParameterChange, Report, RollbackRequest, RunError, Waiver, Word,
    WordError, retry_by_hand,
};
pub use graph::{
    Graph, GraphBuilder, Handle, Needs, NotUnderstood, Precedes, Registry, Unsupported, Why,
};
pub use journal::{Journal, JournalError, MemoryJournal};
pub use machine::Machine;
pub use model::{
    Certainty, Effect, Event, Fault, FaultClass, GRAPH_VERSION, GraphError, InputError, Outputs,
    RunId, Shape, StepId, StepName, StepRecord, Timestamp, Wiring, event,
};
pub use observer::{NoObserver, Observer};
pub use plan::{Change, PlannedStep, PlannedUndo, Planner, Stays};
pub use runner::{Begun, RecordedRun, Runner, RunnerError, TakenUp};
pub use step::{Attempt, Decision, Found, Owner, Policy, ProcessGroup, Step, retry};
pub use store::{Guard, Holder, LockError, Locked, MemoryStore, Store};
