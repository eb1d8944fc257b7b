//! DB instances of clusters.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod modify;

use super::*;

/// The instance of that lower-case identifier, however young.
pub(crate) fn find<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a DbInstance> {
    let found = context.here().db_instances.get(id);
    found.ok_or_else(|| not_found(id))
}

/// The instance of that lower-case identifier, if reads show it yet.
pub(crate) fn seen<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a DbInstance> {
    let found = find(context, id)?;
    if context.now < found.visible_at {
        return Err(not_found(id));
    }
    Ok(found)
}

pub(crate) fn not_found(id: &str) -> ApiError {
    refusal!("DBInstanceNotFound": "DBInstance {id} not found.")
}

/// The identifier in the parameter `DBInstanceIdentifier` of an instance that is there, seen or
/// not.
pub(crate) fn given(context: &Context<'_>) -> ApiResult<String> {
    let id = identifier(context.params, "DBInstanceIdentifier")?;
    find(context, &id)?;
    Ok(id)
}

pub(crate) fn check_quota(context: &Context<'_>) -> ApiResult<()> {
    if context.here().db_instances.len() >= context.quotas.db_instances {
        refuse!("InstanceQuotaExceeded":
            "The request would result in the user exceeding the allowed number of DB instances.");
    }
    Ok(())
}
