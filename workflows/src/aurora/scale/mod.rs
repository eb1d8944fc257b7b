//! `aurora scale`: more readers for a cluster, or fewer. Growing can be undone;
//! shrinking only goes forward. The writer is never taken away.

mod graph;
mod parameters;
mod refusal;
mod steps;
mod survey;

pub use graph::scale_graph;
pub use parameters::{AddedInstance, Removal, ScaleOptions, ScaleParameters, ScaleRequest};
pub(crate) use refusal::refusal;
pub use steps::Scaled;
pub use survey::survey_scale;
