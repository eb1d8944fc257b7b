//! Taking what else is in the VPC: gateways, endpoints, attachments, network
//! ACLs, and rules that name a group that goes.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Found, Policy, Step};

use super::gone_if;
use crate::aurora::holders::{NamingRule, Part, Standing};
use crate::aws::poll::confirmed;
use crate::aws::{Aws, POLICY, ec2, remove};

/// Takes a gateway from its VPC.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DetachPart {
    pub(crate) region: String,
    pub(crate) part: Part,
}

impl Step for DetachPart {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "detach-part";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        let look = || async {
            let attached = self.part.is_attached(at.context(), &self.region).await?;
            Ok(attached.then_some(()))
        };
        Ok(gone_if(confirmed(at, look).await?))
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        self.part.detach(at.context(), &self.region).await
    }
}

/// Asks for a part to be deleted.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeletePart {
    pub(crate) region: String,
    pub(crate) part: Part,
}

impl Step for DeletePart {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "delete-part";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        let look = || async {
            let standing = self.part.standing(at.context(), &self.region).await?;
            Ok((standing == Standing::There).then_some(()))
        };
        Ok(gone_if(confirmed(at, look).await?))
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        self.part.delete(at.context(), &self.region).await
    }
}

/// Takes a rule away that names a group that goes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RevokeRule {
    pub(crate) region: String,
    pub(crate) rule: NamingRule,
}

impl Step for RevokeRule {
    type Context = Aws;
    type Input = ();
    type Output = ();
    const KIND: &'static str = "revoke-rule";
    const EFFECT: Effect = Effect::Delete;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, (): &()) -> Result<Found<()>, Fault> {
        let groups = std::slice::from_ref(&self.rule.group);
        let look = || async {
            let rules = ec2::rules(at.context(), &self.region, groups).await?;
            let is_this = |id: Option<&str>| id == Some(&self.rule.rule);
            let stands = rules
                .iter()
                .any(|one| is_this(one.security_group_rule_id()));
            Ok(stands.then_some(()))
        };
        Ok(gone_if(confirmed(at, look).await?))
    }

    async fn run(&self, at: &Attempt<Aws>, (): &()) -> Result<(), Fault> {
        let (aws, region) = (at.context(), self.region.as_str());
        let NamingRule {
            group,
            rule,
            egress,
        } = &self.rule;
        if *egress {
            remove::egress(aws, region, group, rule).await
        } else {
            remove::ingress(aws, region, group, rule).await
        }
    }
}
