//! Which address range the VPC gets.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Policy, Step};

use crate::aurora::ranges;
use crate::aws::{Aws, POLICY};

/// How many free ranges are drawn: one to use and some to fall back on when
/// another create takes the same at the same moment.
const DRAWN: usize = 8;

/// Draws free address ranges. The draw is recorded, so a resumed run goes on
/// with the same ones.
#[derive(Debug, Serialize)]
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

impl Step for ChooseRange {
    type Context = Aws;
    type Input = ();
    type Output = Ranges;
    const KIND: &'static str = "choose-address-range";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<Ranges, Fault> {
        let taken = ranges::taken(at, &self.region, &self.cluster).await?;
        if let Some(wanted) = self.wanted {
            if let Some(other) = taken
                .iter()
                .find(|other| ranges::overlap(other.block, wanted))
            {
                return Err(Fault::permanent(format!(
                    "the address range {wanted} overlaps {} of {}",
                    other.block, other.owner
                ))
                .with_hint("leave --vpc-cidr out to have a free range chosen"));
            }
            return Ok(Ranges {
                candidates: vec![wanted],
            });
        }
        let mut free: Vec<Ipv4Net> = ranges::all()
            .filter(|block| {
                !taken
                    .iter()
                    .any(|other| ranges::overlap(other.block, *block))
            })
            .collect();
        if free.is_empty() {
            return Err(Fault::operator("every 192.168.x.0/24 is taken by a VPC")
                .with_hint("delete what is not used, or name a range with --vpc-cidr"));
        }
        let mut candidates = Vec::new();
        while candidates.len() < DRAWN && !free.is_empty() {
            let draw = at.clock().random() % free.len() as u64;
            candidates.push(free.swap_remove(draw as usize));
        }
        Ok(Ranges { candidates })
    }
}
