//! Which peerings there are and what belongs to each, found by tags and by the
//! VPCs at their ends. Reads only.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Tag;
use ipnet::Ipv4Net;
use stepwell_engine::{Fault, FaultClass};

use super::parameters::{PeeringInventory, RosaPlace, RouteInventory, RuleInventory};
use crate::SurveyError;
use crate::aws::call::unless_gone;
use crate::aws::{Aws, ec2, tags};
use crate::peering::end::{Access, Accounts, End};
use crate::peering::link::{self, Link, LinkEnd};
use crate::peering::routes::TargetKind;
use crate::peering::{ingress, routes};

/// A peering of an Aurora cluster, and which end is whose.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) link: Link,
    pub(crate) cluster: String,
    pub(crate) aurora: LinkEnd,
    pub(crate) rosa: LinkEnd,
}

impl Known {
    /// `is_aurora` tells Aurora's end by its VPC. Where nothing does, it is the
    /// accepter's: ROSA asks.
    pub(crate) fn new(link: Link, cluster: &str, is_aurora: impl Fn(&str) -> bool) -> Self {
        let (aurora, rosa) = if is_aurora(&link.requester.vpc_id) {
            (link.requester.clone(), link.accepter.clone())
        } else {
            (link.accepter.clone(), link.requester.clone())
        };
        Self {
            link,
            cluster: cluster.to_owned(),
            aurora,
            rosa,
        }
    }
}

/// The peerings of a region as an account sees them.
pub(crate) async fn links(aws: &Aws, region: &str) -> Result<Vec<Link>, Fault> {
    aws.look(|| link::all(aws, region)).await
}

/// The peerings of an Aurora cluster, in any state: those of its VPCs, and
/// those that carry its name on either side. `rosa` is the place where ROSA's
/// side is to be asked too, if that is known; others are then left out.
/// `thorough` has every region asked if no VPC of the cluster is left; regions
/// that can't be asked are added to `skipped`.
pub(crate) async fn of_cluster(
    aws: &Aws,
    region: &str,
    cluster: &str,
    rosa: Option<&RosaPlace>,
    thorough: bool,
    skipped: &mut Vec<String>,
) -> Result<Vec<Known>, Fault> {
    let vpcs: Vec<String> = aws
        .look(|| ec2::vpcs_of(aws, region, cluster))
        .await?
        .iter()
        .filter_map(|vpc| vpc.vpc_id().map(str::to_owned))
        .collect();
    let mut found = Vec::new();
    let mut take = |links: Vec<Link>| {
        for link in links {
            if rosa.is_some_and(|rosa| !link.touches(&rosa.vpc_id)) {
                continue;
            }
            let own = vpcs.iter().any(|vpc| link.touches(vpc));
            let named = tags::value(&link.tags, tags::CLUSTER) == Some(cluster);
            let known = Known::new(link, cluster, |vpc| match rosa {
                Some(rosa) => vpc != rosa.vpc_id,
                None => vpcs.iter().any(|own| own == vpc),
            });
            // A cluster of the same name may live in another region.
            if own || (named && known.aurora.region == region) {
                add(&mut found, known);
            }
        }
    };
    take(links(aws, region).await?);
    if let Some(rosa) = rosa {
        take(links(aws.rosa(), &rosa.region).await?);
    } else if thorough && vpcs.is_empty() {
        // Nothing at home says where the other side is: its own tags do.
        for other in aws.look(|| ec2::regions(aws, region)).await? {
            if other == region {
                continue;
            }
            match links(aws, &other).await {
                Ok(links) => take(links),
                Err(fault) if fault.class == FaultClass::Transient => return Err(fault),
                // A region that can't be asked must not hold up the others.
                Err(fault) => skipped.push(format!("{other}: {fault}")),
            }
        }
    }
    Ok(found)
}

