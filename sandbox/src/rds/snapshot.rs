//! Manual cluster snapshots.

use super::cluster;
use super::page::{filters, matches, page};
use super::tags::{given_tags, tag_list};
use super::validate::check_identifier;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::timestamp::iso;
use crate::wire::xml::Xml;
use crate::world::database::{Snapshot, Source};
use crate::world::{Tags, timing};

/// The name in an identifier that may be an ARN.
pub(crate) fn name_of(identifier: &str) -> String {
    identifier
        .rsplit(':')
        .next()
        .unwrap_or(identifier)
        .to_ascii_lowercase()
}

/// The snapshot of that name.
pub(crate) fn find<'a>(context: &'a Context<'_>, name: &str) -> ApiResult<&'a Snapshot> {
    context.here().snapshots.get(name).ok_or_else(|| {
        ApiError::new(
            "DBClusterSnapshotNotFoundFault",
            format!("DBClusterSnapshot not found: {name}"),
        )
    })
}

/// Refuses a name that is taken, and one snapshot too many.
pub(crate) fn check_new(context: &Context<'_>, name: &str) -> ApiResult<()> {
    if context.here().snapshots.contains_key(name) {
        return Err(ApiError::new(
            "DBClusterSnapshotAlreadyExistsFault",
            format!(
                "Cannot create the cluster snapshot because one with the identifier {name} already exists."
            ),
        ));
    }
    if context.here().snapshots.len() >= context.quotas.snapshots {
        return Err(ApiError::new(
            "SnapshotQuotaExceeded",
            "The request would exceed the number of allowed DB snapshots.",
        ));
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

/// `CreateDBClusterSnapshot`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let given = context.params.need("DBClusterSnapshotIdentifier")?;
    let name = check_identifier("DBClusterSnapshotIdentifier", given, 255)?;
    let id = cluster::given(context)?;
    let tags = given_tags(context.params)?;
    let held = cluster::find(context, &id)?;
    if !held.is_available() || held.deletion.is_some() {
        return Err(cluster::wrong_state(format!(
            "Cannot create a snapshot because the database cluster {id} is not currently in the available state."
        )));
    }
    check_new(context, &name)?;
    take(context, name.clone(), &id, Some(tags));
    single(context, &name)
}

fn single(context: &Context<'_>, name: &str) -> ApiResult<String> {
    let snapshot = find(context, name)?;
    let mut xml = Xml::new();
    xml.node("DBClusterSnapshot", |xml| {
        describe_one(xml, context, name, snapshot)
    });
    Ok(xml.finish())
}

/// `DeleteDBClusterSnapshot`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let name = name_of(context.params.need("DBClusterSnapshotIdentifier")?);
    if context.now < find(context, &name)?.available_at {
        return Err(ApiError::new(
            "InvalidDBClusterSnapshotStateFault",
            format!(
                "Cannot delete the cluster snapshot {name} because it is not currently in the available state."
            ),
        ));
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

/// `DescribeDBClusterSnapshots`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let filters = filters(
        context,
        &[
            "db-cluster-id",
            "db-cluster-snapshot-id",
            "snapshot-type",
            "engine",
        ],
    )?;
    let wanted = match params.get("DBClusterSnapshotIdentifier") {
        Some(given) => {
            let name = name_of(given);
            find(context, &name)?;
            Some(name)
        }
        None => None,
    };
    let of_cluster = params.get("DBClusterIdentifier").map(name_of);
    let manual = params
        .get("SnapshotType")
        .is_none_or(|kind| kind == "manual");
    let shown = context
        .here()
        .snapshots
        .iter()
        .filter(|(name, _)| manual && wanted.as_ref().is_none_or(|wanted| wanted == *name))
        .filter(|(_, one)| of_cluster.as_ref().is_none_or(|id| *id == one.cluster))
        .filter(|(name, one)| {
            filters.iter().all(|filter| match filter.name.as_str() {
                "db-cluster-id" => matches(filter, &[&one.cluster]),
                "db-cluster-snapshot-id" => matches(filter, &[name]),
                "engine" => matches(filter, &[&one.engine]),
                _ => matches(filter, &["manual"]),
            })
        })
        .map(|(name, one)| (name.clone(), (name, one)));
    let (snapshots, marker) = page(context, shown)?;
    let mut xml = Xml::new();
    xml.list(
        "DBClusterSnapshots",
        "DBClusterSnapshot",
        snapshots,
        |xml, (name, one)| {
            describe_one(xml, context, name, one);
        },
    )
    .maybe("Marker", marker);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, name: &str, snapshot: &Snapshot) {
    let ready = context.now >= snapshot.available_at;
    let (status, percent) = if ready {
        ("available", 100)
    } else {
        let left = snapshot.available_at - context.now;
        (
            "creating",
            100 - left.min(timing::SNAPSHOT_CREATING) * 100 / timing::SNAPSHOT_CREATING,
        )
    };
    xml.texts("AvailabilityZones", "AvailabilityZone", &snapshot.zones)
        .text("DBClusterSnapshotIdentifier", name)
        .text("DBClusterIdentifier", &snapshot.cluster)
        .text("SnapshotCreateTime", iso(snapshot.created_at))
        .text("Engine", &snapshot.engine)
        .text("EngineMode", "provisioned")
        .text("AllocatedStorage", 1)
        .text("Status", status)
        .text("Port", snapshot.port)
        .text("VpcId", &snapshot.vpc)
        .text("ClusterCreateTime", iso(snapshot.cluster_created_at))
        .text("MasterUsername", &snapshot.username)
        .text("EngineVersion", &snapshot.version)
        .text("LicenseModel", "postgresql-license")
        .text("SnapshotType", "manual")
        .text("PercentProgress", percent)
        .text("StorageEncrypted", snapshot.encrypted)
        .text(
            "DBClusterSnapshotArn",
            context.rds_arn("cluster-snapshot", name),
        )
        .text("IAMDatabaseAuthenticationEnabled", false)
        .text("DbClusterResourceId", &snapshot.cluster_resource_id);
    tag_list(xml, &snapshot.tags);
}
