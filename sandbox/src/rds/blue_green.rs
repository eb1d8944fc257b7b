//! Blue/green deployments: a green copy of a cluster that may take its place one day.

use super::*;
use crate::rds::cluster::delete::accept;
use crate::rds::cluster::placement::check_new;
use crate::rds::instance::create::{launch, place};
use crate::rds::validate::check_identifier;
use crate::world::Region;
use crate::world::catalog::{find_class, resolve};
use crate::world::database::Deployment;

/// The deployment in which a cluster is, blue or green.
fn deployment_of<'a>(here: &'a Region, cluster: &str) -> Option<&'a str> {
    let mut all = here.deployments.iter();
    all.find(|(_, one)| one.source == cluster || one.target == cluster)
        .map(|(id, _)| id.as_str())
}

/// Refuses what can't be done with a cluster that is part of a deployment. That it can't be
/// stopped is documented ("Limitations for blue/green deployments", Aurora user guide).
pub(crate) fn check(context: &Context<'_>, cluster: &str) -> ApiResult<()> {
    match deployment_of(context.here(), cluster) {
        None => Ok(()),
        Some(id) => Err(refusal!("InvalidDBClusterStateFault":
            "DB cluster {cluster} is part of the blue/green deployment {id}. Delete the deployment first.")),
    }
}

fn find<'a>(context: &'a Context<'_>, id: &str) -> ApiResult<&'a Deployment> {
    context.here().deployments.get(id).ok_or_else(
        || refusal!("BlueGreenDeploymentNotFoundFault": "BlueGreenDeployment not found: {id}"),
    )
}

/// `CreateBlueGreenDeployment`: copies the cluster and its writer.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let name = params.need("BlueGreenDeploymentName")?;
    check_identifier("BlueGreenDeploymentName", name, 60)?;
    let tags = given_tags(params)?;
    let source = source(context, params.need("Source")?)?;
    let same = |one: &Deployment| one.name.eq_ignore_ascii_case(name);
    if context.here().deployments.values().any(same) {
        refuse!("BlueGreenDeploymentAlreadyExistsFault":
            "BlueGreenDeployment already exists: {name}");
    }
    let blue = cluster::seen(context, &source)?.clone();
    check_source(context, &source, &blue)?;
    let version = target_version(context, &blue)?;
    let writer = blue.writer.as_ref();
    let writer = writer.and_then(|id| Some((id, context.here().db_instances.get(id)?.clone())));
    let Some((writer_id, writer)) = writer else {
        refuse!("InvalidDBClusterStateFault": "Source cluster {source} has no writer DB instance");
    };
    let suffix = context.world.new_token(6).to_lowercase();
    let target = green_name(&source, &suffix);
    check_new(context, &target)?;
    instance::check_quota(context)?;
    let class = find_class(&writer.class);
    let class = class.filter(|class| class.is_offered(&version, &writer.zone));
    let Some(class) = class else {
        refuse!("InvalidParameterCombination":
            "The DB instance class {} is not available for {version}.", writer.class);
    };
    let place = place(context, None, &blue, class)?;
    let green = green(context, &blue, version);
    let now = context.now;
    let here = context.here_mut();
    here.clusters.insert(target.clone(), green);
    let message = "Started creating the DB cluster";
    here.event(now, Source::Cluster, &target, "creation", message);
    let instance = green_name(writer_id, &suffix);
    let copy = DbInstance {
        pending_class: None,
        imposed: None,
        ..writer
    };
    launch(context, instance, &target, copy, place);
    let id = format!("bgd-{}", context.world.new_token(16).to_lowercase());
    let deployment = Deployment {
        name: name.to_owned(),
        source,
        target,
        created_at: now,
        available_at: now + timing::GREEN_PROVISIONING,
        tags,
        deleting: false,
    };
    let here = context.here_mut();
    here.deployments.insert(id.clone(), deployment);
    Ok(DEPLOYMENT.single(context, &id, find(context, &id)?))
}

fn source(context: &Context<'_>, text: &str) -> ApiResult<String> {
    let arn = Arn::parse(text)
        .filter(|arn| arn.is_own(context) && arn.region == context.region)
        .ok_or_else(|| refusal!("InvalidParameterValue": "Invalid source: {text}"))?;
    match arn.kind {
        "cluster" => Ok(arn.name),
        "db" => {
            instance::seen(context, &arn.name)?;
            Err(refusal!("SourceDatabaseNotSupportedFault":
                "A DB instance of a DB cluster can't be the source of a blue/green deployment."))
        }
        _ => Err(refusal!("InvalidParameterValue": "Invalid source: {text}")),
    }
}

