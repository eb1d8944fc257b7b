//! What has to be asked of AWS before the graph of a create is known. Reads only.

use std::collections::BTreeSet;

use aws_sdk_rds::types::DbCluster;
use stepwell_engine::Fault;

use super::parameters::{CreateParameters, CreateRequest, Origin, PlannedInstance};
use super::snapshot;
use crate::SurveyError;
use crate::aurora::alive::refuse_alive;
use crate::aws::Aws;
use crate::aws::call::fault;
use crate::aws::{ec2, rds, tags};
use crate::input::InvalidInput;

/// How many zones a cluster is spread over, where there are as many: Aurora
/// keeps its storage in three.
const ZONES: usize = 3;

/// Looks around and resolves what a run of `aurora create` starts from.
///
/// Refuses a cluster that is there already, unless it is a half-made one of
/// this tool, which is then completed; or one that another run is at work on.
pub async fn survey_create(
    aws: &Aws,
    request: &CreateRequest,
) -> Result<CreateParameters, SurveyError> {
    refuse_existing(aws, request).await?;
    refuse_alive(aws, &request.region, &request.cluster, None).await?;
    let source = Source::of(aws, request).await?;
    let zones = choose_zones(aws, request, &source.engine_version).await?;
    let instances = (0..request.instances as usize)
        .map(|number| PlannedInstance {
            name: format!("{}-instance-{}", request.cluster, number + 1),
            zone: zones[number % zones.len()].clone(),
        })
        .collect();
    Ok(CreateParameters {
        cluster: request.cluster.clone(),
        region: request.region.clone(),
        zones,
        instances,
        instance_class: request.instance_class.clone(),
        engine: request.engine.clone(),
        engine_version: source.engine_version,
        snapshot: source.snapshot,
        vpc_cidr: request.vpc_cidr,
        username: source.username,
        password: request.password,
        database: source.database,
        deletion_protection: request.deletion_protection,
        labels: request.labels.clone(),
        subnet_group_name: request.subnet_group_name.clone(),
        security_group_name: request.security_group_name.clone(),
    })
}

/// What the data's origin says of the cluster.
struct Source {
    engine_version: String,
    snapshot: Option<String>,
    username: String,
    database: Option<String>,
}

impl Source {
    async fn of(aws: &Aws, request: &CreateRequest) -> Result<Self, SurveyError> {
        match request.origin.clone() {
            Origin::Empty {
                engine_version,
                username,
                database,
            } => Ok(Self {
                engine_version,
                snapshot: None,
                username,
                database: Some(database),
            }),
            Origin::Snapshot {
                id, engine_version, ..
            } => {
                let found = snapshot::survey(aws, request, &id, engine_version.as_deref()).await?;
                Ok(Self {
                    // Named even where nobody asked for one: a restore that
                    // names none may get the region's default (RDS API
                    // reference, `RestoreDBClusterFromSnapshot`).
                    engine_version: engine_version.unwrap_or(found.engine_version),
                    snapshot: Some(id),
                    username: found.username,
                    database: None,
                })
            }
        }
    }
}

async fn refuse_existing(aws: &Aws, request: &CreateRequest) -> Result<(), SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    let Some(cluster) = aws.look(|| rds::cluster(aws, region, name)).await? else {
        return Ok(());
    };
    let instances = aws.look(|| rds::instances(aws, region, name)).await?;
    let own = tags::rds_value(cluster.tag_list(), tags::DEPLOYMENT)
        == Some(request.labels.deployment.as_str());
    let whole = instances.len() >= request.instances as usize
        && instances
            .iter()
            .all(|instance| instance.db_instance_status() == Some("available"));
    if own && !whole {
        return refuse_other_origin(request, &cluster);
    }
    Err(SurveyError::Exists {
        message: format!(
            "aurora cluster {name:?} already exists in {region} ({}, {} instances)",
            cluster.status().unwrap_or("state unknown"),
            instances.len()
        ),
    })
}

