//! What has to be asked of AWS before the graph of a create is known. Reads only.

use std::collections::BTreeSet;

use stepwell_engine::Fault;

use super::parameters::{CreateParameters, CreateRequest, PlannedInstance};
use crate::SurveyError;
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
/// this tool, which is then completed.
pub async fn survey_create(
    aws: &Aws,
    request: &CreateRequest,
) -> Result<CreateParameters, SurveyError> {
    refuse_existing(aws, request).await?;
    let zones = choose_zones(aws, request).await?;
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
        engine_version: request.engine_version.clone(),
        vpc_cidr: request.vpc_cidr,
        username: request.username.clone(),
        password: request.password,
        database: request.database.clone(),
        deletion_protection: request.deletion_protection,
        labels: request.labels.clone(),
        subnet_group_name: request.subnet_group_name.clone(),
        security_group_name: request.security_group_name.clone(),
    })
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
        return Ok(());
    }
    Err(SurveyError::Exists {
        message: format!(
            "aurora cluster {name:?} already exists in {region} ({}, {} instances)",
            cluster.status().unwrap_or("state unknown"),
            instances.len()
        ),
    })
}

async fn choose_zones(aws: &Aws, request: &CreateRequest) -> Result<Vec<String>, SurveyError> {
    let region = &request.region;
    let open = aws.look(|| available_zones(aws, region)).await?;
    let (version, class) = (&request.engine_version, &request.instance_class);
    let offering = aws
        .look(|| offering_zones(aws, region, &request.engine, version, class))
        .await?;
    if offering.is_empty() {
        return Err(InvalidInput {
            input: "instance-class",
            value: request.instance_class.clone(),
            problem: format!(
                "is not offered for {} {} in {region}",
                request.engine, request.engine_version
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
