//! `DescribeDBClusters`, and how a cluster looks in every answer.

use super::replica::replicas;
use super::seen;
use crate::context::Context;
use crate::rds::global::membership;
use crate::rds::page::{filters, matches, page};
use crate::rds::tags::tag_list;
use crate::wire::error::ApiResult;
use crate::wire::timestamp::iso;
use crate::wire::xml::Xml;
use crate::world::catalog::family;
use crate::world::database::{Change, Cluster};
use crate::world::state::ClusterStatus;

/// `DescribeDBClusters`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let filters = filters(
        context,
        &[
            "db-cluster-id",
            "db-cluster-resource-id",
            "engine",
            "clone-group-id",
            "domain",
        ],
    )?;
    let wanted = match context.params.get("DBClusterIdentifier") {
        // An ARN is accepted as well.
        Some(text) => {
            let id = text.rsplit(':').next().unwrap_or(text).to_ascii_lowercase();
            seen(context, &id)?;
            Some(id)
        }
        None => None,
    };
    let shown = context
        .here()
        .clusters
        .iter()
        .filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id))
        .filter(|(_, cluster)| context.now >= cluster.visible_at)
        .filter(|(id, cluster)| {
            filters.iter().all(|filter| match filter.name.as_str() {
                "db-cluster-id" => matches(filter, &[id]),
                "db-cluster-resource-id" => matches(filter, &[&cluster.resource_id]),
                "engine" => matches(filter, &[&cluster.engine]),
                _ => false,
            })
        })
        .map(|(id, cluster)| (id.clone(), (id, cluster)));
    let (clusters, marker) = page(context, shown)?;
    let mut xml = Xml::new();
    xml.list("DBClusters", "DBCluster", clusters, |xml, (id, cluster)| {
        describe_one(xml, context, id, cluster);
    })
    .maybe("Marker", marker);
    Ok(xml.finish())
}

/// The answer that is the cluster `id` alone.
pub(super) fn single(context: &Context<'_>, id: &str) -> String {
    let mut xml = Xml::new();
    if let Some(cluster) = context.here().clusters.get(id) {
        xml.node("DBCluster", |xml| describe_one(xml, context, id, cluster));
    }
    xml.finish()
}

