//! `DeleteDBInstance`.

use super::{describe, find, given, wrong_state};
use crate::operations::Context;
use crate::rds::cluster;
use crate::wire::error::{ApiError, ApiResult};
use crate::world::database::{ClusterStatus, DbInstanceStatus, Source};
use crate::world::{ids, timing};

/// `DeleteDBInstance`. A writer that goes hands over to another member first.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = given(context)?;
    params.flag("SkipFinalSnapshot")?;
    if params.get("FinalDBSnapshotIdentifier").is_some() {
        return Err(ApiError::combination(
            "FinalDBSnapshotIdentifier cannot be specified when deleting a DB instance that is a member of a DB cluster.",
        ));
    }
    let instance = find(context, &id)?;
    let cluster_id = instance.cluster.clone();
    if instance.status == DbInstanceStatus::Deleting {
        return Err(wrong_state(format!(
            "Instance {id} is already being deleted."
        )));
    }
    let cluster = cluster::find(context, &cluster_id)?;
    if matches!(
        cluster.status,
        ClusterStatus::Stopped | ClusterStatus::Stopping | ClusterStatus::Starting
    ) {
        return Err(cluster::wrong_state(format!(
            "DB cluster {cluster_id} is not in available state: {}. Start it before deleting its DB instances.",
            cluster.status.name()
        )));
    }
    if matches!(instance.status, DbInstanceStatus::Upgrading) {
        return Err(wrong_state(format!("Instance {id} is being upgraded.")));
    }
    let spread = ids::hash(context.world.seed, &id) % (timing::DB_INSTANCE_SPREAD + 1);
    let now = context.now;
    let here = context.here_mut();
    if let Some(instance) = here.db_instances.get_mut(&id) {
        instance.status = DbInstanceStatus::Deleting;
        instance.until = Some(now + timing::DB_INSTANCE_DELETING + spread);
    }
    here.event(
        now,
        Source::Instance,
        &id,
        "deletion",
        "Started deleting the DB instance",
    );
    if let Some(cluster) = here.clusters.get_mut(&cluster_id)
        && cluster.writer.as_ref() == Some(&id)
    {
        cluster.writer = None;
        here.elect_writer(now, &cluster_id, true);
        if let Some(cluster) = here.clusters.get_mut(&cluster_id) {
            // With nobody to hand over to, it writes until it is gone.
            cluster.writer.get_or_insert(id.clone());
        }
    }
    Ok(describe::single(context, &id))
}
