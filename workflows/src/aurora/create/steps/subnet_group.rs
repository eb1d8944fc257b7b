//! The DB subnet group: the subnets that the cluster may use.

use std::collections::BTreeSet;

use aws_sdk_rds::types::{DbSubnetGroup, Tag};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Owner, Policy, Step};

use super::subnet::SubnetMade;
use super::vpc::VpcMade;
use crate::aws::call::{fault, has_code};
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY, rds, remove};

/// Makes the subnet group.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreateSubnetGroup {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) name: String,
}

/// The subnet group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SubnetGroupMade {
    pub(crate) name: String,
}

impl CreateSubnetGroup {
    /// The group of the name, with its tags.
    async fn find(&self, at: &Attempt<Aws>) -> Result<Option<(DbSubnetGroup, Vec<Tag>)>, Fault> {
        let (aws, region) = (at.context(), &self.region);
        let Some(group) = rds::subnet_group(aws, region, &self.name).await? else {
            return Ok(None);
        };
        let arn = group.db_subnet_group_arn().unwrap_or_default();
        let labels = rds::tags(aws, region, arn).await?;
        Ok(Some((group, labels)))
    }
}

impl Step for CreateSubnetGroup {
    type Context = Aws;
    type Input = (VpcMade, Vec<SubnetMade>);
    type Output = SubnetGroupMade;
    const KIND: &'static str = "create-subnet-group";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        (vpc, subnets): &Self::Input,
    ) -> Result<Found<SubnetGroupMade>, Fault> {
        let Some((group, labels)) = self.find(at).await? else {
            return Ok(Found::Nothing);
        };
        let made = SubnetGroupMade {
            name: self.name.clone(),
        };
        // A rollback only asks whose it is: what differs is no reason to stop it.
        if at.undoing() {
            return Ok(tags::found(&labels[..], at, made));
        }
        if group.vpc_id().is_some_and(|id| id != vpc.vpc_id) {
            return Err(Fault::permanent(format!(
                "subnet group {:?} exists in another vpc, {}",
                self.name,
                group.vpc_id().unwrap_or_default()
            ))
            .with_hint("choose another name with --subnet-group-name"));
        }
        let members: BTreeSet<&str> = group
            .subnets()
            .iter()
            .filter_map(|subnet| subnet.subnet_identifier())
            .collect();
        if let Some(missing) = subnets
            .iter()
            .find(|subnet| !members.contains(subnet.subnet_id.as_str()))
        {
            return Err(Fault::permanent(format!(
                "subnet group {:?} exists without {}",
                self.name, missing.subnet_id
            ))
            .with_hint("choose another name with --subnet-group-name"));
        }
        Ok(tags::found(&labels[..], at, made))
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (_, subnets): &Self::Input,
    ) -> Result<SubnetGroupMade, Fault> {
        let answer = at
            .context()
            .rds(&self.region)
            .create_db_subnet_group()
            .db_subnet_group_name(&self.name)
            .db_subnet_group_description(format!("Aurora Cluster {}", self.labels.cluster))
            .set_subnet_ids(Some(
                subnets
                    .iter()
                    .map(|subnet| subnet.subnet_id.clone())
                    .collect(),
            ))
            .set_tags(Some(self.labels.rds(at)))
            .send()
            .await
            .map_err(|error| fault("CreateDBSubnetGroup", error));
        match answer {
            Ok(_) => Ok(SubnetGroupMade {
                name: self.name.clone(),
            }),
            Err(fault) if has_code(&fault, &["DBSubnetGroupAlreadyExists"]) => {
                Err(fault.in_doubt().with_class(FaultClass::Transient))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &Self::Input,
        output: &SubnetGroupMade,
    ) -> Result<(), Fault> {
        remove::subnet_group(at.context(), &self.region, &output.name).await
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        _: &Self::Input,
        _: &SubnetGroupMade,
    ) -> Result<Owner, Fault> {
        let found = self.find(at).await?;
        Ok(found.map_or(Owner::ThisRun, |(_, labels)| tags::owner(&labels[..], at)))
    }

    fn ids(&self, output: &SubnetGroupMade) -> Vec<String> {
        vec![output.name.clone()]
    }
}
