//! The VPC, on an address range that is nobody else's.

use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, TagSpecification, Vpc, VpcState};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Owner, Policy, Step};

use super::range::Ranges;
use crate::aurora::alive;
use crate::aurora::ranges::{self, Taken};
use crate::aws::call::fault;
use crate::aws::poll::{Seen, confirmed, poll};
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY, ec2, remove};

/// Makes the VPC.
///
/// Two creates may draw the same range at the same moment. So after its VPC is
/// visible, a create looks whether another Aurora VPC overlaps; if one does, it
/// yields: it deletes its own and takes the next range. Of two that collide, at
/// least one sees the other, because each looks after it can be seen. To one in
/// another region it yields while it has another range to take.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreateVpc {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    /// Whether the run takes over what dead ones have left. Without that, what
    /// another run has made since the survey is not this one's to build on.
    pub(crate) takes_over: bool,
}

/// The VPC and its range.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VpcMade {
    pub(crate) vpc_id: String,
    pub(crate) cidr: Ipv4Net,
}

impl CreateVpc {
    /// The cluster's VPCs: those that this run made, and the others.
    async fn find(&self, at: &Attempt<Aws>) -> Result<(Vec<Vpc>, Vec<Vpc>), Fault> {
        let vpcs = ec2::vpcs_of(at.context(), &self.region, &self.labels.cluster).await?;
        Ok(vpcs
            .into_iter()
            .partition(|vpc| tags::is_made_by(vpc.tags(), at)))
    }

    /// Whether another Aurora VPC overlaps this one: of the region, or of any
    /// where there is `another` range to take.
    async fn has_rival(
        &self,
        at: &Attempt<Aws>,
        vpc: &VpcMade,
        another: bool,
    ) -> Result<bool, Fault> {
        let filter = ec2::filter("tag-key", tags::CLUSTER);
        let here = ec2::vpcs(at.context(), &self.region, Some(filter)).await?;
        let mut others: Vec<Taken> = here
            .iter()
            .flat_map(|other| ranges::blocks(other, &self.region))
            .collect();
        if another {
            others.extend(ranges::aurora_elsewhere(at, &self.region).await?);
        }
        Ok(others.iter().any(|other| {
            other.vpc.as_deref() != Some(&vpc.vpc_id) && ranges::overlap(other.block, vpc.cidr)
        }))
    }

    async fn create(&self, at: &Attempt<Aws>, block: Ipv4Net) -> Result<VpcMade, Fault> {
        let name = format!("Aurora Cluster {}", self.labels.cluster);
        let mut tags = self.labels.ec2(at, &name);
        tags.push(alive::tag(at.context(), at.run()));
        let tags = TagSpecification::builder()
            .resource_type(ResourceType::Vpc)
            .set_tags(Some(tags))
            .build();
        let answer = at
            .context()
            .ec2(&self.region)
            .create_vpc()
            .cidr_block(block.to_string())
            .tag_specifications(tags)
            .send()
            .await
            .map_err(|error| fault("CreateVpc", error))?;
        made(answer.vpc.as_ref())
    }

    /// Waits until the VPC can be seen by its tag, twice in a row, and is ready.
    async fn visible(&self, at: &Attempt<Aws>, vpc: &VpcMade) -> Result<(), Fault> {
        let mut sightings = 0;
        let (pace, deadline) = (Duration::from_secs(1), Duration::from_secs(5 * 60));
        poll(at, "the vpc is not visible", pace, deadline, || {
            sightings += 1;
            let sighting = sightings;
            async move {
                let vpcs = ec2::vpcs_of(at.context(), &self.region, &self.labels.cluster).await?;
                let seen = vpcs.iter().any(|other| {
                    other.vpc_id() == Some(&vpc.vpc_id)
                        && other.state() == Some(&VpcState::Available)
                });
                Ok(if seen && sighting > 1 {
                    Seen::Done(())
                } else {
                    Seen::NotYet(format!("{} is pending", vpc.vpc_id))
                })
            }
        })
        .await
    }
}

