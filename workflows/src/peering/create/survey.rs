//! What has to be asked of AWS before the graph of a peering is known. Reads
//! only, and refuses before any effect what could not work.

use aws_sdk_ec2::types::{RouteTable, Vpc};
use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::database::Database;
use super::networks;
use super::overlap;
use super::parameters::{Before, CreateParameters, CreateRequest, ExistingPeering, PlannedRoute};
use crate::SurveyError;
use crate::aurora::blocks;
use crate::aws::tags::Labels;
use crate::aws::{Aws, ec2, tags};
use crate::peering::end::Accounts;
use crate::peering::link::{self, Link};
use crate::peering::{ingress, owner, routes};
use crate::rosa::RosaNetwork;

/// Looks around on both sides and resolves what a run of `peering create`
/// starts from.
pub async fn survey_create(
    aws: &Aws,
    request: &CreateRequest,
    rosa: RosaNetwork,
    accounts: &Accounts,
) -> Result<CreateParameters, SurveyError> {
    let vpc = aurora_vpc(aws, request).await?;
    let vpc_id = vpc.vpc_id().unwrap_or_default().to_owned();
    let cidrs: Vec<Ipv4Net> = blocks(&vpc, &request.region)
        .into_iter()
        .map(|taken| taken.block)
        .collect();
    let rosa_vpc = aws
        .look(|| ec2::vpc(aws.rosa(), &rosa.region, &rosa.vpc_id))
        .await?
        .ok_or_else(|| SurveyError::Refused {
            message: format!("there is no vpc {} in {}", rosa.vpc_id, rosa.region),
            hint: "name another with --rosa-vpc and --rosa-region; a vpc of another account needs --rosa-profile".to_owned(),
        })?;
    let rosa_end = owner::of_rosa(&rosa_vpc, &rosa, accounts)?;
    let aurora = owner::of_aurora(&vpc, request, accounts)?;
    // A VPC that is shared shows its tables and peerings to its owner alone.
    let there = rosa_end.aws(aws);
    let database = Database::find(aws, request, &vpc_id).await?;

    let mut links = aws.look(|| link::all(aws, &request.region)).await?;
    for other in aws.look(|| link::all(there, &rosa.region)).await? {
        if !links.iter().any(|link| link.id == other.id) {
            links.push(other);
        }
    }
    links.retain(Link::is_live);
    networks::complete(aws, &mut links, accounts, [&vpc_id, &rosa.vpc_id]).await?;
    let existing = links
        .iter()
        .filter(|link| link.joins(&vpc_id, &rosa.vpc_id))
        .max_by_key(|link| link.progress());
    networks::refuse_overlaps(request, &rosa, &vpc_id, &cidrs, &links)?;

    let (routes_to_aurora, routes_to_rosa) = {
        let tables = aws
            .look(|| ec2::route_tables(there, &rosa.region, &rosa.vpc_id))
            .await?;
        let here = aws
            .look(|| ec2::route_tables(aws, &request.region, &vpc_id))
            .await?;
        let subnets = aws.look(|| subnets(aws, &request.region, &vpc_id)).await?;
        let ours = existing.map(|link| link.id.as_str());
        let live: Vec<String> = links.iter().map(|link| link.id.clone()).collect();
        let there = routes::serving(&tables, &rosa.subnets);
        let here = routes::serving(&here, &subnets);
        let to_aurora = plan_routes(&there, &cidrs, ours, &live);
        let to_rosa = plan_routes(&here, &[rosa.machine_cidr], ours, &live);
        let obstacles: Vec<String> = [&to_aurora, &to_rosa]
            .into_iter()
            .filter_map(|planned| planned.as_ref().err())
            .flatten()
            .cloned()
            .collect();
        match (to_aurora, to_rosa) {
            (Ok(to_aurora), Ok(to_rosa)) => (to_aurora, to_rosa),
            _ => {
                return Err(SurveyError::Refused {
                    message: format!("routes are in the way: {}", obstacles.join("; ")),
                    hint: "they are not this tool's: remove them, or choose another address range for one of the networks; nothing was touched".to_owned(),
                });
            }
        }
    };
    if routes_to_aurora.is_empty() || routes_to_rosa.is_empty() {
        return Err(SurveyError::Refused {
            message: format!(
                "no route table serves the subnets of {}",
                if routes_to_rosa.is_empty() {
                    &vpc_id
                } else {
                    &rosa.vpc_id
                }
            ),
            hint: "name the cluster's subnets with --rosa-subnets".to_owned(),
        });
    }
    let rules = aws
        .look(|| ingress::openings(aws, &aurora, std::slice::from_ref(&database.group)))
        .await?;
    let existing = existing.map(|link| ExistingPeering {
        id: link.id.clone(),
        state: link.state.clone(),
    });
    Ok(CreateParameters {
        cluster: request.cluster.clone(),
        region: request.region.clone(),
        labels: Labels {
            // As the VPC has it: the scripts look for it letter by letter.
            cluster: tags::value(vpc.tags(), tags::CLUSTER)
                .unwrap_or(&request.cluster)
                .to_owned(),
            deployment: request.target(&rosa).to_string(),
            extra: request.tags.clone(),
        },
        aurora,
        cidrs,
        ingress_open: rules
            .iter()
            .any(|rule| rule.is_for(rosa.machine_cidr, database.port)),
        security_group_id: database.group,
        port: database.port,
        identity: database.identity,
        rosa,
        rosa_end,
        rosa_account: accounts.rosa.clone(),
        existing,
        routes_to_aurora,
        routes_to_rosa,
    })
}

