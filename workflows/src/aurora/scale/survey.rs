//! What has to be asked of AWS before the graph of a scaling is known. Reads only.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_rds::types::{DbCluster, DbInstance};

use super::parameters::{AddedInstance, Removal, ScaleParameters, ScaleRequest};
use crate::SurveyError;
use crate::aurora::alive::refuse_alive;
use crate::aurora::class::offered_zones;
use crate::aurora::create::SERVERLESS;
use crate::aurora::{ClusterIdentity, InstanceIdentity};
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, rds};

/// What the names of readers begin with that Aurora's autoscaling makes (Aurora
/// User Guide, "Amazon Aurora Auto Scaling with Aurora Replicas").
const AUTOSCALED: &str = "application-autoscaling-";

/// Finds the cluster and resolves what a run of `aurora scale` starts from.
///
/// Refuses a cluster that is not there, is of another engine or not available,
/// or that another run is at work on.
pub async fn survey_scale(
    aws: &Aws,
    request: &ScaleRequest,
) -> Result<ScaleParameters, SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    refuse_alive(aws, region, name, None).await?;
    let cluster = aws
        .look_confirmed(|| rds::cluster(aws, region, name))
        .await?;
    let cluster = usable(request, cluster)?;
    let identity = ClusterIdentity::of(&cluster);
    let all = aws.look(|| rds::all_instances(aws, region)).await?;
    let members: Vec<&DbInstance> = all
        .iter()
        .filter(|instance| instance.db_cluster_identifier() == Some(&identity.cluster))
        .filter(|instance| instance.db_instance_status() != Some("deleting"))
        .collect();
    let mut parameters = ScaleParameters {
        cluster: identity.cluster.clone(),
        region: region.clone(),
        engine: cluster.engine().unwrap_or_default().to_owned(),
        engine_version: cluster.engine_version().unwrap_or_default().to_owned(),
        zones: Vec::new(),
        instances: request.instances,
        recorded: tags::rds_value(cluster.tag_list(), tags::INSTANCES)
            .and_then(|number| number.parse().ok()),
        adding: Vec::new(),
        removing: Vec::new(),
        labels: labels(request, &cluster),
        identity,
    };
    let wanted = request.instances as usize;
    if wanted < members.len() {
        parameters.removing = readers(&cluster, &members)
            .into_iter()
            .take(members.len() - wanted)
            .collect();
    } else {
        grow(aws, request, &cluster, &all, &members, &mut parameters).await?;
    }
    Ok(parameters)
}

/// The cluster, if it can be scaled as it is.
fn usable(request: &ScaleRequest, cluster: Option<DbCluster>) -> Result<DbCluster, SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    let refuse = |message: String, hint: String| Err(SurveyError::Refused { message, hint });
    let Some(cluster) = cluster else {
        return refuse(
            format!("there is no cluster {name:?} in {region}"),
            "`stepwell aurora list --all-regions` lists those there are".to_owned(),
        );
    };
    let engine = cluster.engine().unwrap_or("an unknown engine");
    if engine != "aurora-postgresql" {
        return refuse(
            format!("cluster {name:?} in {region} is {engine}, not aurora-postgresql"),
            "stepwell works with Aurora PostgreSQL alone".to_owned(),
        );
    }
    match cluster.status().unwrap_or("unknown") {
        "available" => Ok(cluster),
        "stopped" => refuse(
            format!("cluster {name:?} in {region} is stopped"),
            format!(
                "start it first: aws rds start-db-cluster --region {region} --db-cluster-identifier {name}"
            ),
        ),
        status => refuse(
            format!("cluster {name:?} in {region} is {status}, not available"),
            "wait until it is available; nothing was touched".to_owned(),
        ),
    }
}

/// The tags of what is added: those of the cluster that a person gave it.
fn labels(request: &ScaleRequest, cluster: &DbCluster) -> Labels {
    let own =
        |key: &str| key.starts_with("aws:") || key.starts_with("stepwell:") || key == tags::CLUSTER;
    let extra: BTreeMap<String, String> = cluster
        .tag_list()
        .iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned())))
        .filter(|(key, _)| !own(key))
        .collect();
    Labels {
        cluster: cluster
            .db_cluster_identifier()
            .unwrap_or_default()
            .to_owned(),
        deployment: request.target().to_string(),
        extra,
    }
}

/// The number in the name of an instance, `<cluster>-instance-<n>`.
fn number(cluster: &str, instance: &str) -> Option<u32> {
    let rest = instance.strip_prefix(cluster)?.strip_prefix("-instance-")?;
    rest.parse().ok()
}

