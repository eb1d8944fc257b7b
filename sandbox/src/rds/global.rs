//! Global clusters: clusters of several regions that follow one primary.

use super::arn::Arn;
use super::cluster::replica::{Origin, promotion};
use super::cluster::{check_idle, not_found, wrong_state};
use super::page::{filters, page};
use super::tags::{given_tags, tag_list};
use super::validate::{database, identifier, refuse_unsimulated};
use crate::context::{Context, rds_arn};
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::World;
use crate::world::catalog::{ENGINE, resolve};
use crate::world::database::{GlobalCluster, GlobalMember};

/// The global cluster of that lower-case identifier.
fn find<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a GlobalCluster> {
    context.world.global_clusters.get(id).ok_or_else(|| {
        ApiError::new(
            "GlobalClusterNotFoundFault",
            format!("Global Cluster {id} not found"),
        )
    })
}

fn given(context: &Context<'_>) -> ApiResult<String> {
    let id = identifier(context.params, "GlobalClusterIdentifier")?;
    find(context, &id)?;
    Ok(id)
}

fn wrong_global_state(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidGlobalClusterStateFault", message)
}

/// The global cluster in which the cluster `id` of `region` is, and its place there.
pub(crate) fn membership<'a>(
    world: &'a World,
    region: &str,
    id: &str,
) -> Option<(&'a str, &'a GlobalCluster, &'a GlobalMember)> {
    world.global_clusters.iter().find_map(|(name, global)| {
        let mut members = global.members.iter();
        let member = members.find(|one| one.region == region && one.cluster == id)?;
        Some((name.as_str(), global, member))
    })
}

/// Refuses the deletion of a member, in the two ways in which RDS does.
pub(crate) fn check_deletion(context: &Context<'_>, id: &str) -> ApiResult<()> {
    match membership(context.world, context.region, id) {
        None => Ok(()),
        Some((_, global, member)) if member.writer && global.members.len() > 1 => {
            Err(wrong_global_state(
                "Unable to delete cluster that is a primary member of global cluster while there are other global cluster members",
            ))
        }
        Some(_) => Err(wrong_state(
            "This cluster is a part of a global cluster, please remove it from globalcluster first",
        )),
    }
}

/// What a cluster that joins a global cluster has from its primary. The first to join is the
/// primary itself and copies nothing.
pub(crate) fn joined(context: &Context<'_>) -> ApiResult<Option<Origin>> {
    if context.params.get("GlobalClusterIdentifier").is_none() {
        return Ok(None);
    }
    let id = given(context)?;
    let global = find(context, &id)?;
    if global
        .members
        .iter()
        .any(|one| one.region == context.region)
    {
        return Err(ApiError::combination(format!(
            "Global cluster {id} already has a cluster in {}",
            context.region
        )));
    }
    let Some(primary) = global.members.iter().find(|one| one.writer) else {
        return Ok(None);
    };
    let region = context.world.region(&primary.region);
    let primary = region.clusters.get(&primary.cluster);
    match primary.filter(|one| one.is_available()) {
        Some(primary) => Ok(Some(Origin {
            read_only: true,
            ..Origin::copy(primary)
        })),
        None => Err(wrong_global_state(format!(
            "The primary cluster of global cluster {id} is not in available state"
        ))),
    }
}

/// Adds a new cluster to the global cluster that its parameters name.
pub(crate) fn enter(context: &mut Context<'_>, cluster: &str) {
    let name = context.params.get("GlobalClusterIdentifier");
    let Some(name) = name.map(str::to_ascii_lowercase) else {
        return;
    };
    let region = context.region.to_owned();
    if let Some(global) = context.world.global_clusters.get_mut(&name) {
        let writer = !global.members.iter().any(|one| one.writer);
        global.members.push(GlobalMember {
            region,
            cluster: cluster.to_owned(),
            writer,
        });
    }
}