/// Refuses to complete a half-made cluster whose data is not what is asked for
/// now: an empty one must not pass for a restored one, nor the other way round.
fn refuse_other_origin(request: &CreateRequest, cluster: &DbCluster) -> Result<(), SurveyError> {
    let asked = match &request.origin {
        Origin::Empty { .. } => None,
        Origin::Snapshot { id, .. } => Some(id.as_str()),
    };
    let found = tags::rds_value(cluster.tag_list(), tags::SNAPSHOT);
    if asked == found {
        return Ok(());
    }
    let of = |snapshot: Option<&str>| match snapshot {
        Some(id) => format!("from snapshot {id:?}"),
        None => "with an empty database".to_owned(),
    };
    let (region, name) = (&request.region, &request.cluster);
    Err(SurveyError::Refused {
        message: format!(
            "a half-made cluster {name:?} exists in {region} that was begun {}, and {} is asked for",
            of(found),
            match asked {
                Some(id) => format!("one from snapshot {id:?}"),
                None => "an empty one".to_owned(),
            }
        ),
        hint: format!(
            "ask for the same as then, or take it away first: stepwell aurora delete --cluster {name} --region {region}"
        ),
    })
}

async fn choose_zones(
    aws: &Aws,
    request: &CreateRequest,
    version: &str,
) -> Result<Vec<String>, SurveyError> {
    let region = &request.region;
    let open = aws.look(|| available_zones(aws, region)).await?;
    let class = &request.instance_class;
    let offering = aws
        .look(|| offering_zones(aws, region, &request.engine, version, class))
        .await?;
    if offering.is_empty() {
        return Err(InvalidInput {
            input: "instance-class",
            value: request.instance_class.clone(),
            problem: format!(
                "is not offered for {} {version} in {region}",
                request.engine
            ),
            allowed: format!(
                "a class and version that `aws rds describe-orderable-db-instance-options --engine {} --region {region}` lists",
                request.engine
            ),
        }
        .into());
    }
    let usable: Vec<String> = open
        .into_iter()
        .filter(|zone| offering.contains(zone))
        .collect();
    if !request.zones.is_empty() {
        if let Some(zone) = request.zones.iter().find(|zone| !usable.contains(zone)) {
            return Err(InvalidInput {
                input: "zones",
                value: zone.clone(),
                problem: format!("does not offer {}", request.instance_class),
                allowed: usable.join(", "),
            }
            .into());
        }
        return Ok(request.zones.clone());
    }
    if usable.len() < 2 {
        return Err(SurveyError::Refused {
            message: format!(
                "{} is offered in {} of the zones of {region}, and a cluster needs two",
                request.instance_class,
                usable.len()
            ),
            hint: "choose another --instance-class or --region".to_owned(),
        });
    }
    Ok(usable.into_iter().take(ZONES).collect())
}

/// The zones of the region that are open to the account, in order.
pub(crate) async fn available_zones(aws: &Aws, region: &str) -> Result<Vec<String>, Fault> {
    let answer = aws
        .ec2(region)
        .describe_availability_zones()
        .filters(ec2::filter("state", "available"))
        .send()
        .await
        .map_err(|error| fault("DescribeAvailabilityZones", error))?;
    let mut zones: Vec<String> = answer
        .availability_zones()
        .iter()
        // Local and Wavelength zones can't hold an Aurora instance.
        .filter(|zone| {
            zone.zone_type()
                .is_none_or(|kind| kind == "availability-zone")
        })
        .filter_map(|zone| zone.zone_name().map(str::to_owned))
        .collect();
    zones.sort();
    Ok(zones)
}

/// The zones in which the class can be had with the engine's version.
pub(crate) async fn offering_zones(
    aws: &Aws,
    region: &str,
    engine: &str,
    version: &str,
    class: &str,
) -> Result<BTreeSet<String>, Fault> {
    let options = aws
        .rds(region)
        .describe_orderable_db_instance_options()
        .engine(engine)
        .engine_version(version)
        .db_instance_class(class)
        .vpc(true)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeOrderableDBInstanceOptions", error))?;
    Ok(options
        .iter()
        .flat_map(|option| option.availability_zones())
        .filter_map(|zone| zone.name().map(str::to_owned))
        .collect())
}
