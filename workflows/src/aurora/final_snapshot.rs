//! The final snapshot of a cluster that is taken away.

use std::time::Duration;

use aws_sdk_rds::types::DbCluster;
use stepwell_engine::{Attempt, Fault};

use super::ClusterIdentity;
use crate::aws::poll::{Seen, poll};
use crate::aws::{Aws, rds};

/// Whether there is a snapshot of the name, and it is of this cluster.
pub(crate) async fn is_of(
    aws: &Aws,
    region: &str,
    name: &str,
    cluster: &DbCluster,
) -> Result<bool, Fault> {
    let snapshot = rds::cluster_snapshot(aws, region, name).await?;
    let identity = ClusterIdentity::of(cluster);
    Ok(snapshot.is_some_and(|snapshot| identity.has(&snapshot)))
}

/// Waits until the final snapshot of a cluster that is gone is available. One
/// that is not there, or another cluster's, is a fault: it must not be told of
/// as the one that keeps the data.
pub(crate) async fn wait_available(
    at: &Attempt<Aws>,
    region: &str,
    name: &str,
    cluster: Option<&ClusterIdentity>,
) -> Result<(), Fault> {
    let aws = at.context();
    let what = format!("the final snapshot {name:?} is not available");
    let (pace, deadline) = (Duration::from_secs(10), Duration::from_secs(120 * 60));
    poll(at, &what, pace, deadline, || async {
        let Some(snapshot) = rds::cluster_snapshot(aws, region, name).await? else {
            // It is made before the cluster goes, so it does not come any more.
            return Err(lost(format!("there is no snapshot {name:?}")));
        };
        if let Some(own) = cluster
            && !own.has(&snapshot)
        {
            let other = snapshot.db_cluster_resource_id().unwrap_or("unknown");
            return Err(lost(format!(
                "snapshot {name:?} is of another cluster: {other}, not {}",
                own.resource_id
            )));
        }
        Ok(match snapshot.status() {
            Some("available") => Seen::Done(()),
            Some("failed") => {
                return Err(lost(format!("the final snapshot {name:?} has failed")));
            }
            status => Seen::NotYet(status.unwrap_or("unknown").to_owned()),
        })
    })
    .await
}

fn lost(message: String) -> Fault {
    Fault::permanent(message).with_hint(
        "the cluster is deleted; look for other snapshots and retained backups: aws rds describe-db-cluster-automated-backups",
    )
}