/// `CreateGlobalCluster`: empty, or with an existing cluster as its primary.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let id = identifier(params, "GlobalClusterIdentifier")?;
    let tags = given_tags(params)?;
    let deletion_protection = params.flag("DeletionProtection")?.unwrap_or(false);
    let encrypted = params.flag("StorageEncrypted")?.unwrap_or(false);
    let mut global = match params.get("SourceDBClusterIdentifier") {
        Some(source) => of_source(context, source)?,
        None => empty(context, encrypted)?,
    };
    if context.world.global_clusters.contains_key(&id) {
        return Err(ApiError::new(
            "GlobalClusterAlreadyExistsFault",
            format!("Global Cluster with id {id} already exists"),
        ));
    }
    global.tags = tags;
    global.deletion_protection = deletion_protection;
    global.resource_id = format!("cluster-{}", context.world.new_token(16).to_lowercase());
    let body = single(context, &id, &global, "available");
    context.world.global_clusters.insert(id, global);
    Ok(body)
}

fn of_source(context: &Context<'_>, source: &str) -> ApiResult<GlobalCluster> {
    let params = context.params;
    for name in [
        "Engine",
        "EngineVersion",
        "DatabaseName",
        "StorageEncrypted",
    ] {
        if params.get(name).is_some() {
            return Err(ApiError::combination(format!(
                "When creating global cluster from existing db cluster, value for {name} should not be specified since it will be inherited from source cluster"
            )));
        }
    }
    let arn = Arn::of_cluster(context, source);
    let region = context.world.region(arn.region);
    let found = region
        .clusters
        .get(&arn.name)
        .filter(|_| arn.is_own(context));
    let found = found.ok_or_else(|| not_found(&arn.name))?;
    if membership(context.world, arn.region, &arn.name).is_some() {
        return Err(wrong_state(format!(
            "DB cluster {} is already a member of a global cluster",
            arn.name
        )));
    }
    if !found.is_idle() || found.replica_of.is_some() {
        return Err(wrong_state(format!(
            "Source cluster {} is not in a state that can become a primary: {}",
            arn.name,
            found.state()
        )));
    }
    Ok(GlobalCluster {
        engine: found.engine.clone(),
        version: found.version.clone(),
        database: found.database.clone(),
        encrypted: found.encrypted,
        members: vec![GlobalMember {
            region: arn.region.to_owned(),
            cluster: arn.name,
            writer: true,
        }],
        ..GlobalCluster::default()
    })
}

fn empty(context: &Context<'_>, encrypted: bool) -> ApiResult<GlobalCluster> {
    let params = context.params;
    match params.get("Engine") {
        Some(ENGINE) => {}
        Some(other) => return Err(ApiError::value(format!("Invalid DB engine: {other}"))),
        None => {
            return Err(ApiError::value(
                "The parameter Engine must be provided and must not be blank.",
            ));
        }
    }
    let wanted = params.get("EngineVersion").unwrap_or("");
    let version = match (wanted, resolve(wanted)) {
        ("", _) => crate::world::catalog::DEFAULT_VERSION,
        (_, Some(version)) => version,
        (_, None) => {
            return Err(ApiError::combination(format!(
                "Cannot find version {wanted} for {ENGINE}"
            )));
        }
    };
    let name = params.get("DatabaseName");
    name.map_or(Ok(()), database)?;
    Ok(GlobalCluster {
        engine: ENGINE.to_owned(),
        version: version.to_owned(),
        database: name.map(str::to_owned),
        encrypted,
        ..GlobalCluster::default()
    })
}

/// `DescribeGlobalClusters`: the same in every region.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let filters = filters(context, &["region"])?;
    let wanted = match context.params.get("GlobalClusterIdentifier") {
        Some(_) => Some(given(context)?),
        None => None,
    };
    let shown = (context.world.global_clusters.iter())
        .filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id))
        .filter(|(_, global)| {
            filters.iter().all(|filter| {
                let mut members = global.members.iter();
                members.any(|member| filter.values.contains(&member.region))
            })
        })
        .map(|(id, global)| (id.clone(), (id, global)));
    let (globals, marker) = page(context, shown)?;
    let mut xml = Xml::new();
    xml.maybe("Marker", marker).list(
        "GlobalClusters",
        "GlobalClusterMember",
        globals,
        |xml, (id, global)| describe_one(xml, context, id, global, "available"),
    );
    Ok(xml.finish())
}

