//! `CreateDBCluster`.

use super::placement::{check_new, domain, placement};
use super::{describe, secret};
use crate::operations::Context;
use crate::rds::tags::given_tags;
use crate::rds::validate::{database, identifier, password, port, retention, username};
use crate::wire::error::{ApiError, ApiResult};
use crate::world::catalog::{DEFAULT_VERSION, ENGINE, resolve};
use crate::world::database::{Cluster, ClusterStatus, Source};
use crate::world::timing;

/// `CreateDBCluster`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = identifier(params, "DBClusterIdentifier")?;
    let engine = engine(context)?;
    refuse_unsimulated(context)?;
    let version = version(context, DEFAULT_VERSION)?;
    let user = params
        .get("MasterUsername")
        .ok_or_else(|| {
            ApiError::value("The parameter MasterUsername must be provided and must not be blank.")
        })?
        .to_owned();
    username(&user)?;
    let managed = credentials(context)?;
    let database_name = params.get("DatabaseName").map(str::to_owned);
    if let Some(name) = &database_name {
        database(name)?;
    }
    let port = port(params)?;
    let backup_retention = retention(params)?.unwrap_or(1);
    let tags = given_tags(params)?;
    let encrypted = params.flag("StorageEncrypted")?.unwrap_or(false);
    let capacity = capacity(context)?;
    let deletion_protection = params.flag("DeletionProtection")?.unwrap_or(false);
    let iam_authentication = params
        .flag("EnableIAMDatabaseAuthentication")?
        .unwrap_or(false);
    let copy_tags_to_snapshot = params.flag("CopyTagsToSnapshot")?.unwrap_or(false);
    let data_api = params.flag("EnableHttpEndpoint")?.unwrap_or(false);
    check_new(context, &id)?;
    let place = placement(context)?;
    let secret = managed.then(|| secret::create(context, &id, &user));
    let cluster = Cluster {
        engine,
        version,
        username: user,
        database: database_name,
        port,
        subnet_group: place.subnet_group,
        vpc: place.vpc,
        groups: place.groups,
        zones: place.zones,
        tags,
        resource_id: format!("cluster-{}", context.world.new_token(26)),
        domain: domain(context),
        created_at: context.now,
        status: ClusterStatus::Creating,
        until: Some(context.now + timing::CLUSTER_CREATING),
        restored: false,
        deletion_protection,
        backup_retention,
        iam_authentication,
        copy_tags_to_snapshot,
        encrypted,
        data_api,
        capacity,
        secret,
        members: Vec::new(),
        writer: None,
    };
    Ok(insert(context, id, cluster))
}

/// Adds a cluster, and answers with it.
pub(super) fn insert(context: &mut Context<'_>, id: String, cluster: Cluster) -> String {
    let now = context.now;
    let here = context.here_mut();
    here.clusters.insert(id.clone(), cluster);
    here.event(
        now,
        Source::Cluster,
        &id,
        "creation",
        "Started creating the DB cluster",
    );
    describe::single(context, &id)
}

/// The engine, which must be the one there is.
pub(super) fn engine(context: &Context<'_>) -> ApiResult<String> {
    match context.params.need("Engine")? {
        ENGINE => Ok(ENGINE.to_owned()),
        other => Err(ApiError::value(format!(
            "Invalid DB engine: {other}; the sandbox has {ENGINE}"
        ))),
    }
}

fn refuse_unsimulated(context: &Context<'_>) -> ApiResult<()> {
    for name in [
        "ReplicationSourceIdentifier",
        "GlobalClusterIdentifier",
        "DBClusterInstanceClass",
    ] {
        if context.params.get(name).is_some() {
            return Err(ApiError::combination(format!(
                "The parameter {name} is not simulated"
            )));
        }
    }
    match context.params.get("EngineMode") {
        None | Some("provisioned") => {}
        Some(mode) => {
            return Err(ApiError::combination(format!(
                "The engine mode {mode} is not simulated"
            )));
        }
    }
    if let Some(name) = context.params.get("DBClusterParameterGroupName")
        && !name.starts_with("default.aurora-postgresql")
    {
        return Err(ApiError::new(
            "DBClusterParameterGroupNotFound",
            format!("DBClusterParameterGroup not found: {name}"),
        ));
    }
    Ok(())
}

/// The engine version given, or `default`.
pub(super) fn version(context: &Context<'_>, default: &str) -> ApiResult<String> {
    let given = context.params.get("EngineVersion").unwrap_or(default);
    resolve(given)
        .map(str::to_owned)
        .ok_or_else(|| ApiError::combination(format!("Cannot find version {given} for {ENGINE}")))
}

/// Whether RDS keeps the password; checks that exactly one way was chosen.
fn credentials(context: &Context<'_>) -> ApiResult<bool> {
    let managed = context
        .params
        .flag("ManageMasterUserPassword")?
        .unwrap_or(false);
    match (context.params.get("MasterUserPassword"), managed) {
        (Some(_), true) => Err(ApiError::combination(
            "You can't specify MasterUserPassword when ManageMasterUserPassword is turned on.",
        )),
        (Some(text), false) => password(text).map(|()| false),
        (None, true) => Ok(true),
        (None, false) => Err(ApiError::value(
            "The parameter MasterUserPassword must be provided and must not be blank.",
        )),
    }
}

/// Serverless v2 capacity, if given.
pub(super) fn capacity(context: &Context<'_>) -> ApiResult<Option<(String, String)>> {
    let get = |name: &str| {
        context
            .params
            .get(&format!("ServerlessV2ScalingConfiguration.{name}"))
    };
    let (min, max) = match (get("MinCapacity"), get("MaxCapacity")) {
        (None, None) => return Ok(None),
        (Some(min), Some(max)) => (min, max),
        _ => {
            return Err(ApiError::combination(
                "Both minimum and maximum capacity of ServerlessV2ScalingConfiguration must be set",
            ));
        }
    };
    let number = |text: &str| {
        text.parse::<f64>()
            .ok()
            .filter(|n| (0.0..=256.0).contains(n))
    };
    match (number(min), number(max)) {
        (Some(low), Some(high)) if low <= high && high >= 1.0 => {
            Ok(Some((min.to_owned(), max.to_owned())))
        }
        _ => Err(ApiError::value(format!(
            "Serverless v2 capacity {min} to {max} isn't valid: 0 to 256, the minimum not above the maximum"
        ))),
    }
}
