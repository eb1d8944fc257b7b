//! VPC peering between an Aurora cluster and a ROSA cluster.

mod create;
mod delete;
mod end;
mod gone;
mod ingress;
mod link;
mod list;
mod owner;
mod ranges;
mod routes;
mod verify;

use stepwell_engine::Registry;

use crate::aws::Aws;
pub use crate::aws::destination::Destination;
pub(crate) use create::resume_refusal as create_resume_refusal;
pub use create::steps::{Peered, PeeredRoute};
pub use create::{
    Before, CreateOptions, CreateParameters, CreateRequest, ExistingPeering, PlannedRoute,
    create_graph, survey_create,
};
pub use delete::{
    DeleteOptions, DeleteParameters, DeleteRequest, PeeringInventory, RosaPlace, RouteInventory,
    RuleInventory, Unpeered, UnpeeredLink, delete_graph, survey_delete,
};
pub(crate) use delete::{
    add_steps as add_delete_steps, peerings_of, resume_refusal as delete_resume_refusal,
};
pub use end::{Access, Accounts, End, RosaAccount};
pub use list::{ListedRoute, PeeringListing, PeeringSummary, list};
pub use routes::{RouteTarget, TargetKind};
pub use verify::{
    Check, CheckStatus, Culprit, Verdict, VerifyOptions, VerifyRequest, VerifySession,
};

/// Adds the kinds of the steps on peerings.
pub(crate) fn register(registry: Registry<Aws>) -> Registry<Aws> {
    delete::register(create::steps::register(registry))
}
