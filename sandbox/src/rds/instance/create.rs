//! `CreateDBInstance`, for instances of clusters.

use super::*;
use crate::ec2::interface::{self, free_address};
use crate::rds::instance::{check_quota, describe};
use crate::world::catalog::{Class, find_class};
use crate::world::regions;

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = identifier(params, "DBInstanceIdentifier")?;
    let class_name = params.need("DBInstanceClass")?.to_owned();
    let engine = params.need("Engine")?;
    if params.get("DBClusterIdentifier").is_none() {
        refuse!("InvalidParameterCombination":
            "DBClusterIdentifier is required: instances outside of clusters are not simulated");
    }
    let cluster_id = identifier(params, "DBClusterIdentifier")?;
    refuse_cluster_settings(context)?;
    let tier = tier(context)?;
    let insights = insights(context)?;
    let tags = given_tags(params)?;
    let minor_upgrades = params.flag("AutoMinorVersionUpgrade")?.unwrap_or(true);
    let public = params.is_set("PubliclyAccessible")?;
    let monitoring_interval = params.number("MonitoringInterval")?.unwrap_or(0);
    if ![0, 1, 5, 10, 15, 30, 60].contains(&monitoring_interval) {
        refuse!("InvalidParameterValue": "Invalid MonitoringInterval: {monitoring_interval}");
    }
    if context.here().db_instances.contains_key(&id) {
        refuse!("DBInstanceAlreadyExists": "DB instance already exists");
    }
    let cluster = cluster::seen(context, &cluster_id)?.clone();
    if engine != cluster.engine {
        refuse!("InvalidParameterCombination":
            "The engine name requested for your DB Instance ({engine}) doesn't match the engine name of your DB Cluster ({}).", cluster.engine);
    }
    if engine != ENGINE {
        refuse!("InvalidParameterCombination": "DB instances of {engine} are not simulated");
    }
    if let Some(version) = params
        .get("EngineVersion")
        .filter(|one| *one != cluster.version)
    {
        refuse!("InvalidParameterCombination":
            "The engine version {version} that you requested for your DB instance does not match the engine version {} of your DB cluster.", cluster.version);
    }
    check_cluster(&cluster_id, &cluster)?;
    let class = offered_class(context, &class_name, &cluster)?;
    check_quota(context)?;
    if cluster.members.len() >= 16 {
        refuse!("InvalidParameterCombination":
            "DB cluster {cluster_id} already has the maximum of 16 DB instances");
    }
    let place = place(context, params.get("AvailabilityZone"), &cluster, class)?;
    // A cluster without instances has no interface that would hold its groups.
    let here = context.here();
    if let Some(gone) = (cluster.groups.iter()).find(|id| !here.groups.contains_key(*id)) {
        refuse!("InvalidVPCNetworkStateFault":
            "The EC2 security group {gone} of DB cluster {cluster_id} does not exist.");
    }
    let wanted = DbInstance {
        class: class_name,
        tags,
        tier,
        minor_upgrades,
        performance_insights: insights.is_some(),
        insights_retention: insights.unwrap_or(0),
        public,
        monitoring_interval,
        ..DbInstance::default()
    };
    launch(context, id.clone(), &cluster_id, wanted, place);
    Ok(describe::single(context, &id))
}

/// Adds an instance and its interface to a cluster that is there.
pub(crate) fn launch(
    context: &mut Context<'_>,
    id: String,
    cluster_id: &str,
    wanted: DbInstance,
    place: Place,
) {
    let now = context.now;
    let Some(cluster) = context.here().clusters.get(cluster_id) else {
        return;
    };
    let new = interface::New {
        address: Some(place.address),
        description: "RDSNetworkInterface".into(),
        requester: Some("amazon-rds".into()),
        ..interface::New::of(&place.subnet, cluster.groups.clone())
    };
    let interface = interface::add(context, new);
    let resource_id = format!("db-{}", context.world.new_token(26));
    let instance = DbInstance {
        cluster: cluster_id.to_owned(),
        zone: place.zone,
        visible_at: context.visible_at(&resource_id),
        resource_id,
        created_at: now,
        status: DbInstanceStatus::Creating,
        until: Some(now.saturating_add(context.creating(&id))),
        interface,
        ..wanted
    };
    let here = context.here_mut();
    here.db_instances.insert(id.clone(), instance);
    if let Some(cluster) = here.clusters.get_mut(cluster_id) {
        cluster.members.push(id.clone());
    }
    let message = "Started creating the DB instance";
    here.event(now, Source::Instance, &id, "creation", message);
}

fn refuse_cluster_settings(context: &Context<'_>) -> ApiResult<()> {
    #[rustfmt::skip]
    let of_cluster = [
        "AllocatedStorage", "BackupRetentionPeriod", "DBName", "DeletionProtection", "KmsKeyId",
        "ManageMasterUserPassword", "MasterUserPassword", "MasterUsername", "Port",
        "PreferredBackupWindow", "StorageEncrypted",
    ];
    match of_cluster
        .iter()
        .find(|name| context.params.get(name).is_some())
    {
        Some(name) => Err(refusal!("InvalidParameterCombination":
            "The requested DB Instance will be a member of a DB Cluster. Set {name} for the DB Cluster.")),
        None => match context
            .params
            .indices("VpcSecurityGroupIds.VpcSecurityGroupId")
            .is_empty()
        {
            true => Ok(()),
            false => Err(refusal!("InvalidParameterCombination":
                "The requested DB Instance will be a member of a DB Cluster. Set vpc security groups for the DB Cluster.")),
        },
    }
}

