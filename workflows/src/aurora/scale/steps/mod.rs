//! The steps of `aurora scale`.

mod add;
mod cluster;
mod reader;
mod tag;

pub(crate) use add::AddInstance;
pub use cluster::Scaled;
pub(crate) use cluster::{FindCluster, VerifyScaled};
pub(crate) use reader::DeleteReader;
pub(crate) use tag::SetInstances;

use aws_sdk_rds::types::DbCluster;
use stepwell_engine::{Attempt, Fault, Registry};

use crate::aurora::ClusterIdentity;
use crate::aws::poll::confirmed;
use crate::aws::{Aws, rds};

/// The cluster as it is now, if it is there. Another of its name is a fault.
async fn look(
    at: &Attempt<Aws>,
    region: &str,
    identity: &ClusterIdentity,
) -> Result<Option<DbCluster>, Fault> {
    let read = || rds::cluster(at.context(), region, &identity.cluster);
    let found = confirmed(at, read).await?;
    if let Some(cluster) = &found {
        identity.must_be(cluster)?;
    }
    Ok(found)
}

/// The same, where it must be there.
async fn present(
    at: &Attempt<Aws>,
    region: &str,
    identity: &ClusterIdentity,
) -> Result<DbCluster, Fault> {
    look(at, region, identity).await?.ok_or_else(|| {
        Fault::permanent(format!("cluster {:?} has vanished", identity.cluster))
            .with_hint("something else deleted it")
            .without_effect()
    })
}

/// A fault if an instance is the cluster's writer: that one is never taken away.
fn unless_writer(cluster: &DbCluster, region: &str, instance: &str) -> Result<(), Fault> {
    let is_writer = cluster.db_cluster_members().iter().any(|member| {
        member.db_instance_identifier() == Some(instance)
            && member.is_cluster_writer() == Some(true)
    });
    if !is_writer {
        return Ok(());
    }
    let name = cluster.db_cluster_identifier().unwrap_or_default();
    Err(Fault::operator(format!(
        "instance {instance:?} is the writer of cluster {name:?} now, and a writer is not taken away"
    ))
    .with_hint(format!(
        "have another become the writer: aws rds failover-db-cluster --region {region} --db-cluster-identifier {name}; then resume this run"
    ))
    .without_effect())
}

/// Adds the kinds of these steps.
pub(crate) fn register(registry: Registry<Aws>) -> Registry<Aws> {
    registry
        .register::<AddInstance>()
        .register::<DeleteReader>()
        .register::<FindCluster>()
        .register::<SetInstances>()
        .register::<VerifyScaled>()
}
