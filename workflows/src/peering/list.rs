//! The peerings of Aurora clusters, and what each lacks. Reads only.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use serde::Serialize;
use stepwell_engine::{Fault, FaultClass};

use super::delete::{Known, add, links, name_at};
use super::end::{Accounts, End};
use super::ingress;
use super::link::{self, Link, LinkEnd};
use super::routes;
use crate::aurora::{SkippedRegion, overlap};
use crate::aws::call::is_denied;
use crate::aws::destination::Destination;
use crate::aws::{Aws, ec2, tags};

/// A route in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListedRoute {
    /// `aurora` or `rosa`: in whose tables it is, or should be.
    pub side: &'static str,
    /// Its table.
    pub table: String,
    /// Its destination.
    pub destination: Destination,
}

/// A peering in a list. The names are part of the documented JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeeringSummary {
    /// Its id.
    pub id: String,
    /// The Aurora cluster.
    pub cluster: String,
    /// Its region.
    pub region: String,
    /// Its VPC.
    pub vpc_id: String,
    /// The state as Aurora's side sees it; null if it does not see it.
    pub state: Option<String>,
    /// ROSA's region.
    pub rosa_region: String,
    /// ROSA's VPC.
    pub rosa_vpc_id: String,
    /// The account that it belongs to.
    pub rosa_account: String,
    /// The state as ROSA's side sees it; null if it can't be asked.
    pub rosa_state: Option<String>,
    /// `rosa` or `aurora`: who asked for it.
    pub requested_by: &'static str,
    /// Routes that an active peering should have and has not.
    pub missing_routes: Vec<ListedRoute>,
    /// Routes that lead to it while it is not active.
    pub stale_routes: Vec<ListedRoute>,
    /// The port on which the cluster serves; 5432 if there is no cluster.
    pub port: i32,
    /// Whether that port is open to ROSA; null unless the peering is active.
    pub ingress_open: Option<bool>,
    /// Why a side could not be looked at.
    pub unreachable: Option<String>,
}

impl PeeringSummary {
    /// Whether traffic passes, as far as can be seen.
    pub fn is_whole(&self) -> bool {
        let active = |state: &Option<String>| state.as_deref() == Some("active");
        active(&self.state)
            && active(&self.rosa_state)
            && self.missing_routes.is_empty()
            && self.stale_routes.is_empty()
            && self.ingress_open == Some(true)
    }
}

/// The peerings that were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeeringListing {
    /// By cluster and region.
    pub peerings: Vec<PeeringSummary>,
    /// Regions that are not in the list.
    pub skipped: Vec<SkippedRegion>,
}

/// Lists the peerings that are seen in a region, or in all that are enabled,
/// of one cluster or of all; `home` is the region that is asked which regions
/// there are. Which of ROSA's tables matter, only its description would tell:
/// here it is those of all subnets of its VPC.
///
/// A region that fails does not keep the others from being listed, except for
/// faults that would meet every region, such as expired credentials.
pub async fn list(
    aws: &Aws,
    accounts: &Accounts,
    region: Option<&str>,
    home: &str,
    cluster: Option<&str>,
) -> Result<PeeringListing, Fault> {
    let regions = match region {
        Some(region) => vec![region.to_owned()],
        None => aws.look(|| ec2::regions(aws, home)).await?,
    };
    let mut found = Vec::new();
    let mut skipped = Vec::new();
    for name in regions {
        match find(aws, accounts, &name).await {
            Ok(known) => {
                for known in known {
                    add(&mut found, known);
                }
            }
            Err(fault) if region.is_some() => return Err(fault),
            Err(fault) if name == home && fault.class == FaultClass::Operator => return Err(fault),
            Err(fault) => skipped.push(SkippedRegion {
                region: name,
                fault,
            }),
        }
    }
    let mut peerings = Vec::new();
    for known in found {
        if cluster.is_none_or(|cluster| tags::names(Some(&known.cluster), cluster))
            && let Some(summary) = summarise(aws, accounts, &known).await?
        {
            peerings.push(summary);
        }
    }
    peerings.sort_by(|one, other| {
        (&one.cluster, &one.region, &one.id).cmp(&(&other.cluster, &other.region, &other.id))
    });
    Ok(PeeringListing { peerings, skipped })
}

/// The peerings of a region that are an Aurora cluster's, by either account.
async fn find(aws: &Aws, accounts: &Accounts, region: &str) -> Result<Vec<Known>, Fault> {
    let mut found = Vec::new();
    let mut all = links(aws, region).await?;
    if accounts.rosa.id != accounts.main {
        all.extend(links(aws.rosa(), region).await?);
    }
    for link in all {
        let mut names = Vec::new();
        for end in link.ends() {
            names.push(vpc_name(aws, end, accounts, region).await?);
        }
        let tag = tags::value(&link.tags, tags::CLUSTER).map(str::to_owned);
        let cluster = names.iter().flatten().next().cloned().or(tag);
        if let Some(cluster) = cluster {
            let requester = link.requester.vpc_id.clone();
            let asked = names.first().is_some_and(Option::is_some);
            add(
                &mut found,
                Known::new(link, &cluster, |vpc| asked && vpc == requester),
            );
        }
    }
    Ok(found)
}