/// The inside of `DBCluster`.
pub(super) fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, cluster: &Cluster) {
    let endpoint = |kind: &str| format!("{id}.{kind}-{}", cluster.domain);
    xml.text("AllocatedStorage", 1)
        .texts("AvailabilityZones", "AvailabilityZone", &cluster.zones)
        .text("BackupRetentionPeriod", cluster.backup_retention)
        .maybe("DatabaseName", cluster.database.as_ref())
        .text("DBClusterIdentifier", id)
        .text(
            "DBClusterParameterGroup",
            format_args!("default.{}", family(&cluster.engine, &cluster.version)),
        )
        .text("DBSubnetGroup", &cluster.subnet_group)
        .text("Status", cluster.state())
        .text("Endpoint", endpoint("cluster"))
        .text("ReaderEndpoint", endpoint("cluster-ro"))
        .text("MultiAZ", is_multi_zone(context, cluster))
        .text("Engine", &cluster.engine)
        .text("EngineVersion", &cluster.version)
        .text("Port", cluster.port)
        .text("MasterUsername", &cluster.username)
        .text("PreferredBackupWindow", "03:00-03:30")
        .text("PreferredMaintenanceWindow", "sun:05:00-sun:05:30")
        .maybe("ReplicationSourceIdentifier", cluster.replica_of.as_ref())
        .texts(
            "ReadReplicaIdentifiers",
            "ReadReplicaIdentifier",
            replicas(context.world, context.region, id),
        );
    if let Some((global, _, _)) = membership(context.world, context.region, id) {
        xml.text("GlobalClusterIdentifier", global);
    }
    if cluster.status != ClusterStatus::Creating {
        xml.text("EarliestRestorableTime", iso(cluster.created_at))
            .text("LatestRestorableTime", iso(context.now));
    }
    xml.list(
        "DBClusterMembers",
        "DBClusterMember",
        &cluster.members,
        |xml, member| {
            let tier = context
                .here()
                .db_instances
                .get(member)
                .map_or(1, |one| one.tier);
            xml.text("DBInstanceIdentifier", member)
                .text("IsClusterWriter", cluster.writer.as_ref() == Some(member))
                .text("DBClusterParameterGroupStatus", "in-sync")
                .text("PromotionTier", tier);
        },
    )
    .list(
        "VpcSecurityGroups",
        "VpcSecurityGroupMembership",
        &cluster.groups,
        |xml, group| {
            xml.text("VpcSecurityGroupId", group)
                .text("Status", "active");
        },
    )
    .text("HostedZoneId", "Z29XKXDKYMONMX")
    .text("StorageEncrypted", cluster.encrypted)
    .text("DbClusterResourceId", &cluster.resource_id)
    .text("DBClusterArn", context.rds_arn("cluster", id))
    .text("AssociatedRoles", "")
    .text(
        "IAMDatabaseAuthenticationEnabled",
        cluster.iam_authentication,
    )
    .text("ClusterCreateTime", iso(cluster.created_at))
    .text("EngineMode", "provisioned")
    .text("DeletionProtection", cluster.deletion_protection)
    .text("HttpEndpointEnabled", cluster.data_api)
    .text("CopyTagsToSnapshot", cluster.copy_tags_to_snapshot)
    .text("CrossAccountClone", false)
    .text("DomainMemberships", "")
    .text("AutoMinorVersionUpgrade", true)
    .text("NetworkType", "IPV4")
    .text("ActivityStreamStatus", "stopped")
    .text("EngineLifecycleSupport", "open-source-rds-extended-support");
    tag_list(xml, &cluster.tags);
    if let Some((min, max)) = &cluster.capacity {
        xml.node("ServerlessV2ScalingConfiguration", |xml| {
            xml.text("MinCapacity", min).text("MaxCapacity", max);
        });
    }
    if let Some(arn) = &cluster.secret {
        secret(xml, context, arn);
    }
    if let Some(change) = &cluster.change {
        pending(xml, change);
    }
}

/// `PendingModifiedValues`, which has no element for a port, a failover or a promotion.
fn pending(xml: &mut Xml, change: &Change) {
    let shown = change.password
        || change.version.is_some()
        || change.iam_authentication.is_some()
        || change.backup_retention.is_some();
    if shown {
        xml.node("PendingModifiedValues", |xml| {
            xml.maybe("MasterUserPassword", change.password.then_some("****"))
                .maybe(
                    "IAMDatabaseAuthenticationEnabled",
                    change.iam_authentication,
                )
                .maybe("EngineVersion", change.version.as_ref())
                .maybe("BackupRetentionPeriod", change.backup_retention);
        });
    }
}

fn secret(xml: &mut Xml, context: &Context<'_>, arn: &str) {
    let held = context.here().secrets.get(arn);
    let status = held.map(|one| one.status(context.now));
    let key = format!(
        "arn:aws:kms:{}:{}:key/aws-secretsmanager",
        context.region, context.world.account_id
    );
    xml.node("MasterUserSecret", |xml| {
        xml.text("SecretArn", arn)
            .maybe("SecretStatus", status)
            .text("KmsKeyId", key);
    });
}

/// Whether its instances are in more than one zone.
fn is_multi_zone(context: &Context<'_>, cluster: &Cluster) -> bool {
    let instances = &context.here().db_instances;
    let mut zones = cluster
        .members
        .iter()
        .filter_map(|id| Some(&instances.get(id)?.zone));
    zones
        .next()
        .is_some_and(|first| zones.any(|zone| zone != first))
}
