//! `DescribeDBInstances`, and how an instance looks in every answer.

use super::*;
use crate::rds::cluster::describe::security_groups;
use crate::rds::instance::seen;
use crate::rds::page::last;
use crate::world::catalog::family;

static INSTANCE: Description<DbInstance> = Description {
    elements: ("DBInstances", "DBInstance"),
    matches: by_name,
    fields: fields! { v:
        "DBInstanceIdentifier" ["db-instance-id"] v.id;
        "DBInstanceClass" [] &v.class;
        "Engine" ["engine"] ENGINE;
        "DBInstanceStatus" [] v.state();
        "MasterUsername" [] cluster(v).map(|one| &one.username);
        "DBName" [] cluster(v).and_then(|one| one.database.as_ref());
        "BackupRetentionPeriod" [] cluster(v).map(|one| one.backup_retention);
        "EngineVersion" [] cluster(v).map(|one| &one.version);
        "StorageEncrypted" [] cluster(v).map(|one| one.encrypted);
        "IAMDatabaseAuthenticationEnabled" [] cluster(v).map(|one| one.iam_authentication);
        "" [] inside(|xml| if let Some(cluster) = cluster(v) {
            of_cluster(xml, v, cluster);
        });
        "AllocatedStorage" [] "1";
        "PreferredBackupWindow" [] "03:00-03:30";
        "DBSecurityGroups" [] "";
        "AvailabilityZone" [] &v.zone;
        "PreferredMaintenanceWindow" [] "sun:05:00-sun:05:30";
        "PendingModifiedValues" [] inside(|xml| {
            xml.maybe("DBInstanceClass", v.pending_class.as_ref());
        });
        "MultiAZ" [] false;
        "AutoMinorVersionUpgrade" [] v.minor_upgrades;
        "ReadReplicaDBInstanceIdentifiers" [] "";
        "LicenseModel" [] "postgresql-license";
        "PubliclyAccessible" [] v.public;
        "StorageType" [] "aurora";
        "DBClusterIdentifier" ["db-cluster-id"] &v.cluster;
        "DbiResourceId" ["dbi-resource-id"] &v.resource_id;
        "CACertificateIdentifier" [] "rds-ca-rsa2048-g1";
        "DomainMemberships" [] "";
        "CopyTagsToSnapshot" [] false;
        "MonitoringInterval" [] v.monitoring_interval;
        "PromotionTier" [] v.tier;
        "DBInstanceArn" [] v.context.rds_arn("db", v.id);
        "PerformanceInsightsEnabled" [] v.performance_insights;
        "InstanceCreateTime" [] is_made(v).then(|| iso(v.created_at));
        "PerformanceInsightsRetentionPeriod" []
            v.performance_insights.then_some(v.insights_retention);
        "DeletionProtection" [] false;
        "AssociatedRoles" [] "";
        "CustomerOwnedIpEnabled" [] false;
        "NetworkType" [] "IPV4";
        "BackupTarget" [] "region";
        "" [] inside(|xml| tag_list(xml, &v.tags));
        ["domain"] None::<&str>;
    },
};

fn is_made(instance: &DbInstance) -> bool {
    instance.status != DbInstanceStatus::Creating
}

fn cluster<'a>(v: &View<'a, DbInstance>) -> Option<&'a Cluster> {
    v.here().clusters.get(&v.cluster)
}

fn of_cluster(xml: &mut Xml, v: &View<'_, DbInstance>, cluster: &Cluster) {
    xml.node("VpcSecurityGroups", |xml| {
        security_groups(xml, &cluster.groups);
    })
    .node("DBParameterGroups", |xml| {
        xml.node("DBParameterGroup", |xml| {
            let name = format!("default.{}", family(ENGINE, &cluster.version));
            xml.text("DBParameterGroupName", name)
                .text("ParameterApplyStatus", "in-sync");
        });
    });
    if is_made(v) {
        xml.node("Endpoint", |xml| {
            xml.text("Address", format_args!("{}.{}", v.id, cluster.domain))
                .text("Port", cluster.port)
                .text("HostedZoneId", "Z29XKXDKYMONMX");
        });
    }
    if let Ok((name, group)) = subnet_group::find(v.context, &cluster.subnet_group) {
        xml.node("DBSubnetGroup", |xml| {
            subnet_group::write(xml, v.context, &name, group);
        });
    }
}

/// `DescribeDBInstances`, by identifier or ARN.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let instances = context.here().db_instances.iter();
    let shown = instances.filter(|(_, instance)| context.now >= instance.visible_at);
    INSTANCE.answer(context, shown, || {
        let Some(text) = context.params.get("DBInstanceIdentifier") else {
            return Ok(None);
        };
        let id = last(text).to_ascii_lowercase();
        seen(context, &id)?;
        Ok(Some(id))
    })
}

pub(super) fn single(context: &Context<'_>, id: &str) -> String {
    let instance = context.here().db_instances.get(id);
    instance.map_or_else(String::new, |one| INSTANCE.single(context, id, one))
}
