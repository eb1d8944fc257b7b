//! What has to be asked of AWS before the graph of a create is known. Reads only.

use std::collections::BTreeSet;

use stepwell_engine::Fault;

use super::parameters::{CreateParameters, CreateRequest, Origin, PlannedInstance};
use super::{existing, snapshot, versions};
use crate::SurveyError;
use crate::aurora::ranges;
use crate::aws::call::fault;
use crate::aws::{Aws, ec2};
use crate::input::InvalidInput;

/// How many zones a cluster is spread over, where there are as many: Aurora
/// keeps its storage in three.
const ZONES: usize = 3;

/// Asks AWS what a run of `aurora create` starts from.
///
/// Refuses a cluster that is there already, unless it is a half-made one of
/// this tool, which is then completed; or one that another run is at work on.
pub async fn survey_create(
    aws: &Aws,
    request: &CreateRequest,
) -> Result<CreateParameters, SurveyError> {
    let region = &request.region;
    let existing = existing::survey(aws, request).await?;
    if !existing.has_vpc {
        refuse_ranges(aws, request).await?;
    }
    let source = Source::of(aws, request, existing.engine_version).await?;
    let (engine, class) = (&request.engine, &request.instance_class);
    let offer = versions::offer(aws, region, engine, &source.engine_version, class).await?;
    refuse_capacity(aws, request, &offer.version).await?;
    let zones = choose_zones(aws, request, &offer.zones).await?;
    let instances = (0..request.instances as usize)
        .map(|number| PlannedInstance {
            name: format!("{}-instance-{}", request.cluster, number + 1),
            zone: zones[number % zones.len()].clone(),
            class: None,
        })
        .collect();
    Ok(CreateParameters {
        cluster: request.cluster.clone(),
        region: region.clone(),
        zones,
        instances,
        instance_class: class.clone(),
        serverless_capacity: request.capacity,
        engine: engine.clone(),
        engine_version: offer.version,
        snapshot: source.snapshot,
        vpc_cidr: request.vpc_cidr,
        username: source.username,
        password: request.password,
        database: source.database,
        deletion_protection: request.deletion_protection,
        labels: request.labels.clone(),
        subnet_group_name: request.subnet_group_name.clone(),
        security_group_name: request.security_group_name.clone(),
        take_over: existing.take_over,
    })
}

/// Refuses a range that is taken in the region, and a region without a free one.
async fn refuse_ranges(aws: &Aws, request: &CreateRequest) -> Result<(), SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    let taken = aws.look(|| ranges::taken(aws, region, name)).await?;
    let (message, hint) = match request.vpc_cidr {
        Some(wanted) => match ranges::refusal(wanted, &taken) {
            Some(message) => (message, ranges::LEAVE_OUT),
            None => return Ok(()),
        },
        None if ranges::is_any_free(&taken) => return Ok(()),
        None => (
            format!("no private address range is free in {region}"),
            "delete VPCs that are not used",
        ),
    };
    Err(SurveyError::Refused {
        message,
        hint: hint.to_owned(),
    })
}

/// Refuses a capacity that the engine version does not support, where RDS says
/// what it does.
async fn refuse_capacity(
    aws: &Aws,
    request: &CreateRequest,
    version: &str,
) -> Result<(), SurveyError> {
    let Some(capacity) = request.capacity else {
        return Ok(());
    };
    let (region, engine) = (&request.region, &request.engine);
    let look = || versions::describe(aws, region, engine, Some(version));
    for found in aws.look(look).await? {
        let Some(limits) = found.serverless_v2_features_support() else {
            continue;
        };
        let (least, most) = (limits.min_capacity(), limits.max_capacity());
        if let Some(problem) = capacity.exceeds(least, most) {
            return Err(InvalidInput {
                input: "serverless-capacity",
                value: capacity.to_string(),
                problem,
                allowed: format!(
                    "{} to {} for {engine} {version}",
                    least.unwrap_or(0.5),
                    most.unwrap_or(128.0)
                ),
            }
            .into());
        }
    }
    Ok(())
}

/// What the data's origin says of the cluster.
struct Source {
    engine_version: String,
    snapshot: Option<String>,
    username: String,
    database: Option<String>,
}

impl Source {
    /// `existing` is the version of the half-made cluster that is completed.
    async fn of(
        aws: &Aws,
        request: &CreateRequest,
        existing: Option<String>,
    ) -> Result<Self, SurveyError> {
        match request.origin.clone() {
            Origin::Empty {
                engine_version,
                username,
                database,
            } => Ok(Self {
                engine_version: existing.unwrap_or(engine_version),
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
                    engine_version: existing.or(engine_version).unwrap_or(found.engine_version),
                    snapshot: Some(id),
                    username: found.username,
                    database: None,
                })
            }
        }
    }
}

async fn choose_zones(
    aws: &Aws,
    request: &CreateRequest,
    offering: &BTreeSet<String>,
) -> Result<Vec<String>, SurveyError> {
    let region = &request.region;
    let open = aws.look(|| available_zones(aws, region)).await?;
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
