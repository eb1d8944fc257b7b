//! Aurora clusters: create, find, delete, reap.

mod alive;
mod create;
mod delete;
mod find;
mod gone;
mod psql;
mod ranges;
mod reap;
mod reset;

pub use alive::{SignsOfLife, refuse_alive};
pub use create::steps::Provisioned;
pub use create::{
    CreateOptions, CreateParameters, CreateRequest, Origin, PasswordSource, PlannedInstance,
    create_graph, survey_create,
};
pub(crate) use create::{available_zones, offering_zones};
pub(crate) use delete::protection_refusal;
pub use delete::{
    DeleteOptions, DeleteParameters, DeleteRequest, Inventory, RouteTableInventory, VpcInventory,
    delete_graph, survey_delete,
};
pub use find::{ClusterSummary, Endpoint, Listing, SkippedRegion, endpoint, list};
pub use psql::{PsqlOptions, PsqlRequest, PsqlSession};
pub(crate) use ranges::{blocks, overlap};
pub use reap::{Candidate, ReapOptions, ReapRequest, Reaping, Verdict, look_again, survey_reap};
pub use reset::{
    Reset, ResetOptions, ResetParameters, ResetRequest, Restarted, reset_graph, survey_reset,
};

/// What a run on a cluster works on; at most one unfinished run each.
pub fn target(region: &str, cluster: &str) -> String {
    format!("aurora/{region}/{cluster}")
}
