//! Manual cluster snapshots.

use super::*;
use crate::field::items;
use crate::rds::page::last;
use crate::rds::validate::check_identifier;
use crate::world::database::Snapshot;
use crate::world::{Millis, Tags};

pub(crate) fn name_of(identifier: &str) -> String {
    last(identifier).to_ascii_lowercase()
}

pub(crate) fn find<'a>(context: &'a Context<'_>, name: &str) -> ApiResult<&'a Snapshot> {
    context.here().snapshots.get(name).ok_or_else(
        || refusal!("DBClusterSnapshotNotFoundFault": "DBClusterSnapshot not found: {name}"),
    )
}

pub(crate) fn check_new(context: &Context<'_>, name: &str) -> ApiResult<()> {
    if context.here().snapshots.contains_key(name) {
        refuse!("DBClusterSnapshotAlreadyExistsFault":
            "Cannot create the cluster snapshot because one with the identifier {name} already exists.");
    }
    if context.here().snapshots.len() >= context.quotas.snapshots {
        refuse!("SnapshotQuotaExceeded":
            "The request would exceed the number of allowed DB snapshots.");
    }
    Ok(())
}

/// Takes a snapshot of a cluster that is there. Without `tags` it gets the cluster's, if those are
/// to be copied.
pub(crate) fn take(context: &mut Context<'_>, name: String, id: &str, tags: Option<Tags>) {
    let now = context.now;
    let here = context.here_mut();
    let Some(cluster) = here.clusters.get(id) else {
        return;
    };
    let copied = if cluster.copy_tags_to_snapshot {
        cluster.tags.clone()
    } else {
        Tags::new()
    };
    let snapshot = Snapshot {
        cluster: id.to_owned(),
        cluster_resource_id: cluster.resource_id.clone(),
        cluster_created_at: cluster.created_at,
        engine: cluster.engine.clone(),
        version: cluster.version.clone(),
        username: cluster.username.clone(),
        database: cluster.database.clone(),
        port: cluster.port,
        vpc: cluster.vpc.clone(),
        zones: cluster.zones.clone(),
        encrypted: cluster.encrypted,
        tags: tags.filter(|tags| !tags.is_empty()).unwrap_or(copied),
        created_at: now,
        available_at: now + timing::SNAPSHOT_CREATING,
    };
    here.event(
        now,
        Source::Snapshot,
        &name,
        "backup",
        "Creating manual cluster snapshot",
    );
    here.snapshots.insert(name, snapshot);
}

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let given = context.params.need("DBClusterSnapshotIdentifier")?;
    let name = check_identifier("DBClusterSnapshotIdentifier", given, 255)?;
    let id = cluster::given(context)?;
    let tags = given_tags(context.params)?;
    let held = cluster::find(context, &id)?;
    if !held.is_available() || held.deletion.is_some() {
        refuse!("InvalidDBClusterStateFault":
            "Cannot create a snapshot because the database cluster {id} is not currently in the available state.");
    }
    check_new(context, &name)?;
    take(context, name.clone(), &id, Some(tags));
    single(context, &name)
}

fn single(context: &Context<'_>, name: &str) -> ApiResult<String> {
    Ok(SNAPSHOT.single(context, name, find(context, name)?))
}

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let name = name_of(context.params.need("DBClusterSnapshotIdentifier")?);
    if context.now < find(context, &name)?.available_at {
        refuse!("InvalidDBClusterSnapshotStateFault":
            "Cannot delete the cluster snapshot {name} because it is not currently in the available state.");
    }
    let body = single(context, &name)?;
    let now = context.now;
    let here = context.here_mut();
    here.snapshots.remove(&name);
    here.event(
        now,
        Source::Snapshot,
        &name,
        "deletion",
        "Deleted manual cluster snapshot",
    );
    Ok(body)
}

static SNAPSHOT: Description<Snapshot> = Description {
    elements: ("DBClusterSnapshots", "DBClusterSnapshot"),
    matches: by_name,
    fields: fields! { v:
        "AvailabilityZones" [] items("AvailabilityZone", &v.zones);
        "DBClusterSnapshotIdentifier" ["db-cluster-snapshot-id"] v.id;
        "DBClusterIdentifier" ["db-cluster-id"] &v.cluster;
        "SnapshotCreateTime" [] iso(v.created_at);
        "Engine" ["engine"] &v.engine;
        "EngineMode" [] "provisioned";
        "AllocatedStorage" [] "1";
        "Status" [] v.status(v.context.now);
        "Port" [] v.port;
        "VpcId" [] &v.vpc;
        "ClusterCreateTime" [] iso(v.cluster_created_at);
        "MasterUsername" [] &v.username;
        "EngineVersion" [] &v.version;
        "LicenseModel" [] "postgresql-license";
        "SnapshotType" ["snapshot-type"] "manual";
        "PercentProgress" [] percent(v.one, v.context.now);
        "StorageEncrypted" [] v.encrypted;
        "DBClusterSnapshotArn" [] v.context.rds_arn("cluster-snapshot", v.id);
        "IAMDatabaseAuthenticationEnabled" [] false;
        "DbClusterResourceId" [] &v.cluster_resource_id;
        "" [] inside(|xml| tag_list(xml, &v.tags));
    },
};

fn percent(snapshot: &Snapshot, now: Millis) -> u64 {
    let left = snapshot.available_at.saturating_sub(now);
    100 - left.min(timing::SNAPSHOT_CREATING) * 100 / timing::SNAPSHOT_CREATING
}

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let of_cluster = params.get("DBClusterIdentifier").map(name_of);
    let kind = params.get("SnapshotType");
    let manual = kind.is_none_or(|kind| kind == "manual");
    let shown = (context.here().snapshots.iter())
        .filter(|_| manual)
        .filter(|(_, one)| of_cluster.as_ref().is_none_or(|id| *id == one.cluster));
    SNAPSHOT.answer(context, shown, || {
        let name = params.get("DBClusterSnapshotIdentifier").map(name_of);
        if let Some(name) = &name {
            find(context, name)?;
        }
        Ok(name)
    })
}
