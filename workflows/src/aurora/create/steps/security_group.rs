//! The security group of the cluster. Peering opens port 5432 in it later.

use aws_sdk_ec2::types::{ResourceType, SecurityGroup};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Owner, Policy, Step};

use super::vpc::VpcMade;
use crate::aws::call::{fault, has_code};
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY, ec2, remove};

/// Makes the security group.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CreateSecurityGroup {
    pub(crate) region: String,
    pub(crate) labels: Labels,
    pub(crate) name: String,
}

/// The security group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecurityGroupMade {
    pub(crate) group_id: String,
}

impl CreateSecurityGroup {
    /// Whether a group has the name. EC2 keeps it as it was typed, and takes no
    /// second one that differs by case alone.
    fn has_name(&self, group: &SecurityGroup) -> bool {
        group
            .group_name()
            .is_some_and(|name| name.eq_ignore_ascii_case(&self.name))
    }

    async fn find(
        &self,
        at: &Attempt<Aws>,
        vpc: &VpcMade,
        is: impl Fn(&SecurityGroup) -> bool,
    ) -> Result<Option<SecurityGroup>, Fault> {
        let groups = ec2::security_groups(at.context(), &self.region, &vpc.vpc_id).await?;
        Ok(groups.into_iter().find(is))
    }
}

impl Step for CreateSecurityGroup {
    type Context = Aws;
    type Input = VpcMade;
    type Output = SecurityGroupMade;
    const KIND: &'static str = "create-security-group";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(
        &self,
        at: &Attempt<Aws>,
        vpc: &VpcMade,
    ) -> Result<Found<SecurityGroupMade>, Fault> {
        let found = self.find(at, vpc, |group| self.has_name(group)).await?;
        let Some((group, id)) = found
            .as_ref()
            .and_then(|group| Some((group, group.group_id()?)))
        else {
            return Ok(Found::Nothing);
        };
        let made = SecurityGroupMade {
            group_id: id.to_owned(),
        };
        Ok(tags::found(group.tags(), at, made))
    }

    async fn run(&self, at: &Attempt<Aws>, vpc: &VpcMade) -> Result<SecurityGroupMade, Fault> {
        let answer = at
            .context()
            .ec2(&self.region)
            .create_security_group()
            .vpc_id(&vpc.vpc_id)
            .group_name(&self.name)
            .description(format!("Aurora Cluster {}", self.labels.cluster))
            .tag_specifications(self.labels.specification(
                at,
                ResourceType::SecurityGroup,
                &self.name,
            ))
            .send()
            .await
            .map_err(|error| fault("CreateSecurityGroup", error));
        match answer {
            Ok(answer) => answer
                .group_id
                .map(|group_id| SecurityGroupMade { group_id })
                .ok_or_else(|| Fault::transient("aws named no security group").in_doubt()),
            // The look before did not see it yet; the next one will.
            Err(fault) if has_code(&fault, &["InvalidGroup.Duplicate"]) => {
                Err(fault.in_doubt().with_class(FaultClass::Transient))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &VpcMade,
        output: &SecurityGroupMade,
    ) -> Result<(), Fault> {
        remove::security_group(at.context(), &self.region, &output.group_id).await
    }

    async fn owner(
        &self,
        at: &Attempt<Aws>,
        vpc: &VpcMade,
        output: &SecurityGroupMade,
    ) -> Result<Owner, Fault> {
        let id = Some(output.group_id.as_str());
        let found = self.find(at, vpc, |group| group.group_id() == id).await?;
        Ok(found.map_or(Owner::ThisRun, |group| tags::owner(group.tags(), at)))
    }

    fn ids(&self, output: &SecurityGroupMade) -> Vec<String> {
        vec![output.group_id.clone()]
    }
}
