//! ROSA's network, as the survey found it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use crate::aurora::blocks;
use crate::aws::{Aws, POLICY, ec2};
use crate::peering::end::End;
use crate::peering::routes;
use crate::rosa::RosaNetwork;

/// Makes ROSA's network known to the steps that follow.
///
/// How many route tables there are decides the graph's shape, so the look-up
/// comes before the graph. This step holds what it found, looks whether it
/// still is so, and has it in the journal: a resumed run never asks `rosa`
/// again, and never works on another network than the one it began with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LookUpNetwork {
    pub(crate) network: RosaNetwork,
    pub(crate) end: End,
    /// The tables that serve the cluster's subnets.
    pub(crate) tables: Vec<String>,
}

/// ROSA's network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Network {
    #[serde(flatten)]
    pub(crate) network: RosaNetwork,
    pub(crate) end: End,
    pub(crate) tables: Vec<String>,
}

impl LookUpNetwork {
    async fn look(&self, at: &Attempt<Aws>) -> Result<Network, Fault> {
        let aws = self.end.aws(at.context());
        let (region, id) = (&self.network.region, &self.network.vpc_id);
        let Some(vpc) = ec2::vpc(aws, region, id).await? else {
            return Err(changed(format!("{id} is gone")));
        };
        let now: BTreeSet<_> = blocks(&vpc, region)
            .iter()
            .map(|taken| taken.block)
            .collect();
        let then: BTreeSet<_> = self.network.vpc_cidrs.iter().copied().collect();
        if !now.is_superset(&then) {
            return Err(changed(format!("{id} has other address ranges")));
        }
        let subnets = ec2::subnets(aws, region, id).await?;
        if let Some(gone) = self.network.subnets.iter().find(|wanted| {
            !subnets
                .iter()
                .any(|subnet| subnet.subnet_id() == Some(wanted))
        }) {
            return Err(changed(format!("{gone} is not in {id}")));
        }
        let tables = ec2::route_tables(aws, region, id).await?;
        let serving: BTreeSet<&str> = routes::serving(&tables, &self.network.subnets)
            .into_iter()
            .filter_map(|table| table.route_table_id())
            .collect();
        if !serving.iter().copied().eq(self
            .tables
            .iter()
            .map(String::as_str)
            .collect::<BTreeSet<_>>())
        {
            return Err(changed(format!(
                "other route tables serve its subnets: {}",
                serving.into_iter().collect::<Vec<_>>().join(", ")
            )));
        }
        Ok(Network {
            network: self.network.clone(),
            end: self.end.clone(),
            tables: self.tables.clone(),
        })
    }
}

fn changed(what: String) -> Fault {
    Fault::permanent(format!(
        "the rosa cluster's network has changed since it was looked up: {what}"
    ))
    .with_hint("run `stepwell peering create` again: it looks it up anew")
}

impl Step for LookUpNetwork {
    type Context = Aws;
    type Input = ();
    type Output = Network;
    const KIND: &'static str = "look-up-network";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<Network>, Fault> {
        // A plan goes on from here.
        self.look(at).await.map(Found::Ours)
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<Network, Fault> {
        self.look(at).await
    }

    fn ids(&self, output: &Network) -> Vec<String> {
        vec![output.network.vpc_id.clone()]
    }
}
