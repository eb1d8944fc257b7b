//! `DeleteDBInstance`.

use super::*;
use crate::rds::instance::{describe, find, given};
use crate::world::ids;

/// `DeleteDBInstance`. A writer that goes hands over to another member first.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = given(context)?;
    params.flag("SkipFinalSnapshot")?;
    if params.get("FinalDBSnapshotIdentifier").is_some() {
        refuse!("InvalidParameterCombination":
            "FinalDBSnapshotIdentifier cannot be specified when deleting a DB instance that is a member of a DB cluster.");
    }
    let instance = find(context, &id)?;
    let cluster_id = instance.cluster.clone();
    check_state(&id, instance, cluster::find(context, &cluster_id)?)?;
    check_last(context, &id, &cluster_id)?;
    if blue_green::check(context, &cluster_id).is_err() {
        refuse!("InvalidDBInstanceState": "Instance {id} is part of a blue/green deployment.");
    }
    begin(context, &id);
    Ok(describe::single(context, &id))
}

/// Whether the instance can go as it and its cluster `cluster` are.
fn check_state(id: &str, instance: &DbInstance, cluster: &Cluster) -> ApiResult<()> {
    if instance.status == DbInstanceStatus::Deleting || instance.state() == "deleting" {
        refuse!("InvalidDBInstanceState": "Instance {id} is already being deleted.");
    }
    let (of_cluster, cluster_id) = (cluster.state(), &instance.cluster);
    if matches!(
        of_cluster,
        "stopped"
            | "stopping"
            | "starting"
            | "failing-over"
            | "inaccessible-encryption-credentials-recoverable"
    ) {
        refuse!("InvalidDBClusterStateFault":
            "DB cluster {cluster_id} is not in available state: {of_cluster}. Start it before deleting its DB instances.");
    }
    match instance.state() {
        state @ ("upgrading" | "maintenance" | "rebooting" | "starting" | "stopping"
        | "stopped") => Err(refusal!("InvalidDBInstanceState":
            "Instance {id} is currently {state} and can't be deleted.")),
        _ => Ok(()),
    }
}

/// Refuses to take the last instance of a cluster that others follow, or that follows another
/// (DeleteDBInstance, RDS API reference).
fn check_last(context: &Context<'_>, id: &str, cluster_id: &str) -> ApiResult<()> {
    let cluster = cluster::find(context, cluster_id)?;
    let instances = &context.here().db_instances;
    let mut others = cluster.members.iter().filter(|member| *member != id);
    let is_left = |member: &String| {
        let other = instances.get(member);
        other.is_some_and(|one| one.status != DbInstanceStatus::Deleting)
    };
    if others.any(is_left) {
        return Ok(());
    }
    let follows = replicas(context.world, context.region, cluster_id);
    let leads = membership(context.world, context.region, cluster_id)
        .is_some_and(|(_, global, member)| member.writer && global.members.len() > 1);
    if leads || !follows.is_empty() {
        refuse!("InvalidDBClusterStateFault":
            "Cannot delete the last instance of the master cluster. Delete the replica cluster before deleting the last master cluster instance.");
    }
    if cluster.replica_of.is_some() {
        refuse!("InvalidDBClusterStateFault":
            "Cannot delete the last instance of the read replica DB cluster. Promote the DB cluster to a standalone DB cluster in order to delete it.");
    }
    Ok(())
}

/// Starts the deletion of an instance that is there. Its tags go at once.
pub(crate) fn begin(context: &mut Context<'_>, id: &str) {
    let spread = ids::hash(context.world.seed, id) % (timing::DB_INSTANCE_SPREAD + 1);
    let now = context.now;
    let here = context.here_mut();
    let Some(instance) = here.db_instances.get_mut(id) else {
        return;
    };
    instance.status = DbInstanceStatus::Deleting;
    instance.until = Some(now + timing::DB_INSTANCE_DELETING + spread);
    instance.imposed = None;
    instance.tags.clear();
    let cluster_id = instance.cluster.clone();
    let message = "Started deleting the DB instance";
    here.event(now, Source::Instance, id, "deletion", message);
    if let Some(cluster) = here.clusters.get_mut(&cluster_id)
        && cluster.writer.as_deref() == Some(id)
    {
        cluster.writer = None;
        here.elect_writer(now, &cluster_id, true);
        if let Some(cluster) = here.clusters.get_mut(&cluster_id) {
            // With nobody to hand over to, it writes until it is gone.
            cluster.writer.get_or_insert_with(|| id.to_owned());
        }
    }
}
