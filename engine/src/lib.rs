#![doc = include_str!("../README.md")]
//!
//! # How it fits together
//!
//! A [`Graph`] is made of [`Step`]s; its edges come from typed [`Handle`]s. The
//! pure [`Machine`] folds a run's [`Event`]s into what comes next; the
//! [`Executor`] records each event in a [`Journal`] before its consequence. A
//! [`Runner`] adds the locks of a [`Store`] and plans. There is no wall clock,
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
pub use runner::{Begun, RecordedRun, RunLock, Runner, RunnerError, TakenUp, TargetLock};
pub use step::{Attempt, Decision, Found, Owner, Policy, ProcessGroup, Step, retry};
pub use store::{Guard, Holder, LockError, Locked, MemoryStore, Store};
