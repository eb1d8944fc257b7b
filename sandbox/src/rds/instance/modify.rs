//! `ModifyDBInstance`.

use super::*;
use crate::rds::instance::create::{insights, offered_class, tier};
use crate::rds::instance::{describe, given, seen};
use crate::rds::validate::refuse_unsimulated;

/// `ModifyDBInstance`: everything is applied at once.
pub(crate) fn modify(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = given(context)?;
    let instance = seen(context, &id)?;
    if !instance.is_available() {
        refuse!("InvalidDBInstanceState": "Database instance {id} is not in available state.");
    }
    for name in [
        "MasterUserPassword",
        "BackupRetentionPeriod",
        "DBPortNumber",
        "DeletionProtection",
    ] {
        if params.get(name).is_some() {
            refuse!("InvalidParameterCombination":
                "For a member of a DB cluster, {name} is set on the DB cluster.");
        }
    }
    refuse_unsimulated(
        params,
        &[
            "NewDBInstanceIdentifier",
            "DBSubnetGroupName",
            "EngineVersion",
        ],
    )?;
    let class = params.get("DBInstanceClass");
    let class = class.filter(|class| *class != instance.class);
    if let Some(class) = class {
        let cluster = cluster::find(context, &instance.cluster)?;
        let class = offered_class(context, class, cluster)?;
        if !class.is_offered(&cluster.version, &instance.zone) {
            refuse!("InvalidParameterCombination":
                "The DB instance class {} is not available in the Availability Zone {}.", class.name, instance.zone);
        }
    }
    let tier = match params.has("PromotionTier") {
        true => Some(tier(context)?),
        false => None,
    };
    let minor_upgrades = params.flag("AutoMinorVersionUpgrade")?;
    let insights_on = params.flag("EnablePerformanceInsights")?;
    let insights = insights(context)?;
    let public = params.flag("PubliclyAccessible")?;
    let class = class.map(str::to_owned);
    let now = context.now;
    if let Some(instance) = context.here_mut().db_instances.get_mut(&id) {
        instance.tier = tier.unwrap_or(instance.tier);
        instance.minor_upgrades = minor_upgrades.unwrap_or(instance.minor_upgrades);
        instance.public = public.unwrap_or(instance.public);
        if let Some(on) = insights_on {
            instance.performance_insights = on;
            instance.insights_retention = insights.unwrap_or(0);
        }
        if class.is_some() {
            instance.pending_class = class;
            instance.status = DbInstanceStatus::Modifying;
            instance.until = Some(now + timing::DB_INSTANCE_RESIZING);
        }
    }
    Ok(describe::single(context, &id))
}