impl Step for CreateVpc {
    type Context = Aws;
    type Input = Ranges;
    type Output = VpcMade;
    const KIND: &'static str = "create-vpc";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        // Room for some ranges that others took.
        Policy {
            timeout: Duration::from_secs(20 * 60),
            ..POLICY
        }
    }

    async fn check(&self, at: &Attempt<Aws>, ranges: &Ranges) -> Result<Found<VpcMade>, Fault> {
        // AWS takes any number of VPCs with the same tags: one that is missed
        // here, of a create whose history is lost, would become two.
        let found = confirmed(at, || async {
            let (own, others) = self.find(at).await?;
            Ok((!own.is_empty() || !others.is_empty()).then_some((own, others)))
        });
        let (own, others) = found.await?.unwrap_or_default();
        if at.undoing() {
            return own
                .first()
                .map_or(Ok(Found::Nothing), |vpc| made(Some(vpc)).map(Found::Ours));
        }
        if own.len() + others.len() > 1 {
            let ids: Vec<&str> = own.iter().chain(&others).filter_map(Vpc::vpc_id).collect();
            return Err(Fault::permanent(format!(
                "several VPCs are tagged {}={}: {}",
                tags::CLUSTER,
                self.labels.cluster,
                ids.join(", ")
            ))
            .with_hint(format!(
                "`stepwell aurora delete --cluster {} --region {}` removes them all",
                self.labels.cluster, self.region
            )));
        }
        if let Some(vpc) = others.first() {
            alive::refuse_adoption(at, &self.region, &self.labels.cluster, vpc)?;
            if !self.takes_over
                && let Some(run) = tags::other_run(vpc.tags(), at.run())
            {
                return Err(Fault::permanent(format!(
                    "run {run} has made {} for cluster {:?} meanwhile",
                    vpc.vpc_id().unwrap_or_default(),
                    self.labels.cluster
                ))
                .with_hint("`stepwell aurora create` completes what is there"));
            }
            return Ok(Found::Theirs(made(Some(vpc))?));
        }
        match own.first() {
            Some(vpc) => {
                let vpc = made(Some(vpc))?;
                // A range that is contested is not this step's success yet.
                let another = ranges.candidates.len() > 1;
                Ok(if self.has_rival(at, &vpc, another).await? {
                    Found::Nothing
                } else {
                    Found::Ours(vpc)
                })
            }
            None => Ok(Found::Nothing),
        }
    }

    async fn run(&self, at: &Attempt<Aws>, ranges: &Ranges) -> Result<VpcMade, Fault> {
        let (own, _) = self.find(at).await?;
        for vpc in &own {
            at.progress("the address range is contested: taking another");
            let id = vpc.vpc_id().unwrap_or_default();
            remove::vpc(at.context(), &self.region, id).await?;
        }
        let tried: Vec<Ipv4Net> = own
            .iter()
            .filter_map(|vpc| vpc.cidr_block()?.parse().ok())
            .collect();
        for (place, block) in ranges.candidates.iter().enumerate() {
            if tried.contains(block) && ranges.candidates.len() > 1 {
                continue;
            }
            let vpc = self.create(at, *block).await?;
            self.visible(at, &vpc).await.map_err(Fault::in_doubt)?;
            let another = place + 1 < ranges.candidates.len();
            let rival = self.has_rival(at, &vpc, another).await;
            if !rival.map_err(Fault::in_doubt)? {
                return Ok(vpc);
            }
            at.progress(format!("another create took {block} at the same moment"));
            remove::vpc(at.context(), &self.region, &vpc.vpc_id)
                .await
                .map_err(Fault::in_doubt)?;
        }
        let blocks: Vec<String> = ranges.candidates.iter().map(Ipv4Net::to_string).collect();
        Err(Fault::permanent(format!(
            "other creates took every address range that was drawn ({})",
            blocks.join(", ")
        ))
        .with_hint("`stepwell aurora create` draws others"))
    }

    async fn undo(&self, at: &Attempt<Aws>, _: &Ranges, output: &VpcMade) -> Result<(), Fault> {
        let (own, _) = self.find(at).await?;
        let mut ids: Vec<String> = own
            .iter()
            .filter_map(|vpc| vpc.vpc_id().map(str::to_owned))
            .collect();
        ids.push(output.vpc_id.clone());
        ids.sort();
        ids.dedup();
        for id in ids {
            remove::vpc(at.context(), &self.region, &id).await?;
        }
        Ok(())
    }

    async fn owner(&self, at: &Attempt<Aws>, _: &Ranges, output: &VpcMade) -> Result<Owner, Fault> {
        let found = ec2::vpc(at.context(), &self.region, &output.vpc_id).await?;
        Ok(found.map_or(Owner::ThisRun, |vpc| tags::owner(vpc.tags(), at)))
    }

    fn ids(&self, output: &VpcMade) -> Vec<String> {
        vec![output.vpc_id.clone(), output.cidr.to_string()]
    }
}

fn made(vpc: Option<&Vpc>) -> Result<VpcMade, Fault> {
    let id = vpc.and_then(Vpc::vpc_id);
    let block = vpc
        .and_then(Vpc::cidr_block)
        .and_then(|block| block.parse().ok());
    match (id, block) {
        (Some(id), Some(cidr)) => Ok(VpcMade {
            vpc_id: id.to_owned(),
            cidr,
        }),
        _ => Err(Fault::transient("aws named a vpc without id or range").in_doubt()),
    }
}
