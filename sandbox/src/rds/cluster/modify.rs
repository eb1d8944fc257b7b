//! `ModifyDBCluster`.

use super::create::{capacity, version};
use super::placement::security_groups;
use super::{describe, find, given, secret, wrong_state};
use crate::operations::Context;
use crate::rds::validate::{password, retention};
use crate::wire::error::{ApiError, ApiResult};
use crate::world::catalog::parts;
use crate::world::database::{ClusterStatus, DbInstanceStatus};
use crate::world::timing;

/// `ModifyDBCluster`: everything is applied at once.
pub(crate) fn modify(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = given(context)?;
    let cluster = find(context, &id)?;
    if cluster.status != ClusterStatus::Available {
        return Err(wrong_state(format!(
            "Database cluster {id} is not currently in the available state."
        )));
    }
    for name in [
        "NewDBClusterIdentifier",
        "EngineMode",
        "DBClusterInstanceClass",
    ] {
        if params.get(name).is_some() {
            return Err(ApiError::combination(format!(
                "The parameter {name} is not simulated"
            )));
        }
    }
    let (vpc, current, username) = (
        cluster.vpc.clone(),
        cluster.version.clone(),
        cluster.username.clone(),
    );
    let has_secret = cluster.secret.is_some();
    let manage = params.flag("ManageMasterUserPassword")?;
    let new_password = params.get("MasterUserPassword");
    if let Some(text) = new_password {
        if manage == Some(true) || (has_secret && manage.is_none()) {
            return Err(ApiError::combination(
                "You can't specify MasterUserPassword when ManageMasterUserPassword is turned on.",
            ));
        }
        password(text)?;
    }
    if manage == Some(false) && has_secret && new_password.is_none() {
        return Err(ApiError::combination(
            "You must specify MasterUserPassword when you turn off ManageMasterUserPassword.",
        ));
    }
    let rotate = params.flag("RotateMasterUserPassword")?.unwrap_or(false);
    if rotate && (!has_secret || manage == Some(false)) {
        return Err(ApiError::combination(
            "RotateMasterUserPassword needs a master user password that RDS manages.",
        ));
    }
    let protection = params.flag("DeletionProtection")?;
    let backup_retention = retention(params)?;
    let iam = params.flag("EnableIAMDatabaseAuthentication")?;
    let copy_tags = params.flag("CopyTagsToSnapshot")?;
    let data_api = params.flag("EnableHttpEndpoint")?;
    let capacity = capacity(context)?;
    let port = match params.has("Port") {
        true => Some(crate::rds::validate::port(params)?),
        false => None,
    };
    let groups = match params
        .indices("VpcSecurityGroupIds.VpcSecurityGroupId")
        .is_empty()
    {
        true => None,
        false => Some(security_groups(context, &vpc)?),
    };
    let upgraded = upgrade(context, &current)?;
    let now = context.now;

    let turned_on = manage == Some(true) && !has_secret;
    let arn = turned_on.then(|| secret::create(context, &id, &username));
    let here = context.here_mut();
    let Some(cluster) = here.clusters.get_mut(&id) else {
        return Err(wrong_state("the cluster is gone"));
    };
    cluster.deletion_protection = protection.unwrap_or(cluster.deletion_protection);
    cluster.backup_retention = backup_retention.unwrap_or(cluster.backup_retention);
    cluster.iam_authentication = iam.unwrap_or(cluster.iam_authentication);
    cluster.copy_tags_to_snapshot = copy_tags.unwrap_or(cluster.copy_tags_to_snapshot);
    cluster.data_api = data_api.unwrap_or(cluster.data_api);
    cluster.capacity = capacity.or_else(|| cluster.capacity.take());
    let moved = port.is_some_and(|port| port != cluster.port);
    cluster.port = port.unwrap_or(cluster.port);
    if let Some(arn) = arn {
        cluster.secret = Some(arn);
    }
    let mut dropped = None;
    if manage == Some(false) {
        dropped = cluster.secret.take();
    }
    let members = cluster.members.clone();
    let secret = cluster.secret.clone();
    if let Some(version) = &upgraded {
        cluster.version = version.clone();
        cluster.status = ClusterStatus::Upgrading;
        cluster.until = Some(now + timing::DB_INSTANCE_RESIZING);
    } else if new_password.is_some() || turned_on || rotate {
        cluster.status = ClusterStatus::ResettingMasterCredentials;
        cluster.until = Some(now + timing::MODIFYING);
    } else if moved || backup_retention.is_some() || iam.is_some() {
        cluster.status = ClusterStatus::Modifying;
        cluster.until = Some(now + timing::MODIFYING);
    }
    if let Some(groups) = &groups {
        cluster.groups = groups.clone();
    }
    if let Some(arn) = dropped {
        here.secrets.remove(&arn);
    }
    if rotate && let Some(held) = secret.and_then(|arn| here.secrets.get_mut(&arn)) {
        held.version = held.version.saturating_add(1);
    }
    for member in members {
        let Some(instance) = here.db_instances.get_mut(&member) else {
            continue;
        };
        if upgraded.is_some() && instance.status == DbInstanceStatus::Available {
            instance.status = DbInstanceStatus::Upgrading;
            instance.until = Some(now + timing::DB_INSTANCE_RESIZING);
        }
        if let (Some(groups), Some(interface)) =
            (&groups, here.interfaces.get_mut(&instance.interface))
        {
            interface.groups = groups.clone();
        }
    }
    Ok(describe::single(context, &id))
}

/// The version to upgrade to, if it is another one.
fn upgrade(context: &Context<'_>, current: &str) -> ApiResult<Option<String>> {
    if context.params.get("EngineVersion").is_none() {
        return Ok(None);
    }
    let wanted = version(context, current)?;
    if wanted == current {
        return Ok(None);
    }
    if parts(&wanted) < parts(current) {
        return Err(ApiError::combination(format!(
            "Cannot upgrade aurora-postgresql from {current} to {wanted}"
        )));
    }
    let major = parts(&wanted).0 != parts(current).0;
    if major && context.params.flag("AllowMajorVersionUpgrade")? != Some(true) {
        return Err(ApiError::combination(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
        ));
    }
    Ok(Some(wanted))
}
