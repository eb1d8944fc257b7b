//! The end of a create: the endpoint is named only once it serves.

use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Policy, Step};

use super::instance::{InstanceMade, has_writer};
use super::security_group::SecurityGroupMade;
use super::vpc::VpcMade;
use crate::aws::poll::surely;
use crate::aws::{Aws, POLICY, rds};

/// Verifies that the cluster serves: an available member is the writer.
#[derive(Debug, Serialize)]
pub(crate) struct VerifyEndpoint {
    pub(crate) region: String,
    pub(crate) cluster: String,
    /// None where only the snapshot knows it.
    pub(crate) database: Option<String>,
    pub(crate) username: String,
}

/// What `aurora create` gives: the run's output. The names are part of the
/// documented JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provisioned {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The writer's host name.
    pub endpoint: String,
    /// The readers' host name.
    pub reader_endpoint: Option<String>,
    /// The port.
    pub port: i32,
    /// The first database, where RDS knows it.
    pub database: Option<String>,
    /// The master user.
    pub username: String,
    /// Where RDS keeps the password, if it does.
    pub password_secret: Option<String>,
    /// The VPC.
    pub vpc_id: String,
    /// Its address range.
    pub cidr: String,
    /// The security group.
    pub security_group_id: String,
    /// The instances, the first made first.
    pub instances: Vec<String>,
}

impl Step for VerifyEndpoint {
    type Context = Aws;
    type Input = (VpcMade, SecurityGroupMade, Vec<InstanceMade>);
    type Output = Provisioned;
    const KIND: &'static str = "verify-endpoint";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (vpc, security, instances): &Self::Input,
    ) -> Result<Provisioned, Fault> {
        // One look that misses it must not have a whole cluster undone.
        let look = || rds::cluster(at.context(), &self.region, &self.cluster);
        let cluster = surely(at, look)
            .await?
            .ok_or_else(|| Fault::permanent("the cluster has vanished"))?;
        let endpoint = cluster.endpoint().filter(|_| has_writer(&cluster));
        let Some(endpoint) = endpoint else {
            return Err(Fault::pending("no available member is the writer"));
        };
        Ok(Provisioned {
            cluster: self.cluster.clone(),
            region: self.region.clone(),
            endpoint: endpoint.to_owned(),
            reader_endpoint: cluster.reader_endpoint().map(str::to_owned),
            port: cluster.port().unwrap_or(5432),
            database: self
                .database
                .clone()
                .or_else(|| cluster.database_name().map(str::to_owned)),
            username: self.username.clone(),
            password_secret: cluster
                .master_user_secret()
                .and_then(|secret| secret.secret_arn())
                .map(str::to_owned),
            vpc_id: vpc.vpc_id.clone(),
            cidr: vpc.cidr.to_string(),
            security_group_id: security.group_id.clone(),
            instances: instances
                .iter()
                .map(|instance| instance.instance.clone())
                .collect(),
        })
    }
}
