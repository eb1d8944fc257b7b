//! `CreateDBCluster`.

use super::*;
use crate::rds::cluster::placement::{check_new, placement};
use crate::rds::cluster::replica::origin;
use crate::rds::cluster::secret;
use crate::rds::validate::{database, password, port, retention, username};
use crate::world::catalog::{DEFAULT_VERSION, default_port, is_engine, other_version, resolve};

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = identifier(params, "DBClusterIdentifier")?;
    let engine = engine(context)?;
    refuse_unsimulated(context)?;
    let origin = origin(context)?;
    if let Some(origin) = origin.as_ref().filter(|origin| origin.engine != engine) {
        refuse!("InvalidParameterCombination":
            "The engine {engine} is not the source's: {}", origin.engine);
    }
    let copied = origin.as_ref().map(|origin| origin.version.as_str());
    let version = version(context, &engine, copied)?;
    let managed = match &origin {
        Some(_) => false,
        None => credentials(context)?,
    };
    let user = match &origin {
        Some(origin) => origin.username.clone(),
        None => master_user(context)?,
    };
    let given = params.get("DatabaseName");
    given.map_or(Ok(()), database)?;
    let copied = origin.as_ref().and_then(|origin| origin.database.clone());
    let database_name = given.map(str::to_owned).or(copied);
    let port = port(params)?.unwrap_or_else(|| default_port(&engine));
    let backup_retention = retention(params)?.unwrap_or(1);
    let tags = given_tags(params)?;
    let copied = origin.as_ref().is_some_and(|origin| origin.encrypted);
    let encrypted = params.flag("StorageEncrypted")?.unwrap_or(copied);
    let capacity = capacity(context)?;
    let deletion_protection = params.is_set("DeletionProtection")?;
    let iam_authentication = params.is_set("EnableIAMDatabaseAuthentication")?;
    let copy_tags_to_snapshot = params.is_set("CopyTagsToSnapshot")?;
    let data_api = params.is_set("EnableHttpEndpoint")?;
    check_new(context, &id)?;
    let place = placement(context)?;
    let secret = managed.then(|| secret::create(context, &id, &user));
    let cluster = Cluster {
        engine,
        version,
        username: user,
        database: database_name,
        port,
        tags,
        until: Some(context.now + timing::CLUSTER_CREATING),
        deletion_protection,
        backup_retention,
        iam_authentication,
        copy_tags_to_snapshot,
        encrypted,
        data_api,
        capacity,
        secret,
        read_only: origin.as_ref().is_some_and(|origin| origin.read_only),
        replica_of: origin.and_then(|origin| origin.replica_of),
        ..place.cluster(context)
    };
    global::enter(context, &id);
    Ok(insert(context, id, cluster))
}

fn master_user(context: &Context<'_>) -> ApiResult<String> {
    let user = context.params.get("MasterUsername").ok_or_else(|| {
        refusal!("InvalidParameterValue":
            "The parameter MasterUsername must be provided and must not be blank.")
    })?;
    username(user)?;
    Ok(user.to_owned())
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

pub(super) fn engine(context: &Context<'_>) -> ApiResult<String> {
    let engine = context.params.need("Engine")?;
    if is_engine(engine) {
        Ok(engine.to_owned())
    } else {
        Err(refusal!("InvalidParameterValue": "Invalid DB engine: {engine}"))
    }
}

fn refuse_unsimulated(context: &Context<'_>) -> ApiResult<()> {
    validate::refuse_unsimulated(context.params, &["DBClusterInstanceClass"])?;
    match context.params.get("EngineMode") {
        None | Some("provisioned") => {}
        Some(mode) => {
            refuse!("InvalidParameterCombination": "The engine mode {mode} is not simulated")
        }
    }
    if let Some(name) = context.params.get("DBClusterParameterGroupName")
        && !name.starts_with("default.")
    {
        refuse!("DBClusterParameterGroupNotFound": "DBClusterParameterGroup not found: {name}");
    }
    Ok(())
}

/// The version of `engine` that is given; else `default`, or the engine's own.
pub(super) fn version(
    context: &Context<'_>,
    engine: &str,
    default: Option<&str>,
) -> ApiResult<String> {
    let given = context.params.get("EngineVersion").or(default);
    let found = match engine {
        ENGINE => resolve(given.unwrap_or(DEFAULT_VERSION)),
        other => other_version(other, given),
    };
    found.map(str::to_owned).ok_or_else(|| {
        let given = given.unwrap_or_default();
        refusal!("InvalidParameterCombination": "Cannot find version {given} for {engine}")
    })
}

/// Whether RDS keeps the password; checks that exactly one way was chosen.
fn credentials(context: &Context<'_>) -> ApiResult<bool> {
    let managed = context.params.is_set("ManageMasterUserPassword")?;
    match (context.params.get("MasterUserPassword"), managed) {
        (Some(_), true) => Err(refusal!("InvalidParameterCombination":
            "You can't specify MasterUserPassword when ManageMasterUserPassword is turned on.")),
        (Some(text), false) => password(text).map(|()| false),
        (None, true) => Ok(true),
        (None, false) => Err(refusal!("InvalidParameterValue":
            "The parameter MasterUserPassword must be provided and must not be blank.")),
    }
}

pub(super) fn capacity(context: &Context<'_>) -> ApiResult<Option<(String, String)>> {
    let get = |name: &str| {
        context
            .params
            .get(&format!("ServerlessV2ScalingConfiguration.{name}"))
    };
    let (min, max) = match (get("MinCapacity"), get("MaxCapacity")) {
        (None, None) => return Ok(None),
        (Some(min), Some(max)) => (min, max),
        _ => refuse!("InvalidParameterCombination":
            "Both minimum and maximum capacity of ServerlessV2ScalingConfiguration must be set"),
    };
    // "You can specify ACU values in half-step increments" (ServerlessV2ScalingConfiguration, RDS
    // API reference).
    let number = |text: &str| {
        let number = text.parse::<f64>().ok();
        number.filter(|n| (0.0..=256.0).contains(n) && (n * 2.0).fract() == 0.0)
    };
    match (number(min), number(max)) {
        (Some(low), Some(high)) if low <= high && high >= 1.0 => {
            Ok(Some((min.to_owned(), max.to_owned())))
        }
        _ => Err(refusal!("InvalidParameterValue":
            "Serverless v2 capacity {min} to {max} isn't valid: the minimum 0 to 256 and the maximum 1 to 256 in steps of 0.5, the minimum not above the maximum")),
    }
}