fn check_source(context: &Context<'_>, id: &str, cluster: &Cluster) -> ApiResult<()> {
    let unsupported = |why: &str| {
        let message = format!("The source DB cluster {id} {why}.");
        Err(ApiError::new("SourceClusterNotSupportedFault", message))
    };
    let followed = !replicas(context.world, context.region, id).is_empty();
    if cluster.engine != ENGINE {
        return unsupported("is of an engine that is not simulated");
    }
    if cluster.secret.is_some() {
        return unsupported("has a master user password that is managed in AWS Secrets Manager");
    }
    if cluster.replica_of.is_some() || followed {
        return unsupported("takes part in a replication");
    }
    if membership(context.world, context.region, id).is_some() {
        return unsupported("is part of a global cluster");
    }
    if deployment_of(context.here(), id).is_some() {
        return unsupported("is part of a blue/green deployment");
    }
    cluster::check_idle(id, cluster)
}

fn target_version(context: &Context<'_>, blue: &Cluster) -> ApiResult<String> {
    let Some(wanted) = context.params.get("TargetEngineVersion") else {
        return Ok(blue.version.clone());
    };
    match resolve(wanted) {
        Some(version) if parts(version) >= parts(&blue.version) => Ok(version.to_owned()),
        _ => Err(refusal!("InvalidParameterCombination":
            "Cannot upgrade {} from {} to {wanted}", blue.engine, blue.version)),
    }
}

/// `NAME-green-SUFFIX`, cut to what a name may have.
fn green_name(blue: &str, suffix: &str) -> String {
    let kept: String = blue
        .chars()
        .take(63 - "-green-".len() - suffix.len())
        .collect();
    format!("{}-green-{suffix}", kept.trim_end_matches('-'))
}

/// The green cluster: new in everything that identifies it.
fn green(context: &mut Context<'_>, blue: &Cluster, version: String) -> Cluster {
    let resource_id = format!("cluster-{}", context.world.new_token(26));
    Cluster {
        version,
        visible_at: context.visible_at(&resource_id),
        resource_id,
        created_at: context.now,
        status: ClusterStatus::Creating,
        until: Some(context.now + timing::CLUSTER_RESTORING),
        restored: true,
        deletion_protection: false,
        members: Vec::new(),
        writer: None,
        imposed: None,
        ..blue.clone()
    }
}

static DEPLOYMENT: Description<Deployment> = Description {
    elements: ("BlueGreenDeployments", "member"),
    matches: str::eq_ignore_ascii_case,
    fields: fields! { v:
        "BlueGreenDeploymentIdentifier" ["blue-green-deployment-identifier"] v.id;
        "BlueGreenDeploymentName" ["blue-green-deployment-name"] &v.name;
        "Source" ["source"] v.context.rds_arn("cluster", &v.source);
        "Target" ["target"] v.context.rds_arn("cluster", &v.target);
        "SwitchoverDetails" [] inside(|xml| {
            xml.node("member", |xml| {
                xml.text("SourceMember", v.context.rds_arn("cluster", &v.source))
                    .text("TargetMember", v.context.rds_arn("cluster", &v.target))
                    .text("Status", status(v));
            });
        });
        "Tasks" [] inside(|xml| {
            let done = v.deleting || v.context.now >= v.available_at;
            xml.node("member", |xml| {
                xml.text("Name", "CREATING_READ_REPLICA_OF_SOURCE")
                    .text("Status", if done { "COMPLETED" } else { "IN_PROGRESS" });
            });
        });
        "Status" [] status(v);
        "CreateTime" [] iso(v.created_at);
        "" [] inside(|xml| tag_list(xml, &v.tags));
    },
};

fn status(v: &View<'_, Deployment>) -> &'static str {
    match v.deleting {
        true => "DELETING",
        false => v.status(v.context.now),
    }
}

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    DEPLOYMENT.answer(context, context.here().deployments.iter(), || {
        let id = context.params.get("BlueGreenDeploymentIdentifier");
        id.map(|id| find(context, id).map(|_| id.to_owned()))
            .transpose()
    })
}

/// `DeleteBlueGreenDeployment`: the green cluster stays as one of its own, or goes too.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("BlueGreenDeploymentIdentifier")?;
    let delete_target = context.params.is_set("DeleteTarget")?;
    let deployment = Deployment {
        deleting: true,
        ..find(context, id)?.clone()
    };
    let green = cluster::find(context, &deployment.target)?;
    if delete_target && green.deletion_protection {
        refuse!("InvalidBlueGreenDeploymentStateFault":
            "The green DB cluster {} has deletion protection enabled.", deployment.target);
    }
    let members = green.members.clone();
    let body = DEPLOYMENT.single(context, id, &deployment);
    context.here_mut().deployments.remove(id);
    if delete_target {
        for member in members {
            instance::delete::begin(context, &member);
        }
        accept(context, &deployment.target, None);
    }
    Ok(body)
}
