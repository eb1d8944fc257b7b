//! Aurora clusters: create, find, delete, reap.

mod alive;
mod class;
mod create;
mod delete;
mod estate;
mod final_snapshot;
mod find;
mod gone;
mod holders;
mod identity;
mod psql;
mod ranges;
mod reap;
mod reset;
mod rollback;
mod scale;
mod waiving;

use stepwell_engine::Registry;

use crate::aws::Aws;
pub use alive::{Heard, Lost, SignsOfLife, refuse_alive};
pub use class::change_class;
pub use create::steps::Provisioned;
pub use create::{
    Capacity, CreateOptions, CreateParameters, CreateRequest, Inheritance, Origin, PasswordSource,
    PlannedInstance, create_graph, survey_create,
};
pub(crate) use create::{
    available_zones, newest, resume_refusal as create_resume_refusal,
    rollback_refusal as create_rollback_refusal,
};
pub(crate) use delete::resume_refusal as delete_resume_refusal;
pub use delete::{
    DeleteOptions, DeleteParameters, DeleteRequest, Inventory, RouteTableInventory,
    SubnetGroupInventory, VpcInventory, delete_graph, survey_delete,
};
pub(crate) use find::refuse_other_engine;
pub use find::{ClusterSummary, Endpoint, Listing, SkippedRegion, endpoint, list};
pub use holders::{NamingRule, Part, PartKind};
pub use identity::{ClusterIdentity, InstanceIdentity};
pub use psql::{PsqlOptions, PsqlRequest, PsqlSession};
pub(crate) use ranges::{blocks, overlap};
pub use reap::{
    Candidate, ReapOptions, ReapRequest, Reaping, Verdict, keeps_alive, look_again, survey_reap,
};
pub use reset::{
    Reset, ResetOptions, ResetParameters, ResetRequest, Restarted, reset_graph, reset_stopped,
    survey_reset,
};
pub use rollback::{AtStake, RollbackOptions, at_stake};
pub(crate) use scale::refusal as scale_refusal;
pub use scale::{
    AddedInstance, Removal, ScaleOptions, ScaleParameters, ScaleRequest, Scaled, scale_graph,
    survey_scale,
};
pub use waiving::{Held, held_by};

/// Adds the kinds of the steps on clusters.
pub(crate) fn register(registry: Registry<Aws>) -> Registry<Aws> {
    let registry = create::steps::register(registry);
    let registry = delete::register(registry);
    scale::register(reset::register(registry))
}