/// `ModifyGlobalCluster`: deletion protection.
pub(crate) fn modify(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    refuse_unsimulated(
        context.params,
        &["NewGlobalClusterIdentifier", "EngineVersion"],
    )?;
    let protection = context.params.flag("DeletionProtection")?;
    if let Some(global) = context.world.global_clusters.get_mut(&id) {
        global.deletion_protection = protection.unwrap_or(global.deletion_protection);
    }
    Ok(single(context, &id, find(context, &id)?, "available"))
}

/// `RemoveFromGlobalCluster`: the member leaves when its promotion is over; a primary only as the
/// last one.
pub(crate) fn remove(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let text = context.params.need("DbClusterIdentifier")?;
    let arn = Arn::of_cluster(context, text);
    let (region, cluster) = (arn.region.to_owned(), arn.name);
    let global = find(context, &id)?;
    let member = (global.members.iter())
        .find(|one| one.region == region && one.cluster == cluster)
        .ok_or_else(|| not_found(&cluster))?;
    if member.writer && global.members.len() > 1 {
        return Err(wrong_global_state(
            "Unable to remove the primary cluster from global cluster while there are other global cluster members",
        ));
    }
    let found = context.world.region(&region).clusters.get(&cluster);
    let found = found.ok_or_else(|| not_found(&cluster))?;
    check_idle(&cluster, found)?;
    let now = context.now;
    if let Some(found) = context.world.region_mut(&region).clusters.get_mut(&cluster) {
        found.schedule(promotion(), now);
    }
    Ok(single(context, &id, find(context, &id)?, "available"))
}

/// `DeleteGlobalCluster`: without members and protection.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let global = find(context, &id)?;
    if global.deletion_protection {
        return Err(ApiError::combination(
            "Cannot delete protected Global Cluster, please disable deletion protection and try again.",
        ));
    }
    if !global.members.is_empty() {
        return Err(wrong_global_state(format!(
            "Global Cluster {id} is not empty"
        )));
    }
    let body = single(context, &id, global, "deleting");
    context.world.global_clusters.remove(&id);
    Ok(body)
}

fn arn_of(context: &Context<'_>, member: &GlobalMember) -> String {
    rds_arn(context.world, &member.region, "cluster", &member.cluster)
}

fn single(context: &Context<'_>, id: &str, global: &GlobalCluster, status: &str) -> String {
    let mut xml = Xml::new();
    xml.node("GlobalCluster", |xml| {
        describe_one(xml, context, id, global, status);
    });
    xml.finish()
}

fn describe_one(
    xml: &mut Xml,
    context: &Context<'_>,
    id: &str,
    global: &GlobalCluster,
    status: &str,
) {
    let readers: Vec<String> = (global.members.iter())
        .filter(|member| !member.writer)
        .map(|member| arn_of(context, member))
        .collect();
    xml.text("GlobalClusterIdentifier", id)
        .text("GlobalClusterResourceId", &global.resource_id)
        .text(
            "GlobalClusterArn",
            rds_arn(context.world, "", "global-cluster", id),
        )
        .text("Status", status)
        .text("Engine", &global.engine)
        .text("EngineVersion", &global.version)
        .text("EngineLifecycleSupport", "open-source-rds-extended-support")
        .maybe("DatabaseName", global.database.as_ref())
        .text("StorageEncrypted", global.encrypted)
        .text("DeletionProtection", global.deletion_protection)
        .list(
            "GlobalClusterMembers",
            "GlobalClusterMember",
            &global.members,
            |xml, member| {
                let readers = if member.writer { &readers[..] } else { &[] };
                xml.text("DBClusterArn", arn_of(context, member))
                    .texts("Readers", "member", readers)
                    .text("IsWriter", member.writer)
                    .text("SynchronizationStatus", "connected");
            },
        );
    tag_list(xml, &global.tags);
}
