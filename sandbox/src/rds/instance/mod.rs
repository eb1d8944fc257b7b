//! DB instances of clusters.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod describe;
pub(crate) mod modify;

use crate::operations::Context;
use crate::rds::validate::identifier;
use crate::wire::error::{ApiError, ApiResult};
use crate::world::database::DbInstance;

/// The instance of that identifier.
pub(crate) fn find<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a DbInstance> {
    context
        .here()
        .db_instances
        .get(id)
        .ok_or_else(|| ApiError::new("DBInstanceNotFound", format!("DBInstance {id} not found.")))
}

/// The identifier in the parameter `DBInstanceIdentifier` of an instance that is there.
pub(crate) fn given(context: &Context<'_>) -> ApiResult<String> {
    let id = identifier(context.params, "DBInstanceIdentifier")?;
    find(context, &id)?;
    Ok(id)
}

/// The error for an instance in the wrong state.
pub(crate) fn wrong_state(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidDBInstanceState", message)
}
