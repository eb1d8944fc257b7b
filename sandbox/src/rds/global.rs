//! Global clusters: clusters of several regions that follow one primary.

use super::*;
use crate::context::rds_arn;
use crate::field::Each;
use crate::rds::cluster::replica::promotion;
use crate::rds::cluster::{check_idle, not_found};
use crate::rds::validate::{database, refuse_unsimulated};
use crate::world::World;
use crate::world::catalog::resolve;
use crate::world::database::{GlobalCluster, GlobalMember};

fn find<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a GlobalCluster> {
    let found = context.world.global_clusters.get(id);
    found.ok_or_else(|| refusal!("GlobalClusterNotFoundFault": "Global Cluster {id} not found"))
}

fn given(context: &Context<'_>) -> ApiResult<String> {
    let id = identifier(context.params, "GlobalClusterIdentifier")?;
    find(context, &id)?;
    Ok(id)
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
            Err(refusal!("InvalidGlobalClusterStateFault":
                "Unable to delete cluster that is a primary member of global cluster while there are other global cluster members"))
        }
        Some(_) => Err(refusal!("InvalidDBClusterStateFault":
            "This cluster is a part of a global cluster, please remove it from globalcluster first")),
    }
}

/// What a cluster that joins a global cluster has from its primary. The first to join is the
/// primary itself and copies nothing.
pub(crate) fn joined(context: &Context<'_>) -> ApiResult<Option<Cluster>> {
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
        refuse!("InvalidParameterCombination":
            "Global cluster {id} already has a cluster in {}", context.region);
    }
    let Some(primary) = global.members.iter().find(|one| one.writer) else {
        return Ok(None);
    };
    let region = context.world.region(&primary.region);
    let primary = region.clusters.get(&primary.cluster);
    match primary.filter(|one| one.is_available()) {
        Some(primary) => Ok(Some(Cluster {
            read_only: true,
            replica_of: None,
            ..primary.clone()
        })),
        None => Err(refusal!("InvalidGlobalClusterStateFault":
            "The primary cluster of global cluster {id} is not in available state")),
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
    let deletion_protection = params.is_set("DeletionProtection")?;
    let encrypted = params.is_set("StorageEncrypted")?;
    let mut global = match params.get("SourceDBClusterIdentifier") {
        Some(source) => of_source(context, source)?,
        None => empty(context, encrypted)?,
    };
    if context.world.global_clusters.contains_key(&id) {
        refuse!("GlobalClusterAlreadyExistsFault": "Global Cluster with id {id} already exists");
    }
    global.tags = tags;
    global.deletion_protection = deletion_protection;
    global.resource_id = format!("cluster-{}", context.world.new_token(16).to_lowercase());
    let body = answer(context, &id, &global);
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
            refuse!("InvalidParameterCombination":
                "When creating global cluster from existing db cluster, value for {name} should not be specified since it will be inherited from source cluster");
        }
    }
    let arn = Arn::of_cluster(context, source);
    let region = context.world.region(arn.region);
    let found = region.clusters.get(&arn.name);
    let found = found.filter(|_| arn.is_own(context));
    let found = found.ok_or_else(|| not_found(&arn.name))?;
    if membership(context.world, arn.region, &arn.name).is_some() {
        refuse!("InvalidDBClusterStateFault":
            "DB cluster {} is already a member of a global cluster", arn.name);
    }
    if !found.is_idle() || found.replica_of.is_some() {
        refuse!("InvalidDBClusterStateFault":
            "Source cluster {} is not in a state that can become a primary: {}", arn.name, found.state());
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
        Some(other) => refuse!("InvalidParameterValue": "Invalid DB engine: {other}"),
        None => refuse!("InvalidParameterValue":
            "The parameter Engine must be provided and must not be blank."),
    }
    let wanted = params.get("EngineVersion").unwrap_or("");
    let version = match (wanted, resolve(wanted)) {
        ("", _) => crate::world::catalog::DEFAULT_VERSION,
        (_, Some(version)) => version,
        (_, None) => {
            refuse!("InvalidParameterCombination": "Cannot find version {wanted} for {ENGINE}")
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

static GLOBAL_CLUSTER: Description<GlobalCluster> = Description {
    elements: ("GlobalClusters", "GlobalClusterMember"),
    matches: |wanted, held| wanted == held,
    fields: fields! { v:
        "GlobalClusterIdentifier" [] v.id;
        "GlobalClusterResourceId" [] &v.resource_id;
        "GlobalClusterArn" [] rds_arn(v.context.world, "", "global-cluster", v.id);
        "Status" [] if v.deleting { "deleting" } else { "available" };
        "Engine" [] &v.engine;
        "EngineVersion" [] &v.version;
        "EngineLifecycleSupport" [] "open-source-rds-extended-support";
        "DatabaseName" [] v.database.as_ref();
        "StorageEncrypted" [] v.encrypted;
        "DeletionProtection" [] v.deletion_protection;
        "GlobalClusterMembers" [] inside(|xml| for member in &v.members {
            xml.node("GlobalClusterMember", |xml| describe_member(xml, v, member));
        });
        ["region"] Each(v.members.iter().map(|member| &member.region));
        "" [] inside(|xml| tag_list(xml, &v.tags));
    },
};

/// `DescribeGlobalClusters`: the same in every region.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let all = context.world.global_clusters.iter();
    let (list, marker) = GLOBAL_CLUSTER.select(context, all, || {
        let wanted = context.params.get("GlobalClusterIdentifier");
        wanted.map(|_| given(context)).transpose()
    })?;
    let mut xml = Xml::new();
    xml.maybe("Marker", marker);
    Ok(xml.finish() + &list.finish())
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
    single(context, &id)
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
        refuse!("InvalidGlobalClusterStateFault":
            "Unable to remove the primary cluster from global cluster while there are other global cluster members");
    }
    let found = context.world.region(&region).clusters.get(&cluster);
    let found = found.ok_or_else(|| not_found(&cluster))?;
    check_idle(&cluster, found)?;
    let now = context.now;
    if let Some(found) = context.world.region_mut(&region).clusters.get_mut(&cluster) {
        found.schedule(promotion(), now);
    }
    single(context, &id)
}

