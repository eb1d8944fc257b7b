//! Stopping and starting clusters.

use super::{describe, find, given, wrong_state};
use crate::operations::Context;
use crate::wire::error::ApiResult;
use crate::world::database::{ClusterStatus, DbInstanceStatus};
use crate::world::timing;

/// `StopDBCluster`: all members must be available.
pub(crate) fn stop(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let cluster = find(context, &id)?;
    let instances = &context.here().db_instances;
    let ready = cluster
        .members
        .iter()
        .filter_map(|member| instances.get(member))
        .all(|member| member.status == DbInstanceStatus::Available);
    if cluster.status != ClusterStatus::Available || !ready || cluster.members.is_empty() {
        return Err(wrong_state(format!(
            "DbCluster {id} is not in available state"
        )));
    }
    let until = context.now + timing::CLUSTER_STOPPING;
    let here = context.here_mut();
    if let Some(cluster) = here.clusters.get_mut(&id) {
        cluster.status = ClusterStatus::Stopping;
        cluster.until = Some(until);
        for member in &cluster.members {
            if let Some(member) = here.db_instances.get_mut(member) {
                member.status = DbInstanceStatus::Stopping;
                member.until = Some(until);
            }
        }
    }
    Ok(describe::single(context, &id))
}

/// `StartDBCluster`.
pub(crate) fn start(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    if find(context, &id)?.status != ClusterStatus::Stopped {
        return Err(wrong_state(format!(
            "DbCluster {id} is not in stopped state"
        )));
    }
    let now = context.now;
    context.here_mut().start_cluster(now, &id);
    Ok(describe::single(context, &id))
}
