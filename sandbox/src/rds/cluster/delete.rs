//! `DeleteDBCluster`.

use super::*;
use crate::rds::cluster::find;
use crate::rds::validate::check_identifier;
use crate::world::database::Deletion;

/// `DeleteDBCluster`: accepted once every instance is being deleted. The cluster shows `available`
/// until they are gone, and is gone itself when its final snapshot is available.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = identifier(params, "DBClusterIdentifier")?;
    let cluster = find(context, &id)?;
    let snapshot = final_snapshot(context)?;
    if cluster.deletion_protection {
        refuse!("InvalidParameterCombination":
            "Cannot delete protected Cluster, please disable deletion protection and try again.");
    }
    global::check_deletion(context, &id)?;
    blue_green::check(context, &id)?;
    if !replicas(context.world, context.region, &id).is_empty() {
        refuse!("InvalidDBClusterStateFault":
            "Cannot delete DB cluster {id}: it has read replicas. Delete or promote them first.");
    }
    if let Some(name) = &snapshot {
        snapshot::check_new(context, name)?;
    }
    check_state(&id, cluster, snapshot.is_some())?;
    let members = context.here().members(cluster);
    let is_alive = |one: &&DbInstance| one.status != DbInstanceStatus::Deleting;
    let alive = members.iter().any(is_alive);
    if alive {
        refuse!("InvalidDBClusterStateFault":
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.");
    }
    if let Some(name) = &snapshot {
        snapshot::take(context, name.clone(), &id, None);
    }
    accept(context, &id, snapshot);
    Ok(describe::single(context, &id))
}

/// Notes that the cluster goes once it has no instances.
pub(crate) fn accept(context: &mut Context<'_>, id: &str, snapshot: Option<String>) {
    let now = context.now;
    let here = context.here_mut();
    if let Some(cluster) = here.clusters.get_mut(id) {
        cluster.deletion = Some(Deletion { snapshot });
        cluster.change = None;
        if cluster.members.is_empty() {
            cluster.until = Some(now + timing::CLUSTER_LAGS);
        }
    }
    let message = "Started deleting the DB cluster";
    here.event(now, Source::Cluster, id, "deletion", message);
}

/// The name of the final snapshot; that there is one, or none, has to be said.
fn final_snapshot(context: &Context<'_>) -> ApiResult<Option<String>> {
    let params = context.params;
    let skip = params.is_set("SkipFinalSnapshot")?;
    match (skip, params.get("FinalDBSnapshotIdentifier")) {
        (false, None) => Err(refusal!("InvalidParameterCombination":
            "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")),
        (true, Some(_)) => Err(refusal!("InvalidParameterCombination":
            "FinalDBSnapshotIdentifier can not be specified when deleting a cluster with SkipFinalSnapshot set.")),
        (true, None) => Ok(None),
        (false, Some(name)) => check_identifier("FinalDBSnapshotIdentifier", name, 255).map(Some),
    }
}

/// Whether the cluster can go as it is, with a final snapshot or without.
fn check_state(id: &str, cluster: &Cluster, with_snapshot: bool) -> ApiResult<()> {
    let state = cluster.state();
    if cluster.deletion.is_some() || state == "deleting" {
        refuse!("InvalidDBClusterStateFault": "DB cluster {id} is already being deleted");
    }
    match state {
        "available" => Ok(()),
        // Nothing in it could be kept, or it is lost.
        "creating"
        | "cloning-failed"
        | "migration-failed"
        | "inaccessible-encryption-credentials"
            if !with_snapshot =>
        {
            Ok(())
        }
        "inaccessible-encryption-credentials"
        | "inaccessible-encryption-credentials-recoverable"
            if with_snapshot =>
        {
            Err(refusal!("KMSKeyNotAccessibleFault":
                "The KMS key of DB cluster {id} can't be accessed."))
        }
        _ if with_snapshot => Err(refusal!("InvalidDBClusterStateFault":
            "Cannot create a snapshot because the database cluster {id} is not currently in the available state.")),
        _ => Err(refusal!("InvalidDBClusterStateFault":
            "DB cluster {id} is not in available state: {state}")),
    }
}