/// `DeleteGlobalCluster`: without members and protection.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = given(context)?;
    let global = find(context, &id)?;
    if global.deletion_protection {
        refuse!("InvalidParameterCombination":
            "Cannot delete protected Global Cluster, please disable deletion protection and try again.");
    }
    if !global.members.is_empty() {
        refuse!("InvalidGlobalClusterStateFault": "Global Cluster {id} is not empty");
    }
    let gone = GlobalCluster {
        deleting: true,
        ..global.clone()
    };
    let body = answer(context, &id, &gone);
    context.world.global_clusters.remove(&id);
    Ok(body)
}

fn arn_of(context: &Context<'_>, member: &GlobalMember) -> String {
    rds_arn(context.world, &member.region, "cluster", &member.cluster)
}

fn single(context: &Context<'_>, id: &str) -> ApiResult<String> {
    let one = find(context, id)?;
    Ok(answer(context, id, one))
}

fn answer(context: &Context<'_>, id: &str, one: &GlobalCluster) -> String {
    let mut xml = Xml::new();
    xml.node("GlobalCluster", |xml| {
        field::write(GLOBAL_CLUSTER.fields, &View { context, id, one }, xml);
    });
    xml.finish()
}

fn describe_member(xml: &mut Xml, v: &View<'_, GlobalCluster>, member: &GlobalMember) {
    let readers = v.members.iter().filter(|one| member.writer && !one.writer);
    let readers = readers.map(|one| arn_of(v.context, one));
    xml.text("DBClusterArn", arn_of(v.context, member))
        .texts("Readers", "member", readers)
        .text("IsWriter", member.writer)
        .text("SynchronizationStatus", "connected");
}
