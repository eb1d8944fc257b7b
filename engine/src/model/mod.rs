//! What a run is made of: ids, faults, events and the recorded graph. Data
//! without behaviour, which every other module knows and which knows none.

pub mod event;
mod fault;
mod id;
mod record;
mod shape;
mod time;

pub use event::Event;
pub use fault::{Certainty, Fault, FaultClass};
pub use id::{RunId, StepName};
pub use record::{Effect, GRAPH_VERSION, InputError, Outputs, StepId, StepRecord, Wiring};
pub use shape::{GraphError, Shape};
pub use time::Timestamp;
