//! Which address range the VPC gets.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use crate::aurora::ranges::{self, Taken};
use crate::aws::poll::patiently;
use crate::aws::{Aws, POLICY, ec2};

/// How many free ranges are drawn: one to use and some to fall back on when
/// another create takes the same at the same moment.
const DRAWN: usize = 8;

/// Draws free address ranges. The draw is recorded, so a resumed run goes on
/// with the same ones.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChooseRange {
    pub(crate) region: String,
    pub(crate) cluster: String,
    pub(crate) wanted: Option<Ipv4Net>,
}

/// Free ranges, the preferred one first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ranges {
    pub(crate) candidates: Vec<Ipv4Net>,
}

/// Draws from the preferred pool, and from the next where that is not enough.
fn draw(here: &[Taken], elsewhere: &[Taken], mut random: impl FnMut() -> u64) -> Vec<Ipv4Net> {
    let mut candidates = Vec::new();
    for others in [elsewhere, &[]] {
        for mut free in ranges::free(|| Box::new(here.iter().chain(others))) {
            while candidates.len() < DRAWN && !free.is_empty() {
                let place = random() % free.len() as u64;
                candidates.push(free.swap_remove(place as usize));
            }
            if candidates.len() == DRAWN {
                return candidates;
            }
        }
        if !candidates.is_empty() {
            break;
        }
    }
    candidates
}

impl Step for ChooseRange {
    type Context = Aws;
    type Input = ();
    type Output = Ranges;
    const KIND: &'static str = "choose-address-range";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    /// Where the cluster has a VPC already, its range is the one.
    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<Ranges>, Fault> {
        let vpcs = ec2::vpcs_of(at.context(), &self.region, &self.cluster).await?;
        let [vpc] = &vpcs[..] else {
            return Ok(Found::Nothing);
        };
        let block = vpc.cidr_block().and_then(|block| block.parse().ok());
        Ok(block.map_or(Found::Nothing, |block| {
            Found::Theirs(Ranges {
                candidates: vec![block],
            })
        }))
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<Ranges, Fault> {
        let (aws, region, cluster) = (at.context(), &self.region, &self.cluster);
        let here = patiently(at, || ranges::taken(aws, region, cluster)).await?;
        if let Some(wanted) = self.wanted {
            return match ranges::refusal(wanted, &here) {
                Some(message) => Err(Fault::permanent(message).with_hint(ranges::LEAVE_OUT)),
                None => Ok(Ranges {
                    candidates: vec![wanted],
                }),
            };
        }
        let elsewhere = ranges::elsewhere(at, region).await?;
        let candidates = draw(&here, &elsewhere, || at.clock().random());
        if candidates.is_empty() {
            return Err(
                Fault::operator(format!("no private address range is free in {region}"))
                    .with_hint("delete VPCs that are not used"),
            );
        }
        Ok(Ranges { candidates })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(blocks: &[&str]) -> Vec<Taken> {
        let taken = |text: &&str| Taken {
            block: text.parse().unwrap(),
            owner: "somebody".to_owned(),
            vpc: None,
        };
        blocks.iter().map(taken).collect()
    }

    fn drawn(here: &[&str], elsewhere: &[&str]) -> Vec<String> {
        let blocks = draw(&taken(here), &taken(elsewhere), || 0);
        blocks.iter().map(Ipv4Net::to_string).collect()
    }

    #[test]
    fn other_regions_are_avoided_while_there_is_room() {
        let all = |blocks: &[String], start: &str| blocks.iter().all(|one| one.starts_with(start));
        assert!(all(&drawn(&[], &[]), "192.168."));
        assert!(all(&drawn(&["192.168.0.0/16"], &[]), "10."));
        assert!(all(&drawn(&[], &["192.168.0.0/16"]), "10."));
        // A pool with little room is filled up from the next.
        let mixed = drawn(
            &["192.168.0.0/17", "192.168.128.0/18", "192.168.192.0/19"],
            &["192.168.224.0/20", "192.168.240.0/21", "192.168.248.0/22"],
        );
        assert_eq!(mixed.len(), DRAWN);
        assert!(all(&mixed[..4], "192.168.") && all(&mixed[4..], "10."));
        // What is in use elsewhere is better than nothing.
        let everything = ["192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"];
        assert!(all(&drawn(&everything[1..], &everything[..1]), "192.168."));
        assert_eq!(drawn(&everything, &[]), [""; 0]);
    }
}