/// The peerings that a ROSA VPC has with Aurora clusters, in any state: those
/// that carry a cluster's name, and those whose other VPC does.
pub(crate) async fn of_rosa(
    aws: &Aws,
    place: &RosaPlace,
    accounts: &Accounts,
) -> Result<Vec<Known>, Fault> {
    let mut found = Vec::new();
    for link in links(aws.rosa(), &place.region).await? {
        if !link.touches(&place.vpc_id) {
            continue;
        }
        let is_aurora = |vpc: &str| vpc != place.vpc_id;
        let Some(other) = link.ends().into_iter().find(|end| is_aurora(&end.vpc_id)) else {
            continue;
        };
        let cluster = match tags::value(&link.tags, tags::CLUSTER) {
            Some(cluster) => Some(cluster.to_owned()),
            None => name_at(aws, other, Some(&link.id), accounts).await?,
        };
        if let Some(cluster) = cluster {
            add(&mut found, Known::new(link, &cluster, is_aurora));
        }
    }
    Ok(found)
}

/// The cluster's name that an end's VPC carries, or the peering on its side if
/// one is named. Nobody's where the end can't be reached.
pub(crate) async fn name_at(
    aws: &Aws,
    other: &LinkEnd,
    peering: Option<&str>,
    accounts: &Accounts,
) -> Result<Option<String>, Fault> {
    let Some(access) = accounts.access(&other.owner) else {
        return Ok(None);
    };
    let end = end(other, access);
    let there = end.aws(aws);
    let vpc = there
        .look(|| ec2::vpc(there, &end.region, &end.vpc_id))
        .await?;
    let name = |tags: &[Tag]| tags::value(tags, tags::CLUSTER).map(str::to_owned);
    if let Some(name) = vpc.and_then(|vpc| name(vpc.tags())) {
        return Ok(Some(name));
    }
    let Some(peering) = peering else {
        return Ok(None);
    };
    let link = there.look(|| link::from(aws, &end, peering)).await?;
    Ok(link.and_then(|link| name(&link.tags)))
}

/// Adds a peering, unless it was seen from its other side already.
pub(crate) fn add(found: &mut Vec<Known>, known: Known) {
    if !found.iter().any(|other| other.link.id == known.link.id) {
        found.push(known);
    }
}

/// An end as a step works on it.
pub(crate) fn end(end: &LinkEnd, access: Access) -> End {
    End {
        access,
        owner: end.owner.clone(),
        region: end.region.clone(),
        vpc_id: end.vpc_id.clone(),
    }
}

/// Finds what belongs to each peering. One that has ended counts only if it
/// has left routes. A side that can't be reached is refused: half of a peering
/// must not be taken away.
pub(crate) async fn inventories(
    aws: &Aws,
    known: Vec<Known>,
    accounts: &Accounts,
    machine_cidr: Option<Ipv4Net>,
) -> Result<Vec<PeeringInventory>, SurveyError> {
    let mut found = Vec::new();
    let mut unreachable = Vec::new();
    let mut sources: Vec<(String, BTreeSet<Ipv4Net>)> = Vec::new();
    for known in known {
        let lives = known.link.is_live() || known.link.is_going();
        let accesses = (
            accounts.access(&known.aurora.owner),
            accounts.access(&known.rosa.owner),
        );
        let (Some(aurora), Some(rosa)) = accesses else {
            if lives {
                unreachable.push(unreached(&known, accounts));
            }
            continue;
        };
        let aurora = end(&known.aurora, aurora);
        let rosa = end(&known.rosa, rosa);
        let mut routes = Vec::new();
        for end in [&rosa, &aurora] {
            let found = aws.look(|| routes_to(aws, end, &known.link.id)).await;
            routes.extend(found?);
        }
        if !lives && routes.is_empty() {
            continue;
        }
        let mut lets_in: BTreeSet<Ipv4Net> = known.rosa.cidrs.iter().copied().collect();
        lets_in.extend(machine_cidr);
        // What Aurora sends that way is what ROSA's machines come from.
        lets_in.extend(
            routes
                .iter()
                .filter(|route| route.end == aurora)
                .map(|route| route.destination),
        );
        sources.push((known.link.id.clone(), lets_in));
        found.push(PeeringInventory {
            from_rosa: known.link.requester.vpc_id == rosa.vpc_id,
            id: known.link.id,
            state: known.link.state,
            cluster: known.cluster,
            aurora,
            rosa,
            routes,
            rules: Vec::new(),
        });
    }
    if !unreachable.is_empty() {
        return Err(SurveyError::Refused {
            message: unreachable.join("; "),
            hint: "name the profile of that account with --rosa-profile; nothing was touched"
                .to_owned(),
        });
    }
    for peering in &mut found {
        let own = sources.iter().find(|(id, _)| *id == peering.id);
        let own = own.map(|(_, own)| own.clone()).unwrap_or_default();
        let others = others_need(aws, &peering.aurora, &sources).await?;
        peering.rules = rules_from(aws, &peering.aurora, &own, &others).await?;
    }
    found.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(found)
}

