//! `FailoverDBCluster`.

use super::*;
use crate::rds::cluster::{check_idle, seen};

/// `FailoverDBCluster`: another member becomes the writer, the one that is given or the one with
/// the lowest promotion tier.
pub(crate) fn failover(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let cluster = seen(context, &id)?;
    check_idle(&id, cluster)?;
    if cluster.read_only {
        refuse!("InvalidDBClusterStateFault":
            "DB cluster {id} is a secondary cluster of a global cluster and has no writer");
    }
    let target = match context.params.get("TargetDBInstanceIdentifier") {
        Some(_) => {
            let target = identifier(context.params, "TargetDBInstanceIdentifier")?;
            check_target(context, cluster, &target)?;
            target
        }
        None => best_reader(context, cluster).ok_or_else(|| {
            refusal!("InvalidDBClusterStateFault":
                "DB cluster {id} has no DB instance that is available to fail over to")
        })?,
    };
    let now = context.now;
    if let Some(cluster) = context.here_mut().clusters.get_mut(&id) {
        let change = Change {
            status: ClusterStatus::FailingOver,
            lasts: timing::FAILING_OVER,
            writer: Some(target),
            ..Change::default()
        };
        cluster.schedule(change, now);
    }
    Ok(describe::single(context, &id))
}

fn check_target(context: &Context<'_>, cluster: &Cluster, target: &str) -> ApiResult<()> {
    let instance = instance::seen(context, target)?;
    let refused = |why: &str| -> ApiError {
        refusal!("InvalidDBInstanceState": "Can't fail over to DB instance {target}: {why}")
    };
    if !cluster.members.iter().any(|member| member == target) {
        Err(refused("it is no member of the DB cluster"))
    } else if cluster.writer.as_deref() == Some(target) {
        Err(refused("it is the writer"))
    } else if !instance.is_available() {
        Err(refused("it is not in available state"))
    } else {
        Ok(())
    }
}

fn best_reader(context: &Context<'_>, cluster: &Cluster) -> Option<String> {
    let instances = &context.here().db_instances;
    let readers = cluster.members.iter().filter_map(|id| {
        let able = instances.get(id).filter(|one| one.is_available())?;
        (cluster.writer.as_ref() != Some(id)).then_some((able.tier, id))
    });
    readers
        .min_by_key(|(tier, _)| *tier)
        .map(|(_, id)| id.clone())
}
