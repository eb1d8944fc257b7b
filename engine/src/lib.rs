//! Stepwell's engine: resumable, reversible step graphs.
//!
//! A [`Graph`] is made of [`Step`]s and is known before anything runs; its
//! edges come from typed [`Handle`]s. The pure [`Machine`] folds a run's
//! [`Event`]s into what comes next; the [`Executor`] records each event in a
//! [`Journal`] before its consequence, so a run that is stopped at any instant
//! can be taken up again, or be undone in reverse.
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

pub use clock::{BoxFuture, Clock, Timestamp, TokioClock};
pub use event::Event;
pub use executor::{Executor, Report, RunError, Stop, Stopper, stop_channel};
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
pub use step::{Attempt, Effect, Found, Step};
