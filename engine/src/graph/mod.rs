//! Graphs are built through typed handles, so that an edge can't contradict the
//! data that flows along it. What comes out is plain data: see [`StepRecord`].

mod bound;
mod builder;
mod needs;
mod registry;

pub(crate) use bound::{Claim, Failure, Landing, Work};
pub use builder::{Graph, GraphBuilder, Handle};
pub use needs::{Needs, Precedes};
pub(crate) use registry::Program;
pub use registry::{NotUnderstood, Registry, Unsupported, Why};

#[cfg(doc)]
use crate::model::StepRecord;
