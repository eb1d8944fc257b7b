//! What has to be asked of AWS before the graph of a peering is known. Reads
//! only, and refuses before any effect what could not work.

use aws_sdk_ec2::types::{RouteTable, SecurityGroup, Vpc};
use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::overlap::{self, Named};
use super::parameters::{Before, CreateParameters, CreateRequest, ExistingPeering, PlannedRoute};
use crate::SurveyError;
use crate::aurora::{blocks, overlap};
use crate::aws::tags::Labels;
use crate::aws::{Aws, ec2, rds, tags};
use crate::peering::end::{Access, Accounts, End};
use crate::peering::link::{self, Link};
use crate::peering::{ingress, routes};
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
    let aurora = End {
        access: Access::Main,
        owner: owner(&vpc, &accounts.main),
        region: request.region.clone(),
        vpc_id: vpc_id.clone(),
    };
    let rosa_vpc = aws
        .look(|| ec2::vpc(aws.rosa(), &rosa.region, &rosa.vpc_id))
        .await?
        .ok_or_else(|| SurveyError::Refused {
            message: format!("there is no vpc {} in {}", rosa.vpc_id, rosa.region),
            hint: "name another with --rosa-vpc and --rosa-region; a vpc of another account needs --rosa-profile".to_owned(),
        })?;
    let rosa_end = End {
        access: Access::Rosa,
        owner: owner(&rosa_vpc, &accounts.rosa.id),
        region: rosa.region.clone(),
        vpc_id: rosa.vpc_id.clone(),
    };
    let group = security_group(aws, request, &vpc_id).await?;

    let mut links = aws.look(|| link::all(aws, &request.region)).await?;
    for other in aws.look(|| link::all(aws.rosa(), &rosa.region)).await? {
        if !links.iter().any(|link| link.id == other.id) {
            links.push(other);
        }
    }
    links.retain(Link::is_live);
    let existing = links
        .iter()
        .filter(|link| link.joins(&vpc_id, &rosa.vpc_id))
        .max_by_key(|link| link.progress());
    refuse_overlaps(request, &rosa, &vpc_id, &cidrs, &links)?;

    let (routes_to_aurora, routes_to_rosa) = {
        let there = aws
            .look(|| ec2::route_tables(aws.rosa(), &rosa.region, &rosa.vpc_id))
            .await?;
        let here = aws
            .look(|| ec2::route_tables(aws, &request.region, &vpc_id))
            .await?;
        let subnets = aws.look(|| subnets(aws, &request.region, &vpc_id)).await?;
        let ours = existing.map(|link| link.id.as_str());
        let live: Vec<String> = links.iter().map(|link| link.id.clone()).collect();
        let there = routes::serving(&there, &rosa.subnets);
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
        .look(|| ingress::rules(aws, &aurora, std::slice::from_ref(&group)))
        .await?;
    let existing = existing.map(|link| ExistingPeering {
        id: link.id.clone(),
        state: link.state.clone(),
    });
    Ok(CreateParameters {
        cluster: request.cluster.clone(),
        region: request.region.clone(),
        labels: Labels {
            cluster: request.cluster.clone(),
            deployment: request.target(&rosa),
            extra: request.tags.clone(),
        },
        aurora,
        cidrs,
        security_group_id: group,
        ingress_open: rules.iter().any(|(source, _)| *source == rosa.machine_cidr),
        rosa,
        rosa_end,
        rosa_account: accounts.rosa.clone(),
        existing,
        routes_to_aurora,
        routes_to_rosa,
    })
}