/// The readers in the order in which they are taken away: the highest number
/// first, then those with names of their own, the youngest first, and last what
/// autoscaling made.
fn readers(cluster: &DbCluster, members: &[&DbInstance]) -> Vec<Removal> {
    let name = cluster.db_cluster_identifier().unwrap_or_default();
    let writers: BTreeSet<&str> = cluster
        .db_cluster_members()
        .iter()
        .filter(|member| member.is_cluster_writer() == Some(true))
        .filter_map(|member| member.db_instance_identifier())
        .collect();
    let mut readers: Vec<&DbInstance> = members
        .iter()
        .copied()
        .filter(|instance| {
            let id = instance.db_instance_identifier().unwrap_or_default();
            !writers.contains(id)
        })
        .collect();
    let rank = |instance: &&DbInstance| {
        let id = instance.db_instance_identifier().unwrap_or_default();
        let number = number(name, id);
        let born = instance.instance_create_time().map(|at| at.secs());
        (
            id.starts_with(AUTOSCALED),
            number.is_none(),
            Reverse(number),
            Reverse(born),
        )
    };
    readers.sort_by_key(rank);
    readers
        .into_iter()
        .map(|instance| {
            let instance = InstanceIdentity::of(instance);
            Removal {
                autoscaled: instance.instance.starts_with(AUTOSCALED),
                instance,
            }
        })
        .collect()
}

/// Plans what is added: free numbers, in the zones with the fewest instances.
async fn grow(
    aws: &Aws,
    request: &ScaleRequest,
    cluster: &DbCluster,
    all: &[DbInstance],
    members: &[&DbInstance],
    parameters: &mut ScaleParameters,
) -> Result<(), SurveyError> {
    let more = (request.instances as usize).saturating_sub(members.len());
    if more == 0 {
        return Ok(());
    }
    let region = &request.region;
    let class = class(request, cluster, members)?;
    let group = cluster.db_subnet_group().unwrap_or_default();
    let group = aws
        .look_confirmed(|| rds::subnet_group(aws, region, group))
        .await?;
    let zones: BTreeSet<String> = group
        .iter()
        .flat_map(|group| group.subnets())
        .filter_map(|subnet| subnet.subnet_availability_zone()?.name())
        .map(str::to_owned)
        .collect();
    parameters.zones = zones.into_iter().collect();
    let (engine, version) = (&parameters.engine, &parameters.engine_version);
    let usable = offered_zones(aws, region, engine, version, &class, &parameters.zones).await?;
    let mut load: BTreeMap<&str, usize> = usable.iter().map(|zone| (zone.as_str(), 0)).collect();
    for zone in members.iter().filter_map(|one| one.availability_zone()) {
        if let Some(count) = load.get_mut(zone) {
            *count += 1;
        }
    }
    let taken: BTreeSet<&str> = all
        .iter()
        .filter_map(|one| one.db_instance_identifier())
        .collect();
    let names = (1..)
        .map(|number: u32| format!("{}-instance-{number}", parameters.cluster))
        .filter(|name| !taken.contains(name.as_str()));
    let mut adding = Vec::new();
    for name in names.take(more) {
        if name.len() > 63 {
            return Err(SurveyError::Refused {
                message: format!("{name:?} is longer than the 63 characters of an instance's name"),
                hint: "the name of this cluster leaves no room for further instances; nothing was touched".to_owned(),
            });
        }
        let fewest = load.iter_mut().min_by_key(|(_, count)| **count);
        let Some((zone, count)) = fewest else { break };
        *count += 1;
        adding.push(AddedInstance {
            name,
            zone: (*zone).to_owned(),
            class: class.clone(),
        });
    }
    parameters.adding = adding;
    Ok(())
}

/// The class of what is added: the one asked for, else the writer's.
fn class(
    request: &ScaleRequest,
    cluster: &DbCluster,
    members: &[&DbInstance],
) -> Result<String, SurveyError> {
    let writer = cluster
        .db_cluster_members()
        .iter()
        .find(|member| member.is_cluster_writer() == Some(true))
        .and_then(|member| member.db_instance_identifier());
    let writers = members
        .iter()
        .find(|one| one.db_instance_identifier() == writer)
        .and_then(|one| one.db_instance_class());
    let asked = request.instance_class.as_deref();
    let Some(class) = asked.or(writers) else {
        return Err(SurveyError::Refused {
            message: format!(
                "cluster {:?} has no writer whose class further instances could have",
                request.cluster
            ),
            hint: "say which with --instance-class; nothing was touched".to_owned(),
        });
    };
    if class == SERVERLESS && cluster.serverless_v2_scaling_configuration().is_none() {
        return Err(SurveyError::Refused {
            message: format!(
                "cluster {:?} has no capacity range, which {SERVERLESS} instances need",
                request.cluster
            ),
            hint: format!(
                "give it one first: aws rds modify-db-cluster --region {} --db-cluster-identifier {} --serverless-v2-scaling-configuration MinCapacity=0.5,MaxCapacity=16",
                request.region, request.cluster
            ),
        });
    }
    Ok(class.to_owned())
}
