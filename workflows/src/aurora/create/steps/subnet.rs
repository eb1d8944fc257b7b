//! One subnet per zone.

use std::time::Duration;

use aws_sdk_ec2::types::{ResourceType, Subnet, SubnetState};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Owner, Policy, Step};

use super::vpc::VpcMade;
use crate::aws::call::{fault, has_code};
use crate::aws::poll::{Seen, poll};
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY, ec2, remove};

/// Makes the subnet of a zone: one of the four parts of the VPC's range.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreateSubnet {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) zone: String,
    /// Which of the four parts, from 0.
    pub(crate) part: usize,
}

/// A subnet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SubnetMade {
    pub(crate) subnet_id: String,
    pub(crate) zone: String,
    pub(crate) cidr: Ipv4Net,
}

impl CreateSubnet {
    fn block(&self, vpc: &VpcMade) -> Result<Ipv4Net, Fault> {
        vpc.cidr
            .subnets(vpc.cidr.prefix_len() + 2)
            .ok()
            .and_then(|mut parts| parts.nth(self.part))
            .ok_or_else(|| {
                Fault::permanent(format!(
                    "{} has no part number {} for a subnet",
                    vpc.cidr, self.part
                ))
            })
    }

    async fn find(&self, at: &Attempt<Aws>, vpc: &VpcMade) -> Result<Option<Subnet>, Fault> {
        let block = self.block(vpc)?.to_string();
        let subnets = ec2::subnets(at.context(), &self.region, &vpc.vpc_id).await?;
        Ok(subnets
            .into_iter()
            .find(|subnet| subnet.cidr_block() == Some(&block)))
    }

    /// What a subnet found in our place is: somebody may have put it elsewhere.
    fn made(&self, subnet: &Subnet) -> Result<SubnetMade, Fault> {
        if subnet.availability_zone() != Some(&self.zone) {
            return Err(Fault::permanent(format!(
                "subnet {} with the range {} is in {}, not in {}",
                subnet.subnet_id().unwrap_or_default(),
                subnet.cidr_block().unwrap_or_default(),
                subnet.availability_zone().unwrap_or("no zone"),
                self.zone
            ))
            .with_hint("name the zones of the existing subnets with --zones"));
        }
        let id = subnet.subnet_id().map(str::to_owned);
        let block = subnet.cidr_block().and_then(|block| block.parse().ok());
        match (id, block) {
            (Some(subnet_id), Some(cidr)) => Ok(SubnetMade {
                subnet_id,
                zone: self.zone.clone(),
                cidr,
            }),
            _ => Err(Fault::transient("aws named a subnet without id or range").in_doubt()),
        }
    }
}

impl Step for CreateSubnet {
    type Context = Aws;
    type Input = VpcMade;
    type Output = SubnetMade;
    const KIND: &'static str = "create-subnet";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, vpc: &VpcMade) -> Result<Found<SubnetMade>, Fault> {
        let Some(subnet) = self.find(at, vpc).await? else {
            return Ok(Found::Nothing);
        };
        let made = self.made(&subnet)?;
        Ok(tags::found(subnet.tags(), at, made))
    }

    async fn run(&self, at: &Attempt<Aws>, vpc: &VpcMade) -> Result<SubnetMade, Fault> {
        let name = format!("Aurora Cluster {} {}", self.labels.cluster, self.zone);
        let answer = at
            .context()
            .ec2(&self.region)
            .create_subnet()
            .vpc_id(&vpc.vpc_id)
            .cidr_block(self.block(vpc)?.to_string())
            .availability_zone(&self.zone)
            .tag_specifications(self.labels.specification(at, ResourceType::Subnet, &name))
            .send()
            .await
            .map_err(|error| fault("CreateSubnet", error));
        let made = match answer {
            Ok(answer) => match &answer.subnet {
                Some(subnet) => self.made(subnet)?,
                None => return Err(Fault::transient("aws named no subnet").in_doubt()),
            },
            // The range is taken in this VPC: by an attempt whose answer was
            // lost. The next attempt's look says whose it is.
            Err(fault) if has_code(&fault, &["InvalidSubnet.Conflict"]) => {
                return Err(fault.in_doubt().with_class(FaultClass::Transient));
            }
            Err(fault) => return Err(fault),
        };
        let (pace, deadline) = (Duration::from_secs(1), Duration::from_secs(4 * 60));
        poll(
            at,
            "the subnet is not available",
            pace,
            deadline,
            || async {
                let subnet = self.find(at, vpc).await?;
                Ok(match subnet.as_ref().and_then(Subnet::state) {
                    Some(SubnetState::Available) => Seen::Done(()),
                    _ => Seen::NotYet(format!("{} is pending", made.subnet_id)),
                })
            },
        )
        .await
        .map_err(Fault::in_doubt)?;
        Ok(made)
    }

    async fn undo(&self, at: &Attempt<Aws>, _: &VpcMade, output: &SubnetMade) -> Result<(), Fault> {
        remove::subnet(at.context(), &self.region, &output.subnet_id).await
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        vpc: &VpcMade,
        output: &SubnetMade,
    ) -> Result<Owner, Fault> {
        let found = self.find(at, vpc).await?;
        let found = found.filter(|subnet| subnet.subnet_id() == Some(&output.subnet_id));
        Ok(found.map_or(Owner::ThisRun, |subnet| tags::owner(subnet.tags(), at)))
    }

    fn ids(&self, output: &SubnetMade) -> Vec<String> {
        vec![output.subnet_id.clone()]
    }
}
