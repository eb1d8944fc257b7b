//! Aurora clusters: create, find, delete.

mod alive;
mod create;
mod delete;
mod find;
mod gone;
mod ranges;

pub use alive::{SignsOfLife, refuse_alive};
pub use create::steps::Provisioned;
pub use create::{
    CreateOptions, CreateParameters, CreateRequest, Origin, PasswordSource, PlannedInstance,
    create_graph, survey_create,
};
pub(crate) use delete::protection_refusal;
pub use delete::{
    DeleteOptions, DeleteParameters, DeleteRequest, Inventory, RouteTableInventory, VpcInventory,
    delete_graph, survey_delete,
};
pub use find::{ClusterSummary, Endpoint, Listing, SkippedRegion, endpoint, list};

/// What a run on a cluster works on; at most one unfinished run each.
pub fn target(region: &str, cluster: &str) -> String {
    format!("aurora/{region}/{cluster}")
}
