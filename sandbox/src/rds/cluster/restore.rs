//! `RestoreDBClusterFromSnapshot`.

use super::*;
use crate::rds::cluster::create::{capacity, engine, insert, version};
use crate::rds::cluster::placement::{check_new, placement};
use crate::rds::validate::port;

/// `RestoreDBClusterFromSnapshot`: user, password and database are the snapshot's.
pub(crate) fn restore(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = identifier(params, "DBClusterIdentifier")?;
    let snapshot_id = snapshot::name_of(params.need("SnapshotIdentifier")?);
    let engine = engine(context)?;
    for name in [
        "MasterUsername",
        "MasterUserPassword",
        "ManageMasterUserPassword",
    ] {
        if params.has(name) {
            refuse!("InvalidParameterCombination":
                "The parameter {name} is not valid for RestoreDBClusterFromSnapshot");
        }
    }
    let source = snapshot::find(context, &snapshot_id)?.clone();
    if context.now < source.available_at {
        refuse!("InvalidDBClusterSnapshotStateFault":
            "DB cluster snapshot {snapshot_id} is not in available state");
    }
    if engine != source.engine {
        refuse!("InvalidParameterCombination":
            "The engine {engine} is not the snapshot's: {}", source.engine);
    }
    let version = version(context, &engine, Some(&source.version))?;
    if parts(&version) < parts(&source.version) {
        refuse!("InvalidParameterCombination":
            "Cannot restore a snapshot of engine version {} to the older engine version {version}", source.version);
    }
    let port = port(params)?.unwrap_or(source.port);
    let tags = given_tags(params)?;
    let capacity = capacity(context)?;
    let deletion_protection = params.is_set("DeletionProtection")?;
    let iam_authentication = params.is_set("EnableIAMDatabaseAuthentication")?;
    let copy_tags_to_snapshot = params.is_set("CopyTagsToSnapshot")?;
    check_new(context, &id)?;
    let place = placement(context)?;
    let cluster = Cluster {
        engine,
        version,
        username: source.username,
        database: source.database,
        port,
        tags,
        until: Some(context.now + timing::CLUSTER_RESTORING),
        restored: true,
        deletion_protection,
        backup_retention: 1,
        iam_authentication,
        copy_tags_to_snapshot,
        encrypted: source.encrypted,
        capacity,
        ..place.cluster(context)
    };
    Ok(insert(context, id, cluster))
}
