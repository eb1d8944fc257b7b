//! Looks that tell whether the workflows could do their work: for `doctor`.
//! Each asks once; whoever calls bounds it in time.

mod permissions;

use aws_sdk_rds::types::DbCluster;
use serde::Serialize;
use stepwell_engine::Fault;

use crate::aurora::{available_zones, newest};
use crate::aws::call::fault;
use crate::aws::{Aws, ec2, permission, rds, states};
use crate::input::{self, InvalidInput};
use crate::rosa;
pub use permissions::{Permissions, permissions};

/// What `doctor` is asked about; nothing is checked yet.
#[derive(Debug, Clone)]
pub struct DoctorOptions {
    /// The region.
    pub region: Option<String>,
    /// A cluster.
    pub cluster: Option<String>,
    /// The class that instances would have.
    pub instance_class: String,
    /// The engine's version.
    pub engine_version: String,
    /// A ROSA cluster that is to be peered.
    pub rosa_cluster: Option<String>,
}

impl DoctorOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<Self, InvalidInput> {
        Ok(Self {
            region: self.region.as_deref().map(input::region).transpose()?,
            cluster: self.cluster.as_deref().map(input::cluster).transpose()?,
            instance_class: input::instance_class(&self.instance_class)?,
            engine_version: input::engine_version(&self.engine_version)?,
            rosa_cluster: self.rosa_cluster.as_deref().map(rosa::name).transpose()?,
        })
    }
}

/// Who AWS takes us for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The account.
    pub account: String,
    /// The user or role.
    pub arn: String,
}

/// Asks STS who we are.
pub async fn identity(aws: &Aws, region: &str) -> Result<Identity, Fault> {
    let answer = aws
        .sts(region)
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| fault("GetCallerIdentity", error))?;
    Ok(Identity {
        account: answer.account.unwrap_or_default(),
        arn: answer.arn.unwrap_or_default(),
    })
}

/// The `Sid`s of the statements of `docs/iam-policy.json` that allow operations,
/// such as `CreateVpc`, in the order of the operations, each once.
pub fn statements(operations: &[&str]) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    for sid in operations
        .iter()
        .flat_map(|one| permission::statements(one))
    {
        if !statements.contains(&sid) {
            statements.push(sid);
        }
    }
    statements
}

/// The zones of a region, which is enabled if there is an answer.
pub async fn zones(aws: &Aws, region: &str) -> Result<Vec<String>, Fault> {
    available_zones(aws, region).await
}

/// The zones of `open` in which an instance class can be had.
pub async fn offer(
    aws: &Aws,
    region: &str,
    options: &DoctorOptions,
    open: &[String],
) -> Result<Vec<String>, Fault> {
    let (version, class) = (&options.engine_version, &options.instance_class);
    let offer = newest(aws, region, "aurora-postgresql", version, class).await?;
    let zones = offer.map(|offer| offer.zones).unwrap_or_default();
    Ok((open.iter())
        .filter(|zone| zones.contains(*zone))
        .cloned()
        .collect())
}

/// Reads of RDS that every workflow needs.
pub async fn databases(aws: &Aws, region: &str) -> Result<usize, Fault> {
    rds::all_instances(aws, region).await?;
    rds::subnet_groups(aws, region).await?;
    Ok(rds::clusters(aws, region).await?.len())
}

/// A quota and what is used of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// As RDS calls it.
    pub name: String,
    /// How much is used.
    pub used: i64,
    /// How much there may be.
    pub max: i64,
}

/// The quotas of RDS that a create needs room in. (RDS API reference,
/// `AccountQuota`.)
const QUOTAS: [&str; 3] = ["DBClusters", "DBInstances", "DBSubnetGroups"];

/// Asks RDS for its quotas.
pub async fn quotas(aws: &Aws, region: &str) -> Result<Vec<Quota>, Fault> {
    let mut quotas: Vec<Quota> = rds::quotas(aws, region)
        .await?
        .iter()
        .filter_map(|quota| {
            Some(Quota {
                name: quota.account_quota_name()?.to_owned(),
                used: quota.used().unwrap_or_default(),
                max: quota.max().unwrap_or_default(),
            })
        })
        .filter(|quota| QUOTAS.contains(&quota.name.as_str()))
        .collect();
    quotas.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(quotas)
}

/// How many VPCs there are. Their quota is not to be had from EC2.
pub async fn vpcs(aws: &Aws, region: &str) -> Result<usize, Fault> {
    Ok(ec2::vpcs(aws, region, None).await?.len())
}

/// How a cluster stands, if there is one of the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its state.
    pub status: String,
    /// How many instances it has.
    pub instances: usize,
    /// Whether it will not get better by itself.
    pub broken: bool,
}

/// Looks at a cluster.
pub async fn cluster(aws: &Aws, region: &str, name: &str) -> Result<Option<Standing>, Fault> {
    let found = rds::cluster(aws, region, name).await?;
    Ok(found.map(|found: DbCluster| {
        let status = found.status().unwrap_or("unknown").to_owned();
        Standing {
            broken: states::of_cluster(&status).never_serves(),
            instances: found.db_cluster_members().len(),
            status,
        }
    }))
}
