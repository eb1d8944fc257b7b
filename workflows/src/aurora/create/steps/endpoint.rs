//! The end of a create: the endpoint is named only once it serves.

use aws_sdk_rds::types::{DbCluster, DbInstance};
use serde::{Deserialize, Serialize};
use stepwell_engine::{Attempt, Effect, Fault, Policy, Step};

use super::security_group::SecurityGroupMade;
use super::vpc::VpcMade;
use super::writer::writer;
use crate::aurora::{ClusterIdentity, InstanceIdentity};
use crate::aws::poll::confirmed;
use crate::aws::{Aws, POLICY, rds};

/// Verifies that the cluster serves: a member is the writer, and where RDS keeps
/// the password it can be had. What it tells is what RDS has.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifyEndpoint {
    pub(crate) region: String,
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
    /// The engine's version.
    pub engine_version: String,
    /// The writer's class.
    pub instance_class: String,
    /// The VPC.
    pub vpc_id: String,
    /// Its address range.
    pub cidr: String,
    /// The security group.
    pub security_group_id: String,
    /// The instances, the first made first.
    pub instances: Vec<String>,
}

/// The secret in which RDS keeps the password, once it can be read.
fn secret(cluster: &DbCluster) -> Result<Option<String>, Fault> {
    let Some(secret) = cluster.master_user_secret() else {
        return Ok(None);
    };
    let arn = secret.secret_arn().unwrap_or_default();
    match secret.secret_status() {
        Some("active") | None => Ok(Some(arn.to_owned())),
        Some("impaired") => Err(Fault::operator(format!(
            "the secret of the password, {arn}, is impaired: RDS can't rotate it"
        ))
        .with_hint(
            "let RDS use the secret and its KMS key again (RDS User Guide, \"Password management with Amazon RDS and AWS Secrets Manager\")",
        )),
        Some(status) => Err(Fault::pending(format!(
            "the secret of the password is {status}"
        ))),
    }
}

impl Step for VerifyEndpoint {
    type Context = Aws;
    type Input = (
        VpcMade,
        SecurityGroupMade,
        ClusterIdentity,
        Vec<InstanceIdentity>,
    );
    type Output = Provisioned;
    const KIND: &'static str = "verify-endpoint";
    const EFFECT: Effect = Effect::Read;

    fn policy(&self) -> Policy {
        POLICY
    }

    async fn run(
        &self,
        at: &Attempt<Aws>,
        (vpc, security, identity, instances): &Self::Input,
    ) -> Result<Provisioned, Fault> {
        let (aws, region) = (at.context(), &self.region);
        // One look that misses it must not have a whole cluster undone.
        let look = || rds::cluster(aws, region, &identity.cluster);
        let cluster = confirmed(at, look)
            .await?
            .ok_or_else(|| Fault::permanent("the cluster has vanished"))?;
        identity.must_be(&cluster)?;
        let missing = |what: &str| Fault::pending(format!("rds names no {what} yet"));
        let writer =
            writer(&cluster).ok_or_else(|| Fault::pending("no available member is the writer"))?;
        let members = rds::instances(aws, region, &identity.cluster).await?;
        let class = members
            .iter()
            .find(|member| member.db_instance_identifier() == Some(writer))
            .and_then(DbInstance::db_instance_class);
        Ok(Provisioned {
            cluster: identity.cluster.clone(),
            region: region.clone(),
            endpoint: cluster
                .endpoint()
                .ok_or_else(|| missing("endpoint"))?
                .to_owned(),
            reader_endpoint: cluster.reader_endpoint().map(str::to_owned),
            port: cluster.port().ok_or_else(|| missing("port"))?,
            database: cluster.database_name().map(str::to_owned),
            username: cluster
                .master_username()
                .ok_or_else(|| missing("master user"))?
                .to_owned(),
            password_secret: secret(&cluster)?,
            engine_version: cluster
                .engine_version()
                .ok_or_else(|| missing("engine version"))?
                .to_owned(),
            instance_class: class.ok_or_else(|| missing("instance class"))?.to_owned(),
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
