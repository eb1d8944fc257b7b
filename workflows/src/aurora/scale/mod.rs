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
pub(super) use steps::AddInstance;
pub use steps::Scaled;
pub(super) use steps::register;
pub use survey::survey_scale;
