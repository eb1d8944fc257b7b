//! `DescribeDBClusters`, and how a cluster looks in every answer.

use super::*;
use crate::field::items;
use crate::rds::cluster::seen;
use crate::rds::page::last;
use crate::world::catalog::family;

pub(crate) static CLUSTER: Description<Cluster> = Description {
    elements: ("DBClusters", "DBCluster"),
    matches: by_name,
    fields: fields! { v:
        "AllocatedStorage" [] "1";
        "AvailabilityZones" [] items("AvailabilityZone", &v.zones);
        "BackupRetentionPeriod" [] v.backup_retention;
        "DatabaseName" [] v.database.as_ref();
        "DBClusterIdentifier" ["db-cluster-id"] v.id;
        "DBClusterParameterGroup" [] format!("default.{}", family(&v.engine, &v.version));
        "DBSubnetGroup" [] &v.subnet_group;
        "Status" [] v.state();
        "Endpoint" [] format!("{}.cluster-{}", v.id, v.domain);
        "ReaderEndpoint" [] format!("{}.cluster-ro-{}", v.id, v.domain);
        "MultiAZ" [] is_multi_zone(v.context, v.one);
        "Engine" ["engine"] &v.engine;
        "EngineVersion" [] &v.version;
        "Port" [] v.port;
        "MasterUsername" [] &v.username;
        "PreferredBackupWindow" [] "03:00-03:30";
        "PreferredMaintenanceWindow" [] "sun:05:00-sun:05:30";
        "ReplicationSourceIdentifier" [] v.replica_of.as_ref();
        "ReadReplicaIdentifiers" []
            items("ReadReplicaIdentifier", replicas(v.context.world, v.context.region, v.id));
        "GlobalClusterIdentifier" []
            membership(v.context.world, v.context.region, v.id).map(|(global, _, _)| global);
        "EarliestRestorableTime" [] is_made(v.one).then(|| iso(v.created_at));
        "LatestRestorableTime" [] is_made(v.one).then(|| iso(v.context.now));
        "DBClusterMembers" [] inside(|xml| for id in &v.members {
            let tier = v.here().db_instances.get(id).map_or(1, |one| one.tier);
            xml.node("DBClusterMember", |xml| {
                xml.text("DBInstanceIdentifier", id)
                    .text("IsClusterWriter", v.writer.as_ref() == Some(id))
                    .text("DBClusterParameterGroupStatus", "in-sync")
                    .text("PromotionTier", tier);
            });
        });
        "VpcSecurityGroups" [] inside(|xml| security_groups(xml, &v.groups));
        "HostedZoneId" [] "Z29XKXDKYMONMX";
        "StorageEncrypted" [] v.encrypted;
        "DbClusterResourceId" ["db-cluster-resource-id"] &v.resource_id;
        "DBClusterArn" [] v.context.rds_arn("cluster", v.id);
        "AssociatedRoles" [] "";
        "IAMDatabaseAuthenticationEnabled" [] v.iam_authentication;
        "ClusterCreateTime" [] iso(v.created_at);
        "EngineMode" [] "provisioned";
        "DeletionProtection" [] v.deletion_protection;
        "HttpEndpointEnabled" [] v.data_api;
        "CopyTagsToSnapshot" [] v.copy_tags_to_snapshot;
        "CrossAccountClone" [] false;
        "DomainMemberships" [] "";
        "AutoMinorVersionUpgrade" [] true;
        "NetworkType" [] "IPV4";
        "ActivityStreamStatus" [] "stopped";
        "EngineLifecycleSupport" [] "open-source-rds-extended-support";
        "" [] inside(|xml| {
            tag_list(xml, &v.tags);
            if let Some((min, max)) = &v.capacity {
                xml.node("ServerlessV2ScalingConfiguration", |xml| {
                    xml.text("MinCapacity", min).text("MaxCapacity", max);
                });
            }
            if let Some(arn) = &v.secret {
                secret(xml, v.context, arn);
            }
            if let Some(change) = &v.change {
                pending(xml, change);
            }
        });
        ["clone-group-id" "domain"] None::<&str>;
    },
};

fn is_made(cluster: &Cluster) -> bool {
    cluster.status != ClusterStatus::Creating
}

/// `DescribeDBClusters`, by identifier or ARN.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let clusters = context.here().clusters.iter();
    let shown = clusters.filter(|(_, cluster)| context.now >= cluster.visible_at);
    CLUSTER.answer(context, shown, || {
        let Some(text) = context.params.get("DBClusterIdentifier") else {
            return Ok(None);
        };
        let id = last(text).to_ascii_lowercase();
        seen(context, &id)?;
        Ok(Some(id))
    })
}

pub(super) fn single(context: &Context<'_>, id: &str) -> String {
    let cluster = context.here().clusters.get(id);
    cluster.map_or_else(String::new, |one| CLUSTER.single(context, id, one))
}

pub(crate) fn security_groups(xml: &mut Xml, groups: &[String]) {
    for group in groups {
        xml.node("VpcSecurityGroupMembership", |xml| {
            xml.text("VpcSecurityGroupId", group)
                .text("Status", "active");
        });
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

fn is_multi_zone(context: &Context<'_>, cluster: &Cluster) -> bool {
    let members = context.here().members(cluster);
    let mut zones = members.iter().map(|one| &one.zone);
    let first = zones.next();
    first.is_some_and(|first| zones.any(|zone| zone != first))
}
