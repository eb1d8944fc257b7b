//! DB clusters.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod modify;
pub(crate) mod placement;
pub(crate) mod power;
pub(crate) mod restore;
pub(crate) mod secret;

use crate::operations::Context;
use crate::rds::validate::identifier;
use crate::wire::error::{ApiError, ApiResult};
use crate::world::database::Cluster;

/// The cluster of that identifier, whatever its case.
pub(crate) fn find<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a Cluster> {
    context.here().clusters.get(id).ok_or_else(|| {
        ApiError::new(
            "DBClusterNotFoundFault",
            format!("DBCluster {id} not found."),
        )
    })
}

/// The identifier in the parameter `DBClusterIdentifier`, lower-cased, of a cluster that is there.
pub(crate) fn given(context: &Context<'_>) -> ApiResult<String> {
    let id = identifier(context.params, "DBClusterIdentifier")?;
    find(context, &id)?;
    Ok(id)
}

/// The error for a cluster in the wrong state.
pub(crate) fn wrong_state(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidDBClusterStateFault", message)
}
