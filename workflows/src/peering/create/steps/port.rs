//! The ingress rule for the database's port.

use aws_sdk_ec2::types::ResourceType;
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, FaultClass, Found, Policy, Step};

use super::connection::Connection;
use crate::aurora::ClusterIdentity;
use crate::aws::call::has_code;
use crate::aws::poll::confirmed;
use crate::aws::tags::{self, Labels};
use crate::aws::{Aws, POLICY, rds, remove};
use crate::peering::end::End;
use crate::peering::ingress::{self, default_port};

/// Opens the database's port to ROSA's machines.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenPort {
    pub(crate) end: End,
    pub(crate) labels: Labels,
    pub(crate) group: String,
    pub(crate) source: Ipv4Net,
    pub(crate) port: i32,
    /// Whose group it is; none where there is no cluster.
    pub(crate) cluster: Option<ClusterIdentity>,
}

/// The rule.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PortOpened {
    pub(crate) group_id: String,
    pub(crate) rule_id: String,
    pub(crate) source: Ipv4Net,
    #[serde(default = "default_port")]
    pub(crate) port: i32,
}

impl OpenPort {
    fn made(&self, rule_id: &str) -> PortOpened {
        PortOpened {
            group_id: self.group.clone(),
            rule_id: rule_id.to_owned(),
            source: self.source,
            port: self.port,
        }
    }

    /// A fault unless the group is still that of the cluster that was found,
    /// and the cluster serves on the port.
    async fn must_be_the_same(&self, at: &Attempt<Aws>) -> Result<(), Fault> {
        let Some(wanted) = &self.cluster else {
            return Ok(());
        };
        let aws = self.end.aws(at.context());
        let look = || rds::cluster(aws, &self.end.region, &wanted.cluster);
        let Some(cluster) = confirmed(at, look).await? else {
            return Err(changed(format!("cluster {:?} is gone", wanted.cluster)));
        };
        wanted.must_be(&cluster)?;
        if let Some(port) = cluster.port().filter(|port| *port != self.port) {
            return Err(changed(format!(
                "cluster {:?} serves on port {port} now, not {}",
                wanted.cluster, self.port
            )));
        }
        let has_group = cluster
            .vpc_security_groups()
            .iter()
            .any(|group| group.vpc_security_group_id() == Some(&self.group));
        if has_group {
            return Ok(());
        }
        Err(changed(format!(
            "{} is no longer a security group of cluster {:?}",
            self.group, wanted.cluster
        )))
    }
}

fn changed(what: String) -> Fault {
    Fault::permanent(what)
        .with_hint("run `stepwell peering create` again: it looks at the cluster again")
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
        let rules = ingress::openings(at.context(), &self.end, groups).await?;
        let rule = rules
            .iter()
            .find(|rule| rule.is_for(self.source, self.port));
        Ok(match rule {
            Some(rule) => {
                let made = self.made(&rule.rule);
                tags::owned(tags::value(&rule.tags, tags::RUN), at, made)
            }
            None => Found::Nothing,
        })
    }

    async fn run(&self, at: &Attempt<Aws>, connection: &Connection) -> Result<PortOpened, Fault> {
        self.must_be_the_same(at).await?;
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
            self.port,
            &description,
            tags,
        )
        .await;
        match answer {
            Ok(Some(rule)) => Ok(self.made(&rule)),
            Ok(None) => Err(Fault::transient("aws named no rule").in_doubt()),
            // By an attempt whose answer was lost, or by somebody else: the
            // next look says whose it is. Either way the port is open.
            Err(fault) if has_code(&fault, &["InvalidPermission.Duplicate"]) => {
                Err(fault.in_doubt().with_class(FaultClass::Transient))
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
