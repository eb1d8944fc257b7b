//! `ModifyDBCluster`.

use super::*;
use crate::rds::cluster::create::{capacity, version};
use crate::rds::cluster::placement::security_groups;
use crate::rds::cluster::{find, secret};
use crate::rds::validate::{password, port, refuse_unsimulated, retention};
use crate::world::Millis;

/// `ModifyDBCluster`: what needs no restart is applied at once. Credentials, port, version and the
/// like show as pending while the status lags, and are applied when it is over, whatever
/// `ApplyImmediately` says.
pub(crate) fn modify(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = given(context)?;
    let cluster = find(context, &id)?;
    // Another modification that does not show yet may be joined, nothing else.
    let busy = cluster.change.as_ref().is_some_and(|change| {
        matches!(
            change.status,
            ClusterStatus::FailingOver | ClusterStatus::Promoting
        )
    });
    if !cluster.is_available() || cluster.deletion.is_some() || busy {
        refuse!("InvalidDBClusterStateFault":
            "Database cluster {id} is not currently in the available state.");
    }
    refuse_unsimulated(
        params,
        &[
            "NewDBClusterIdentifier",
            "EngineMode",
            "DBClusterInstanceClass",
        ],
    )?;
    let (engine, vpc, current, username) = (
        cluster.engine.clone(),
        cluster.vpc.clone(),
        cluster.version.clone(),
        cluster.username.clone(),
    );
    let has_secret = cluster.secret.is_some();
    let manage = params.flag("ManageMasterUserPassword")?;
    let new_password = params.get("MasterUserPassword");
    if let Some(text) = new_password {
        if manage == Some(true) || (has_secret && manage.is_none()) {
            refuse!("InvalidParameterCombination":
                "You can't specify MasterUserPassword when ManageMasterUserPassword is turned on.");
        }
        password(text)?;
    }
    if manage == Some(false) && has_secret && new_password.is_none() {
        refuse!("InvalidParameterCombination":
            "You must specify MasterUserPassword when you turn off ManageMasterUserPassword.");
    }
    let rotate = params.is_set("RotateMasterUserPassword")?;
    if rotate && (!has_secret || manage == Some(false)) {
        refuse!("InvalidParameterCombination":
            "RotateMasterUserPassword needs a master user password that RDS manages.");
    }
    let protection = params.flag("DeletionProtection")?;
    let backup_retention = retention(params)?;
    let iam = params.flag("EnableIAMDatabaseAuthentication")?;
    let copy_tags = params.flag("CopyTagsToSnapshot")?;
    let data_api = params.flag("EnableHttpEndpoint")?;
    let capacity = capacity(context)?;
    let port = port(params)?;
    let groups = match params
        .indices("VpcSecurityGroupIds.VpcSecurityGroupId")
        .is_empty()
    {
        true => None,
        false => Some(security_groups(context, &vpc)?),
    };
    let upgraded = upgrade(context, &engine, &current)?;
    let now = context.now;

    let turned_on = manage == Some(true) && !has_secret;
    let arn = turned_on.then(|| secret::create(context, &id, &username));
    let here = context.here_mut();
    let Some(cluster) = here.clusters.get_mut(&id) else {
        refuse!("InvalidDBClusterStateFault": "the cluster is gone");
    };
    cluster.deletion_protection = protection.unwrap_or(cluster.deletion_protection);
    cluster.copy_tags_to_snapshot = copy_tags.unwrap_or(cluster.copy_tags_to_snapshot);
    cluster.data_api = data_api.unwrap_or(cluster.data_api);
    cluster.capacity = capacity.or_else(|| cluster.capacity.take());
    if let Some(arn) = arn {
        cluster.secret = Some(arn);
    }
    let mut dropped = None;
    if manage == Some(false) {
        dropped = cluster.secret.take();
    }
    let mut change = cluster.change.take().unwrap_or_default();
    change.password |= new_password.is_some() || turned_on;
    change.rotate |= rotate;
    change.version = upgraded.or(change.version);
    change.port = port.filter(|port| *port != cluster.port).or(change.port);
    change.iam_authentication = iam.or(change.iam_authentication);
    change.backup_retention = backup_retention.or(change.backup_retention);
    begin(cluster, change, now);
    let ends = cluster.change.as_ref().map(|change| change.lasts);
    let secret = cluster.secret.clone().filter(|_| rotate);
    let members = cluster.members.clone();
    if let Some(groups) = &groups {
        cluster.groups = groups.clone();
    }
    if let Some(arn) = dropped {
        here.secrets.remove(&arn);
    }
    if let Some(held) = secret.and_then(|arn| here.secrets.get_mut(&arn)) {
        held.rotating_until = now + timing::CLUSTER_LAGS + ends.unwrap_or(0);
    }
    for member in members {
        let instance = here.db_instances.get(&member);
        let interface = instance.and_then(|one| here.interfaces.get_mut(&one.interface));
        if let (Some(groups), Some(interface)) = (&groups, interface) {
            interface.groups = groups.clone();
        }
    }
    Ok(describe::single(context, &id))
}

/// Has the cluster go through the state that the change needs; it shows a moment later.
fn begin(cluster: &mut Cluster, mut change: Change, now: Millis) {
    if change.version.is_some() {
        change.status = ClusterStatus::Upgrading;
        change.lasts = timing::DB_INSTANCE_RESIZING;
    } else if change.password || change.rotate {
        change.status = ClusterStatus::ResettingMasterCredentials;
        change.lasts = timing::MODIFYING;
    } else if change.port.is_some()
        || change.iam_authentication.is_some()
        || change.backup_retention.is_some()
    {
        change.status = ClusterStatus::Modifying;
        change.lasts = timing::MODIFYING;
    } else {
        return;
    }
    cluster.schedule(change, now);
}

fn upgrade(context: &Context<'_>, engine: &str, current: &str) -> ApiResult<Option<String>> {
    if context.params.get("EngineVersion").is_none() {
        return Ok(None);
    }
    let wanted = version(context, engine, Some(current))?;
    if wanted == current {
        return Ok(None);
    }
    if parts(&wanted) < parts(current) {
        refuse!("InvalidParameterCombination":
            "Cannot upgrade {engine} from {current} to {wanted}");
    }
    let major = parts(&wanted).0 != parts(current).0;
    if major && context.params.flag("AllowMajorVersionUpgrade")? != Some(true) {
        refuse!("InvalidParameterCombination":
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.");
    }
    Ok(Some(wanted))
}
