//! Clusters that replicate another one, and their promotion.

use super::*;
use crate::context::rds_arn;
use crate::rds::cluster::{check_idle, not_found, seen};
use crate::world::World;

/// What the parameters of `CreateDBCluster` copy, if anything: the source of a replica, or the
/// primary of the global cluster that it joins.
pub(super) fn origin(context: &Context<'_>) -> ApiResult<Option<Cluster>> {
    let params = context.params;
    let origin = match params.get("ReplicationSourceIdentifier") {
        Some(arn) => Some(source(context, arn)?),
        None => global::joined(context)?,
    };
    if origin.is_some() {
        for name in [
            "MasterUsername",
            "MasterUserPassword",
            "ManageMasterUserPassword",
            "DatabaseName",
        ] {
            if params.get(name).is_some() {
                refuse!("InvalidParameterCombination":
                    "Cannot specify {name} for a cluster that replicates another one");
            }
        }
    }
    Ok(origin)
}

fn source(context: &Context<'_>, text: &str) -> ApiResult<Cluster> {
    if context.params.get("GlobalClusterIdentifier").is_some() {
        refuse!("InvalidParameterCombination":
            "Cannot specify both ReplicationSourceIdentifier and GlobalClusterIdentifier");
    }
    let arn = Arn::parse(text)
        .filter(|arn| arn.is_own(context))
        .ok_or_else(|| refusal!("InvalidParameterValue": "Invalid replication source: {text}"))?;
    let region = context.world.region(arn.region);
    let name = match arn.kind {
        "cluster" => arn.name,
        "db" => {
            let found = region.db_instances.get(&arn.name);
            let found = found.ok_or_else(|| instance::not_found(&arn.name))?;
            found.cluster.clone()
        }
        _ => refuse!("InvalidParameterValue": "Invalid replication source: {text}"),
    };
    let found = region.clusters.get(&name).ok_or_else(|| not_found(&name))?;
    if !found.is_available() || found.deletion.is_some() {
        refuse!("InvalidDBClusterStateFault":
            "Source cluster {name} is not in available state: {}", found.state());
    }
    Ok(Cluster {
        replica_of: Some(rds_arn(context.world, arn.region, "cluster", &name)),
        read_only: false,
        ..found.clone()
    })
}

/// The ARNs of the clusters that replicate the cluster `id` of `region`.
pub(crate) fn replicas(world: &World, region: &str, id: &str) -> Vec<String> {
    let arn = rds_arn(world, region, "cluster", id);
    let all = (world.regions.iter()).flat_map(|(name, region)| {
        let here = region.clusters.iter();
        here.map(move |(id, cluster)| (name, id, cluster))
    });
    all.filter(|(_, _, cluster)| cluster.replica_of.as_ref() == Some(&arn))
        .map(|(name, id, _)| rds_arn(world, name, "cluster", id))
        .collect()
}

pub(crate) fn promote(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let cluster = seen(context, &id)?;
    if cluster.replica_of.is_none() {
        refuse!("InvalidDBClusterStateFault": "DB cluster {id} is not a read replica");
    }
    check_idle(&id, cluster)?;
    let now = context.now;
    if let Some(cluster) = context.here_mut().clusters.get_mut(&id) {
        cluster.schedule(promotion(), now);
    }
    Ok(describe::single(context, &id))
}

/// The change after which a cluster stands alone.
pub(crate) fn promotion() -> Change {
    Change {
        status: ClusterStatus::Promoting,
        lasts: timing::PROMOTING,
        standalone: true,
        ..Change::default()
    }
}
