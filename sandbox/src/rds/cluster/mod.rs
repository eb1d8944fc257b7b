//! DB clusters.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod failover;
pub(crate) mod modify;
pub(crate) mod placement;
pub(crate) mod power;
pub(crate) mod replica;
pub(crate) mod restore;
pub(crate) mod secret;

use super::*;

/// The cluster of that lower-case identifier, however young.
pub(crate) fn find<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a Cluster> {
    let found = context.here().clusters.get(id);
    found.ok_or_else(|| not_found(id))
}

/// The cluster of that lower-case identifier, if reads show it yet.
pub(crate) fn seen<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a Cluster> {
    let found = find(context, id)?;
    if context.now < found.visible_at {
        return Err(not_found(id));
    }
    Ok(found)
}

pub(crate) fn not_found(id: &str) -> ApiError {
    refusal!("DBClusterNotFoundFault": "DBCluster {id} not found.")
}

/// The identifier in the parameter `DBClusterIdentifier`, lower-cased, of a cluster that reads
/// show.
pub(crate) fn given(context: &Context<'_>) -> ApiResult<String> {
    let id = identifier(context.params, "DBClusterIdentifier")?;
    seen(context, &id)?;
    Ok(id)
}

/// Refuses a cluster that is not available, or with which something else is under way.
pub(crate) fn check_idle(id: &str, cluster: &Cluster) -> ApiResult<()> {
    if cluster.is_idle() {
        return Ok(());
    }
    let state = cluster.state();
    Err(refusal!("InvalidDBClusterStateFault":
        "DB cluster {id} is not in available state: {state}"))
}
