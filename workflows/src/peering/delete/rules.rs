//! Which ingress rules go with a peering, and which stay for another one.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::inventory::routes_to;
use super::parameters::RuleInventory;
use crate::aurora::overlap;
use crate::aws::{Aws, tags};
use crate::peering::end::{Access, End};
use crate::peering::ingress::Opening;
use crate::peering::{link, ranges};

/// What the other live peerings of an Aurora VPC need.
#[derive(Debug, Clone, Default)]
pub(crate) struct Need {
    ranges: BTreeSet<Ipv4Net>,
    /// Whether there is one whose ranges nobody can be asked for.
    untold: bool,
}

impl Need {
    /// What live peerings of a VPC need, but for those that are to be deleted.
    /// `access` says whose credentials reach an account.
    pub(crate) async fn of_others(
        aws: &Aws,
        aurora: &End,
        deleted: &[String],
        access: impl Fn(&str) -> Option<Access>,
    ) -> Result<Self, Fault> {
        let mut need = Self::default();
        for link in link::all(aurora.aws(aws), &aurora.region).await? {
            let stays =
                link.is_live() && link.touches(&aurora.vpc_id) && !deleted.contains(&link.id);
            if !stays {
                continue;
            }
            for end in link.ends() {
                if end.vpc_id == aurora.vpc_id {
                    continue;
                }
                match ranges::of_end(aws, end, access(&end.owner)).await? {
                    Some(ranges) => need.ranges.extend(ranges),
                    None => need.untold = true,
                }
            }
            let routes = routes_to(aws, aurora, &link.id).await?;
            need.ranges
                .extend(routes.iter().filter_map(|route| route.destination.ipv4()));
        }
        Ok(need)
    }

    /// Whether a rule has to stay. `own` is whether it was made for the peering
    /// that goes: what was not may be what the untold one needs.
    pub(crate) fn keeps(&self, source: Ipv4Net, own: bool) -> bool {
        (self.untold && !own) || self.ranges.iter().any(|range| overlap(*range, source))
    }
}

/// How the rules of a peering are known.
pub(super) struct Wanted {
    /// Where its other side comes from.
    pub(super) sources: BTreeSet<Ipv4Net>,
    /// The ports that it may have been let in to.
    pub(super) ports: [i32; 2],
    /// What a run on the peering works on, as the tag of its rule says.
    pub(super) target: String,
}

impl Wanted {
    /// The rules that go: those with the tag of this peering, on whatever port,
    /// and those that let exactly its ranges in to a port of the database.
    pub(super) fn rules(
        &self,
        aurora: &End,
        openings: &[Opening],
        need: &Need,
    ) -> Vec<RuleInventory> {
        let mut found: Vec<RuleInventory> = openings
            .iter()
            .map(|opening| (opening, self.is_own(opening)))
            .filter(|(opening, own)| {
                let fits =
                    self.sources.contains(&opening.source) && self.ports.contains(&opening.port);
                (*own || fits) && !need.keeps(opening.source, *own)
            })
            .map(|(opening, own)| RuleInventory {
                end: aurora.clone(),
                group: opening.group.clone(),
                rule: opening.rule.clone(),
                source: opening.source,
                port: opening.port,
                own,
            })
            .collect();
        found.sort_by(|one, other| one.rule.cmp(&other.rule));
        found
    }

    fn is_own(&self, opening: &Opening) -> bool {
        tags::names(tags::value(&opening.tags, tags::DEPLOYMENT), &self.target)
    }
}