async fn subnets(aws: &Aws, region: &str, vpc: &str) -> Result<Vec<String>, Fault> {
    Ok(ec2::subnets(aws, region, vpc)
        .await?
        .iter()
        .filter_map(|subnet| subnet.subnet_id().map(str::to_owned))
        .collect())
}

async fn aurora_vpc(aws: &Aws, request: &CreateRequest) -> Result<Vpc, SurveyError> {
    let (region, cluster) = (&request.region, &request.cluster);
    let mut vpcs = aws.look(|| ec2::vpcs_of(aws, region, cluster)).await?;
    let found: Vec<&str> = vpcs.iter().filter_map(Vpc::vpc_id).collect();
    if found.len() > 1 {
        return Err(SurveyError::Refused {
            message: format!(
                "several VPCs in {region} are tagged {}={cluster}: {}",
                tags::CLUSTER,
                found.join(", ")
            ),
            hint: "take the tag from those that are not the cluster's; nothing was touched"
                .to_owned(),
        });
    }
    vpcs.pop().ok_or_else(|| SurveyError::Refused {
        message: format!(
            "there is no vpc of aurora cluster {cluster:?} in {region} (none is tagged {}={cluster})",
            tags::CLUSTER
        ),
        hint: "`stepwell aurora list --all-regions` shows which clusters there are".to_owned(),
    })
}

/// What is to be done in each table, or everything that is in the way.
fn plan_routes(
    tables: &[&RouteTable],
    destinations: &[Ipv4Net],
    ours: Option<&str>,
    live: &[String],
) -> Result<Vec<PlannedRoute>, Vec<String>> {
    let mut planned = Vec::new();
    let mut obstacles = Vec::new();
    for table in tables {
        let id = table.route_table_id().unwrap_or_default();
        let standing = routes::standing(table);
        for destination in destinations {
            match overlap::standing(id, &standing, *destination, ours, live) {
                Ok(before) => planned.push(PlannedRoute {
                    table: id.to_owned(),
                    destination: *destination,
                    before,
                }),
                Err(obstacle) => obstacles.push(obstacle),
            }
        }
    }
    planned.sort_by(|one, other| {
        (&one.table, one.destination).cmp(&(&other.table, other.destination))
    });
    if obstacles.is_empty() {
        Ok(planned)
    } else {
        Err(obstacles)
    }
}

/// Whether a route was there before in a way that a person would miss.
pub(super) fn replaces(route: &PlannedRoute) -> bool {
    matches!(route.before, Before::Stale(_))
}
