//! Stopping and starting clusters.

use super::*;
use crate::rds::cluster::find;

/// `StopDBCluster`: all members must be available.
pub(crate) fn stop(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let cluster = find(context, &id)?;
    let members = context.here().members(cluster);
    let ready = members.iter().all(|member| member.is_available());
    let whole = ready && !cluster.members.is_empty();
    let busy = cluster.deletion.is_some() || cluster.change.is_some();
    if !cluster.is_available() || busy || !whole {
        refuse!("InvalidDBClusterStateFault": "DbCluster {id} is not in available state");
    }
    check_alone(context, &id, cluster)?;
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

/// Refuses what AWS does not stop ("Stopping and starting an Amazon Aurora DB cluster", Aurora user
/// guide).
fn check_alone(context: &Context<'_>, id: &str, cluster: &Cluster) -> ApiResult<()> {
    if membership(context.world, context.region, id).is_some() {
        refuse!("InvalidDBClusterStateFault":
            "DB cluster {id} is part of a global cluster and can't be stopped");
    }
    let followed = !replicas(context.world, context.region, id).is_empty();
    if followed || cluster.replica_of.is_some() {
        refuse!("InvalidDBClusterStateFault":
            "DB cluster {id} takes part in a replication and can't be stopped");
    }
    blue_green::check(context, id)
}

pub(crate) fn start(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let state = find(context, &id)?.state();
    // A key that can be used again is tried by a start ("inaccessible-encryption-credentials-
    // recoverable", Aurora user guide).
    if !matches!(
        state,
        "stopped" | "inaccessible-encryption-credentials-recoverable"
    ) {
        refuse!("InvalidDBClusterStateFault": "DbCluster {id} is not in stopped state");
    }
    let now = context.now;
    let here = context.here_mut();
    if let Some(cluster) = here.clusters.get_mut(&id) {
        cluster.imposed = None;
    }
    here.start_cluster(now, &id);
    Ok(describe::single(context, &id))
}