pub(super) fn tier(context: &Context<'_>) -> ApiResult<i64> {
    match context.params.number("PromotionTier")? {
        Some(tier) if !(0..=15).contains(&tier) => Err(refusal!("InvalidParameterValue":
            "Invalid PromotionTier {tier}: must be between 0 and 15")),
        tier => Ok(tier.unwrap_or(1)),
    }
}

/// Days for which Performance Insights keeps data, if it is on.
pub(super) fn insights(context: &Context<'_>) -> ApiResult<Option<i64>> {
    let on = context.params.is_set("EnablePerformanceInsights")?;
    let days = context
        .params
        .number("PerformanceInsightsRetentionPeriod")?;
    match (on, days) {
        (false, Some(_)) => Err(refusal!("InvalidParameterCombination":
            "To set PerformanceInsightsRetentionPeriod, EnablePerformanceInsights must be true")),
        (false, None) => Ok(None),
        (true, days) => {
            let days = days.unwrap_or(7);
            let months = days % 31 == 0 && (1..=23).contains(&(days / 31));
            if days == 7 || days == 731 || months {
                Ok(Some(days))
            } else {
                Err(refusal!("InvalidParameterValue":
                    "Invalid Performance Insights retention period: {days}. Valid values are: [7, 731, n*31 for n from 1 to 23]"))
            }
        }
    }
}

fn check_cluster(id: &str, cluster: &Cluster) -> ApiResult<()> {
    if cluster.takes_instances() {
        return Ok(());
    }
    let state = if cluster.deletion.is_some() {
        "deleting"
    } else {
        cluster.state()
    };
    Err(refusal!("InvalidDBClusterStateFault":
        "DB cluster {id} is not in a state that takes DB instances: {state}"))
}

/// The class, if some zone of the region offers it for the cluster's version.
pub(super) fn offered_class(
    context: &Context<'_>,
    name: &str,
    cluster: &Cluster,
) -> ApiResult<&'static Class> {
    let refused = || {
        refusal!("InvalidParameterCombination":
            "RDS does not support creating a DB instance with the following combination: DBInstanceClass={name}, Engine={ENGINE}, EngineVersion={}, LicenseModel=postgresql-license. For supported combinations of instance class and database engine version, see the documentation.", cluster.version)
    };
    if !name.starts_with("db.") {
        refuse!("InvalidParameterValue": "Invalid DB Instance class: {name}");
    }
    let class = find_class(name).ok_or_else(refused)?;
    if name == "db.serverless" && cluster.capacity.is_none() {
        refuse!("InvalidParameterCombination":
            "Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.");
    }
    let mut zones = regions::find(context.region)
        .into_iter()
        .flat_map(|one| one.zone_names());
    if zones.any(|zone| class.is_offered(&cluster.version, &zone)) {
        Ok(class)
    } else {
        Err(refused())
    }
}

pub(crate) struct Place {
    zone: String,
    subnet: String,
    address: String,
}

/// The zone given, or the one with the fewest members of those that offer the class.
pub(crate) fn place(
    context: &Context<'_>,
    wanted: Option<&str>,
    cluster: &Cluster,
    class: &Class,
) -> ApiResult<Place> {
    let (group_name, group) = subnet_group::find(context, &cluster.subnet_group)?;
    let covered = subnet_group::zones(context, group);
    let zone = match wanted {
        Some(zone) => {
            if !regions::has_zone(context.region, zone) {
                refuse!("InvalidParameterValue": "Invalid availability zone: {zone}");
            }
            if !covered.iter().any(|one| one == zone) {
                refuse!("InvalidVPCNetworkStateFault":
                    "The DB subnet group {group_name} has no subnet in the Availability Zone {zone}.");
            }
            if !class.is_offered(&cluster.version, zone) {
                refuse!("InvalidParameterCombination":
                    "The DB instance class {} is not available in the Availability Zone {zone}.", class.name);
            }
            zone.to_owned()
        }
        None => covered
            .into_iter()
            .filter(|zone| class.is_offered(&cluster.version, zone))
            .min_by_key(|zone| members_in(context, cluster, zone))
            .ok_or_else(|| {
                refusal!("InvalidParameterCombination":
                    "No Availability Zone of the DB subnet group {group_name} offers the DB instance class {}.", class.name)
            })?,
    };
    let subnets = group.subnets.iter();
    let in_zone = subnets.filter(|id| {
        let subnet = context.here().subnets.get(*id);
        subnet.is_some_and(|subnet| subnet.zone == zone)
    });
    let found = in_zone
        .filter_map(|id| Some((id.clone(), free_address(context.here(), id)?)))
        .next();
    match found {
        Some((subnet, address)) => Ok(Place {
            zone,
            subnet,
            address,
        }),
        None => Err(refusal!("InvalidVPCNetworkStateFault":
            "No subnet of the DB subnet group {group_name} in {zone} has a free IP address.")),
    }
}

fn members_in(context: &Context<'_>, cluster: &Cluster, zone: &str) -> usize {
    let members = context.here().members(cluster);
    members.iter().filter(|one| one.zone == zone).count()
}