/// The cluster whose VPC an end is. A side elsewhere that can't be asked is
/// nobody's: the list goes on without it.
async fn vpc_name(
    aws: &Aws,
    end: &LinkEnd,
    accounts: &Accounts,
    region: &str,
) -> Result<Option<String>, Fault> {
    match name_at(aws, end, None, accounts).await {
        Err(fault) if end.region != region && fault.class != FaultClass::Transient => Ok(None),
        answer => answer,
    }
}

/// What there is to say of a peering; nothing of one that has ended and left
/// nothing behind.
async fn summarise(
    aws: &Aws,
    accounts: &Accounts,
    known: &Known,
) -> Result<Option<PeeringSummary>, Fault> {
    let link = &known.link;
    let mut summary = PeeringSummary {
        id: link.id.clone(),
        cluster: known.cluster.clone(),
        region: known.aurora.region.clone(),
        vpc_id: known.aurora.vpc_id.clone(),
        state: None,
        rosa_region: known.rosa.region.clone(),
        rosa_vpc_id: known.rosa.vpc_id.clone(),
        rosa_account: known.rosa.owner.clone(),
        rosa_state: None,
        requested_by: if link.requester == known.rosa {
            "rosa"
        } else {
            "aurora"
        },
        missing_routes: Vec::new(),
        stale_routes: Vec::new(),
        port: ingress::DEFAULT_PORT,
        ingress_open: None,
        unreachable: None,
    };
    let sides = [
        ("aurora", &known.aurora, &known.rosa),
        ("rosa", &known.rosa, &known.aurora),
    ];
    for (side, here, there) in sides {
        let looked = match accounts.access(&here.owner) {
            Some(access) => look(aws, &here.reached_by(access), known, side, &there.cidrs).await,
            None => Err(Fault::permanent(format!(
                "{} belongs to account {}",
                here.vpc_id, here.owner
            ))),
        };
        match looked {
            Ok(looked) => {
                if side == "rosa" {
                    summary.rosa_state = looked.state;
                } else {
                    summary.state = looked.state;
                    summary.port = looked.port;
                    summary.ingress_open = looked.ingress_open;
                }
                summary.missing_routes.extend(looked.missing);
                summary.stale_routes.extend(looked.stale);
            }
            Err(fault) if fault.class == FaultClass::Operator && !is_denied(&fault) => {
                return Err(fault);
            }
            Err(fault) => summary.unreachable = Some(fault.to_string()),
        }
    }
    let ended = !link.is_live() && !link.is_going();
    Ok(Some(summary).filter(|summary| !ended || !summary.stale_routes.is_empty()))
}

/// What one side of a peering shows.
struct Looked {
    state: Option<String>,
    missing: Vec<ListedRoute>,
    stale: Vec<ListedRoute>,
    port: i32,
    ingress_open: Option<bool>,
}

async fn look(
    aws: &Aws,
    end: &End,
    known: &Known,
    side: &'static str,
    other_cidrs: &[Ipv4Net],
) -> Result<Looked, Fault> {
    let (there, link): (_, &Link) = (end.aws(aws), &known.link);
    let state = there
        .look(|| link::from(aws, end, &link.id))
        .await?
        .map(|link| link.state);
    let is_active = state.as_deref() == Some("active");
    let tables = there
        .look(|| ec2::route_tables(there, &end.region, &end.vpc_id))
        .await?;
    let subnets: Vec<String> = there
        .look(|| ec2::subnets(there, &end.region, &end.vpc_id))
        .await?
        .iter()
        .filter_map(|subnet| subnet.subnet_id().map(str::to_owned))
        .collect();
    let mut looked = Looked {
        state,
        missing: Vec::new(),
        stale: Vec::new(),
        port: ingress::DEFAULT_PORT,
        ingress_open: None,
    };
    let mut destinations: BTreeSet<Ipv4Net> = BTreeSet::new();
    let serving = routes::serving(&tables, &subnets);
    for table in &tables {
        let id = table.route_table_id().unwrap_or_default();
        let listed = |destination| ListedRoute {
            side,
            table: id.to_owned(),
            destination,
        };
        let ours: Vec<_> = routes::standing(table)
            .into_iter()
            .filter(|route| route.leads_to(&link.id))
            .collect();
        destinations.extend(ours.iter().filter_map(|route| route.destination.ipv4()));
        looked.stale.extend(
            ours.iter()
                .filter(|route| route.blackhole || !is_active)
                .map(|route| listed(route.destination.clone())),
        );
        let serves = serving
            .iter()
            .any(|serving| serving.route_table_id() == Some(id));
        if !is_active || !serves {
            continue;
        }
        // The range of ROSA's machines may be narrower or wider than its VPC's.
        looked.missing.extend(
            other_cidrs
                .iter()
                .filter(|wanted| {
                    !(ours.iter().filter_map(|route| route.destination.ipv4()))
                        .any(|destination| overlap(destination, **wanted))
                })
                .map(|wanted| listed((*wanted).into())),
        );
    }
    if side == "aurora" {
        let port = there.look(|| ingress::port_of(aws, end, &known.cluster));
        looked.port = port.await?;
    }
    if is_active && side == "aurora" {
        destinations.extend(other_cidrs.iter().copied());
        let rules = ingress::all_openings(aws, end).await?;
        looked.ingress_open = Some(rules.iter().any(|rule| {
            rule.port == looked.port
                && destinations
                    .iter()
                    .any(|range| overlap(*range, rule.source))
        }));
    }
    Ok(looked)
}
