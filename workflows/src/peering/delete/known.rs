//! Which peerings there are, found by tags and by the VPCs at their ends. Reads
//! only.

use aws_sdk_ec2::types::Tag;
use stepwell_engine::{Fault, FaultClass};

use super::parameters::RosaPlace;
use crate::aws::{Aws, ec2, tags};
use crate::peering::end::{Accounts, End};
use crate::peering::link::{self, Link, LinkEnd};

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
            // A tag has it as someone typed it, RDS in lower case.
            cluster: cluster.to_ascii_lowercase(),
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
            let named = tags::names(tags::value(&link.tags, tags::CLUSTER), cluster);
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
    place: &End,
    accounts: &Accounts,
) -> Result<Vec<Known>, Fault> {
    let mut found = Vec::new();
    for link in links(place.aws(aws), &place.region).await? {
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
    let end = other.reached_by(access);
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
