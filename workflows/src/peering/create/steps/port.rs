//! The ingress rule for the database's port.

use aws_sdk_ec2::types::ResourceType;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Policy, Step};

use super::connection::Connection;
use crate::aws::call::has_code;
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY, remove};
use crate::peering::end::End;
use crate::peering::ingress;

/// Opens the database's port to ROSA's machines.
#[derive(Debug, Serialize)]
pub(crate) struct OpenPort {
    pub(crate) end: End,
    pub(crate) labels: Labels,
    pub(crate) group: String,
    pub(crate) source: Ipv4Net,
}

/// The rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PortOpened {
    pub(crate) group_id: String,
    pub(crate) rule_id: String,
    pub(crate) source: Ipv4Net,
}

impl OpenPort {
    fn made(&self, rule_id: &str) -> PortOpened {
        PortOpened {
            group_id: self.group.clone(),
            rule_id: rule_id.to_owned(),
            source: self.source,
        }
    }
}

impl Step for OpenPort {
    type Context = Aws;
    type Input = Connection;
    type Output = PortOpened;
    const KIND: &'static str = "open-port";
    const EFFECT: Effect = Effect::Create;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn check(&self, at: &Attempt<Aws>, _: &Connection) -> Result<Found<PortOpened>, Fault> {
        let groups = std::slice::from_ref(&self.group);
        let rules = ingress::rules(at.context(), &self.end, groups).await?;
        let rule = rules.iter().find(|(source, _)| *source == self.source);
        Ok(match rule {
            Some((_, rule)) => {
                let made = self.made(rule.security_group_rule_id().unwrap_or_default());
                tags::owned(tags::value(rule.tags(), tags::RUN), at, made)
            }
            None => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, connection: &Connection) -> Result<PortOpened, Fault> {
        let name = format!("Aurora Cluster {}", self.labels.cluster);
        let tags = self
            .labels
            .specification(at, ResourceType::SecurityGroupRule, &name);
        let description = format!("ROSA through {}", connection.peering_id);
        let answer = ingress::open(
            at.context(),
            &self.end,
            &self.group,
            self.source,
            &description,
            tags,
        )
        .await;
        match answer {
            Ok(Some(rule)) => Ok(self.made(&rule)),
            Ok(None) => Err(Fault::transient("aws named no rule").uncertain()),
            // By an attempt whose answer was lost, or by somebody else: the
            // next look says whose it is. Either way the port is open.
            Err(fault) if has_code(&fault, &["InvalidPermission.Duplicate"]) => {
                Err(fault.uncertain().with_class(FaultClass::Transient))
            }
            Err(fault) => Err(fault),
        }
    }

    async fn undo(
        &self,
        at: &Attempt<Aws>,
        _: &Connection,
        output: &PortOpened,
    ) -> Result<(), Fault> {
        let aws = self.end.aws(at.context());
        remove::ingress(aws, &self.end.region, &output.group_id, &output.rule_id).await
    }

    fn ids(&self, output: &PortOpened) -> Vec<String> {
        vec![output.rule_id.clone()]
    }
}