/// The account that a VPC belongs to; a shared one is not its user's.
fn owner(vpc: &Vpc, account: &str) -> String {
    vpc.owner_id().unwrap_or(account).to_owned()
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

/// The cluster's security group: by the cluster's own word, else by its name
/// within the cluster's VPC; a name alone may be another VPC's too.
async fn security_group(
    aws: &Aws,
    request: &CreateRequest,
    vpc: &str,
) -> Result<String, SurveyError> {
    let (region, name) = (&request.region, &request.cluster);
    let groups = aws.look(|| ec2::security_groups(aws, region, vpc)).await?;
    let id = |group: &&SecurityGroup| group.group_id().map(str::to_owned);
    let named = groups
        .iter()
        .find(|group| group.group_name() == Some(&request.security_group_name));
    let Some(cluster) = aws.look(|| rds::cluster(aws, region, name)).await? else {
        return named.as_ref().and_then(id).ok_or_else(|| SurveyError::Refused {
            message: format!(
                "there is no aurora cluster {name:?} in {region}, and no security group {:?} in {vpc}",
                request.security_group_name
            ),
            hint: "name the group with --security-group-name".to_owned(),
        });
    };
    let own: Vec<&SecurityGroup> = groups
        .iter()
        .filter(|group| {
            cluster
                .vpc_security_groups()
                .iter()
                .any(|member| member.vpc_security_group_id() == group.group_id())
        })
        .collect();
    let chosen = match own.as_slice() {
        [one] => Some(*one),
        several => several
            .iter()
            .copied()
            .find(|group| group.group_name() == Some(&request.security_group_name)),
    };
    chosen.as_ref().and_then(id).ok_or_else(|| {
        let ids: Vec<&str> = own.iter().filter_map(|group| group.group_id()).collect();
        if ids.is_empty() {
            SurveyError::Refused {
                message: format!("aurora cluster {name:?} has no security group in {vpc}"),
                hint: format!(
                    "the vpc that is tagged {}={name} is not the cluster's; nothing was touched",
                    tags::CLUSTER
                ),
            }
        } else {
            SurveyError::Refused {
                message: format!(
                    "aurora cluster {name:?} has several security groups: {}",
                    ids.join(", ")
                ),
                hint: "name one of them with --security-group-name".to_owned(),
            }
        }
    })
}

/// Refuses ranges that collide: of the two networks, and of each with what the
/// other is peered with already.
fn refuse_overlaps(
    request: &CreateRequest,
    rosa: &RosaNetwork,
    vpc: &str,
    cidrs: &[Ipv4Net],
    links: &[Link],
) -> Result<(), SurveyError> {
    let aurora = Named {
        what: format!("{vpc} (aurora cluster {})", request.cluster),
        cidrs: cidrs.to_vec(),
    };
    let mut machines = rosa.vpc_cidrs.clone();
    if !machines.contains(&rosa.machine_cidr) {
        machines.push(rosa.machine_cidr);
    }
    if !rosa.vpc_cidrs.is_empty()
        && !rosa
            .vpc_cidrs
            .iter()
            .any(|block| overlap(*block, rosa.machine_cidr))
    {
        let ranges: Vec<String> = rosa.vpc_cidrs.iter().map(Ipv4Net::to_string).collect();
        return Err(SurveyError::Refused {
            message: format!(
                "the machine range {} is not in {}, which has {}",
                rosa.machine_cidr,
                rosa.vpc_id,
                ranges.join(", ")
            ),
            hint: "name the range with --rosa-machine-cidr, or the vpc with --rosa-vpc".to_owned(),
        });
    }
    let rosa_named = Named {
        what: format!("{} (rosa)", rosa.vpc_id),
        cidrs: machines,
    };
    let peered = |own: &str| -> Vec<Named> {
        links
            .iter()
            .filter(|link| link.touches(own) && !link.joins(vpc, &rosa.vpc_id))
            .flat_map(|link| {
                link.ends()
                    .into_iter()
                    .filter(|end| end.vpc_id != own)
                    .map(|end| Named {
                        what: format!("{}, peered with {own} by {}", end.vpc_id, link.id),
                        cidrs: end.cidrs.clone(),
                    })
            })
            .collect()
    };
    let mut lines = overlap::between(&aurora, std::slice::from_ref(&rosa_named));
    lines.extend(overlap::between(&aurora, &peered(&rosa.vpc_id)));
    lines.extend(overlap::between(&rosa_named, &peered(vpc)));
    if lines.is_empty() {
        return Ok(());
    }
    Err(SurveyError::Refused {
        message: format!("address ranges overlap: {}", lines.join("; ")),
        hint: "networks that overlap can't be peered: one of them needs another range (`stepwell aurora create` chooses one that is free); nothing was touched".to_owned(),
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
