//! `DescribeDBInstances`, and how an instance looks in every answer.

use super::seen;
use crate::context::Context;
use crate::rds::page::{filters, matches, page};
use crate::rds::subnet_group;
use crate::rds::tags::tag_list;
use crate::wire::error::ApiResult;
use crate::wire::timestamp::iso;
use crate::wire::xml::Xml;
use crate::world::catalog::{ENGINE, parts};
use crate::world::database::{Cluster, DbInstance};
use crate::world::state::DbInstanceStatus;

/// `DescribeDBInstances`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let filters = filters(
        context,
        &[
            "db-cluster-id",
            "db-instance-id",
            "dbi-resource-id",
            "engine",
            "domain",
        ],
    )?;
    let wanted = match context.params.get("DBInstanceIdentifier") {
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
        .db_instances
        .iter()
        .filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id))
        .filter(|(_, instance)| context.now >= instance.visible_at)
        .filter(|(id, instance)| {
            filters.iter().all(|filter| match filter.name.as_str() {
                "db-cluster-id" => matches(filter, &[&instance.cluster]),
                "db-instance-id" => matches(filter, &[id]),
                "dbi-resource-id" => matches(filter, &[&instance.resource_id]),
                "engine" => matches(filter, &[ENGINE]),
                _ => false,
            })
        })
        .map(|(id, instance)| (id.clone(), (id, instance)));
    let (instances, marker) = page(context, shown)?;
    let mut xml = Xml::new();
    xml.list(
        "DBInstances",
        "DBInstance",
        instances,
        |xml, (id, instance)| {
            describe_one(xml, context, id, instance);
        },
    )
    .maybe("Marker", marker);
    Ok(xml.finish())
}

/// The answer that is the instance `id` alone.
pub(super) fn single(context: &Context<'_>, id: &str) -> String {
    let mut xml = Xml::new();
    if let Some(instance) = context.here().db_instances.get(id) {
        xml.node("DBInstance", |xml| describe_one(xml, context, id, instance));
    }
    xml.finish()
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, instance: &DbInstance) {
    let here = context.here();
    xml.text("DBInstanceIdentifier", id)
        .text("DBInstanceClass", &instance.class)
        .text("Engine", ENGINE)
        .text("DBInstanceStatus", instance.state());
    if let Some(cluster) = here.clusters.get(&instance.cluster) {
        of_cluster(xml, context, id, instance, cluster);
    }
    xml.text("AllocatedStorage", 1)
        .text("PreferredBackupWindow", "03:00-03:30")
        .text("DBSecurityGroups", "")
        .text("AvailabilityZone", &instance.zone)
        .text("PreferredMaintenanceWindow", "sun:05:00-sun:05:30")
        .node("PendingModifiedValues", |xml| {
            xml.maybe("DBInstanceClass", instance.pending_class.as_ref());
        })
        .text("MultiAZ", false)
        .text("AutoMinorVersionUpgrade", instance.minor_upgrades)
        .text("ReadReplicaDBInstanceIdentifiers", "")
        .text("LicenseModel", "postgresql-license")
        .text("PubliclyAccessible", instance.public)
        .text("StorageType", "aurora")
        .text("DBClusterIdentifier", &instance.cluster)
        .text("DbiResourceId", &instance.resource_id)
        .text("CACertificateIdentifier", "rds-ca-rsa2048-g1")
        .text("DomainMemberships", "")
        .text("CopyTagsToSnapshot", false)
        .text("MonitoringInterval", instance.monitoring_interval)
        .text("PromotionTier", instance.tier)
        .text("DBInstanceArn", context.rds_arn("db", id))
        .text("PerformanceInsightsEnabled", instance.performance_insights);
    if instance.status != DbInstanceStatus::Creating {
        xml.text("InstanceCreateTime", iso(instance.created_at));
    }
    if instance.performance_insights {
        xml.text(
            "PerformanceInsightsRetentionPeriod",
            instance.insights_retention,
        );
    }
    xml.text("DeletionProtection", false)
        .text("AssociatedRoles", "")
        .text("CustomerOwnedIpEnabled", false)
        .text("NetworkType", "IPV4")
        .text("BackupTarget", "region");
    tag_list(xml, &instance.tags);
}

/// What an instance has from its cluster.
fn of_cluster(
    xml: &mut Xml,
    context: &Context<'_>,
    id: &str,
    instance: &DbInstance,
    cluster: &Cluster,
) {
    xml.text("MasterUsername", &cluster.username)
        .maybe("DBName", cluster.database.as_ref())
        .text("BackupRetentionPeriod", cluster.backup_retention)
        .text("EngineVersion", &cluster.version)
        .text("StorageEncrypted", cluster.encrypted)
        .text(
            "IAMDatabaseAuthenticationEnabled",
            cluster.iam_authentication,
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
        .node("DBParameterGroups", |xml| {
            xml.node("DBParameterGroup", |xml| {
                let major = parts(&cluster.version).0;
                xml.text(
                    "DBParameterGroupName",
                    format_args!("default.{ENGINE}{major}"),
                )
                .text("ParameterApplyStatus", "in-sync");
            });
        });
    // The address is known once the machine is there.
    if instance.status != DbInstanceStatus::Creating {
        xml.node("Endpoint", |xml| {
            xml.text("Address", format_args!("{id}.{}", cluster.domain))
                .text("Port", cluster.port)
                .text("HostedZoneId", "Z29XKXDKYMONMX");
        });
    }
    if let Ok((name, group)) = subnet_group::find(context, &cluster.subnet_group) {
        xml.node("DBSubnetGroup", |xml| {
            subnet_group::describe_one(xml, context, &name, group)
        });
    }
}