/// Why a peering can't be worked on.
fn unreached(known: &Known, accounts: &Accounts) -> String {
    let (side, end) = if accounts.access(&known.aurora.owner).is_none() {
        ("aurora", &known.aurora)
    } else {
        ("rosa", &known.rosa)
    };
    format!(
        "the {side} side of peering {} can't be reached: {} belongs to account {}, and the credentials are of {}",
        known.link.id,
        end.vpc_id,
        end.owner,
        if accounts.main == accounts.rosa.id {
            accounts.main.clone()
        } else {
            format!("{} and {}", accounts.main, accounts.rosa.id)
        }
    )
}

/// The routes of a VPC that lead to a peering, blackholes included. A VPC that
/// is gone has none.
pub(crate) async fn routes_to(
    aws: &Aws,
    end: &End,
    peering: &str,
) -> Result<Vec<RouteInventory>, Fault> {
    let tables = ec2::route_tables(end.aws(aws), &end.region, &end.vpc_id).await;
    let mut found = Vec::new();
    for table in unless_gone(tables)?.unwrap_or_default() {
        for route in routes::standing(&table) {
            if route.target.kind == TargetKind::Peering && route.target.id == peering {
                found.push(RouteInventory {
                    end: end.clone(),
                    table: table.route_table_id().unwrap_or_default().to_owned(),
                    destination: route.destination,
                });
            }
        }
    }
    found.sort_by(|one, other| {
        (&one.table, one.destination).cmp(&(&other.table, other.destination))
    });
    Ok(found)
}

/// The ranges that live peerings of the same VPC need, those aside that are to
/// be deleted.
async fn others_need(
    aws: &Aws,
    aurora: &End,
    deleted: &[(String, BTreeSet<Ipv4Net>)],
) -> Result<BTreeSet<Ipv4Net>, Fault> {
    let mut need = BTreeSet::new();
    for link in links(aurora.aws(aws), &aurora.region).await? {
        let stays = link.is_live()
            && link.touches(&aurora.vpc_id)
            && !deleted.iter().any(|(id, _)| *id == link.id);
        if !stays {
            continue;
        }
        for end in link.ends() {
            if end.vpc_id != aurora.vpc_id {
                need.extend(end.cidrs.iter().copied());
            }
        }
        let routes = aws.look(|| routes_to(aws, aurora, &link.id)).await?;
        need.extend(routes.iter().map(|route| route.destination));
    }
    Ok(need)
}

/// The rules of a VPC's groups that let exactly these ranges in.
async fn rules_from(
    aws: &Aws,
    aurora: &End,
    sources: &BTreeSet<Ipv4Net>,
    needed: &BTreeSet<Ipv4Net>,
) -> Result<Vec<RuleInventory>, Fault> {
    let there = aurora.aws(aws);
    let groups: Vec<String> = there
        .look(|| ec2::security_groups(there, &aurora.region, &aurora.vpc_id))
        .await?
        .iter()
        .filter_map(|group| group.group_id().map(str::to_owned))
        .collect();
    let rules = there.look(|| ingress::rules(aws, aurora, &groups)).await?;
    let mut found: Vec<RuleInventory> = rules
        .iter()
        .filter(|(source, _)| sources.contains(source) && !needed.contains(source))
        .filter_map(|(source, rule)| {
            Some(RuleInventory {
                end: aurora.clone(),
                group: rule.group_id()?.to_owned(),
                rule: rule.security_group_rule_id()?.to_owned(),
                source: *source,
            })
        })
        .collect();
    found.sort_by(|one, other| one.rule.cmp(&other.rule));
    Ok(found)
}
