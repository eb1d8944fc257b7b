//! What belongs to each peering: its routes and the rules that let its other
//! side in. Reads only.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::hindrance::hindrances;
use super::known::Known;
use super::parameters::{PeeringInventory, RouteInventory};
use super::rules::{Need, Wanted};
use crate::SurveyError;
use crate::aws::Aws;
use crate::aws::call::unless_gone;
use crate::aws::ec2;
use crate::peering::end::{Accounts, End};
use crate::peering::ingress::{self, DEFAULT_PORT, Opening};
use crate::peering::{ranges, routes};

/// A peering whose rules are still to be found.
struct Candidate {
    peering: PeeringInventory,
    /// Whether it has not ended.
    lives: bool,
    /// Where its other side comes from.
    sources: BTreeSet<Ipv4Net>,
}

/// Finds what belongs to each peering, and refuses what could not be taken away
/// whole. One that has ended counts only if it has left routes, or rules that
/// were made for it: AWS shows it for days (VPC Peering Guide, "VPC peering
/// connection lifecycle").
pub(crate) async fn inventories(
    aws: &Aws,
    known: Vec<Known>,
    accounts: &Accounts,
    machine_cidr: Option<Ipv4Net>,
) -> Result<Vec<PeeringInventory>, SurveyError> {
    let mut candidates = Vec::new();
    let mut unreachable = Vec::new();
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
        let ends = (known.aurora.reached_by(aurora), known.rosa.reached_by(rosa));
        candidates.push(candidate(aws, known, ends, lives, machine_cidr).await?);
    }
    if !unreachable.is_empty() {
        return Err(SurveyError::Refused {
            message: unreachable.join("; "),
            hint: "name the profile of that account with --rosa-profile; nothing was touched"
                .to_owned(),
        });
    }
    // What a living one takes along, an ended one has not left.
    candidates.sort_by_key(|one| !one.lives);
    add_rules(aws, &mut candidates, accounts).await?;
    let mut found: Vec<PeeringInventory> = candidates
        .into_iter()
        .filter(|one| one.lives || !one.peering.routes.is_empty() || !one.peering.rules.is_empty())
        .map(|one| one.peering)
        .collect();
    found.sort_by(|one, other| one.id.cmp(&other.id));
    let hindrances = aws.look(|| hindrances(aws, &found)).await?;
    match super::hindrance::refusal(&hindrances) {
        None => Ok(found),
        Some(refusal) => Err(SurveyError::Refused {
            message: refusal.message,
            hint: refusal.hint,
        }),
    }
}

/// A peering with the routes that lead to it.
async fn candidate(
    aws: &Aws,
    known: Known,
    (aurora, rosa): (End, End),
    lives: bool,
    machine_cidr: Option<Ipv4Net>,
) -> Result<Candidate, Fault> {
    let mut routes = Vec::new();
    for end in [&rosa, &aurora] {
        routes.extend(aws.look(|| routes_to(aws, end, &known.link.id)).await?);
    }
    let rosa_cidrs = aws.look(|| ranges::of_end(aws, &known.rosa, Some(rosa.access)));
    let mut sources: BTreeSet<Ipv4Net> = rosa_cidrs.await?.into_iter().flatten().collect();
    sources.extend(machine_cidr);
    // What Aurora sends that way is what ROSA's machines come from.
    sources.extend(
        routes
            .iter()
            .filter(|route| route.end == aurora)
            .filter_map(|route| route.destination.ipv4()),
    );
    Ok(Candidate {
        lives,
        sources,
        peering: PeeringInventory {
            from_rosa: known.link.requester.vpc_id == rosa.vpc_id,
            id: known.link.id,
            state: known.link.state,
            cluster: known.cluster,
            aurora,
            rosa,
            routes,
            rules: Vec::new(),
        },
    })
}

/// What is known of an Aurora VPC's rules.
struct Side {
    end: End,
    need: Need,
    openings: Vec<Opening>,
}

/// Finds the rules of each peering. What belongs to a VPC is asked once, however
/// many peerings it has.
async fn add_rules(
    aws: &Aws,
    candidates: &mut [Candidate],
    accounts: &Accounts,
) -> Result<(), Fault> {
    let deleted: Vec<String> = (candidates.iter())
        .map(|one| one.peering.id.clone())
        .collect();
    let mut sides: Vec<Side> = Vec::new();
    let mut ports: Vec<(String, String, i32)> = Vec::new();
    let mut claimed: BTreeSet<String> = BTreeSet::new();
    for one in candidates {
        let peering = &mut one.peering;
        let (end, cluster) = (&peering.aurora, &peering.cluster);
        if !sides.iter().any(|side| side.end == *end) {
            let access = |owner: &str| accounts.access(owner);
            sides.push(Side {
                end: end.clone(),
                need: aws
                    .look(|| Need::of_others(aws, end, &deleted, access))
                    .await?,
                openings: ingress::all_openings(aws, end).await?,
            });
        }
        let known = |port: &&(String, String, i32)| port.0 == end.region && port.1 == *cluster;
        let port = match ports.iter().find(known) {
            Some((_, _, port)) => *port,
            None => {
                let port = aws.look(|| ingress::port_of(aws, end, cluster)).await?;
                ports.push((end.region.clone(), cluster.clone(), port));
                port
            }
        };
        let ended = !one.lives && peering.routes.is_empty();
        let wanted = Wanted {
            sources: if ended {
                BTreeSet::new()
            } else {
                one.sources.clone()
            },
            // The port may have been changed since the rule was made.
            ports: [port, DEFAULT_PORT],
            target: peering.target().to_string(),
        };
        let side = sides.iter().find(|side| side.end == *end);
        peering.rules = side
            .map(|side| wanted.rules(&side.end, &side.openings, &side.need))
            .unwrap_or_default();
        if !one.lives {
            peering.rules.retain(|rule| !claimed.contains(&rule.rule));
        }
        claimed.extend(peering.rules.iter().map(|rule| rule.rule.clone()));
    }
    Ok(())
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

/// The routes of a VPC that lead to a peering, whatever their destination,
/// blackholes included. A VPC that is gone has none.
pub(crate) async fn routes_to(
    aws: &Aws,
    end: &End,
    peering: &str,
) -> Result<Vec<RouteInventory>, Fault> {
    let tables = ec2::route_tables(end.aws(aws), &end.region, &end.vpc_id).await;
    let mut found = Vec::new();
    for table in unless_gone(tables)?.unwrap_or_default() {
        for route in routes::standing(&table) {
            if route.leads_to(peering) {
                found.push(RouteInventory {
                    end: end.clone(),
                    table: table.route_table_id().unwrap_or_default().to_owned(),
                    destination: route.destination,
                });
            }
        }
    }
    found.sort_by(|one, other| {
        (&one.table, &one.destination).cmp(&(&other.table, &other.destination))
    });
    Ok(found)
}
