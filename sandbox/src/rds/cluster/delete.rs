//! `DeleteDBCluster`.

use super::{describe, find, given, wrong_state};
use crate::operations::Context;
use crate::rds::snapshot;
use crate::rds::validate::check_identifier;
use crate::wire::error::{ApiError, ApiResult};
use crate::world::database::{ClusterStatus, DbInstanceStatus, Source};
use crate::world::timing;

/// `DeleteDBCluster`: accepted once every instance is being deleted.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = given(context)?;
    let skip = params.flag("SkipFinalSnapshot")?.unwrap_or(false);
    let name = params.get("FinalDBSnapshotIdentifier");
    let name = match (skip, name) {
        (false, None) => {
            return Err(ApiError::combination(
                "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
            ));
        }
        (true, Some(_)) => {
            return Err(ApiError::combination(
                "FinalDBSnapshotIdentifier can not be specified when deleting a cluster with SkipFinalSnapshot set.",
            ));
        }
        (true, None) => None,
        (false, Some(name)) => Some(check_identifier("FinalDBSnapshotIdentifier", name, 255)?),
    };
    let cluster = find(context, &id)?;
    if cluster.deletion_protection {
        return Err(ApiError::combination(
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
        ));
    }
    match cluster.status {
        ClusterStatus::Deleting => {
            return Err(wrong_state(format!(
                "DB cluster {id} is already being deleted"
            )));
        }
        ClusterStatus::Available => {}
        // There is nothing in it yet that a snapshot could keep.
        ClusterStatus::Creating if name.is_none() => {}
        _ => {
            return Err(wrong_state(format!(
                "DB cluster {id} is not in available state: {}",
                cluster.status.name()
            )));
        }
    }
    let instances = &context.here().db_instances;
    let alive = cluster
        .members
        .iter()
        .filter_map(|member| instances.get(member))
        .any(|member| member.status != DbInstanceStatus::Deleting);
    if alive {
        return Err(wrong_state(
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
        ));
    }
    if let Some(name) = &name {
        snapshot::check_new(context, name)?;
        snapshot::take(context, name.clone(), &id, None);
    }
    let now = context.now;
    let here = context.here_mut();
    if let Some(cluster) = here.clusters.get_mut(&id) {
        cluster.status = ClusterStatus::Deleting;
        let gone = cluster.members.is_empty();
        cluster.until = gone.then_some(now + timing::CLUSTER_DELETING);
    }
    here.event(
        now,
        Source::Cluster,
        &id,
        "deletion",
        "Started deleting the DB cluster",
    );
    Ok(describe::single(context, &id))
}
