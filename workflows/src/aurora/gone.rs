//! Waiting until something that is being deleted is gone.

use std::time::Duration;

use stepwell_engine::{Attempt, Fault, Policy};

use crate::aws::poll::{Seen, poll};
use crate::aws::{Aws, rds};

/// How steps are limited that wait for something slow: an instance has been
/// seen to take more than an hour.
pub(crate) const POLICY: Policy = Policy {
    deadline: Duration::from_secs(4 * 60 * 60),
    timeout: Duration::from_secs(3 * 60 * 60),
    ..crate::aws::POLICY
};

const PACE: Duration = Duration::from_secs(10);

/// Waits until a cluster is gone.
pub(crate) async fn wait_cluster(at: &Attempt<Aws>, region: &str, name: &str) -> Result<(), Fault> {
    let what = format!("cluster {name:?} is still there");
    let deadline = Duration::from_secs(120 * 60);
    poll(at, &what, PACE, deadline, || async {
        Ok(match rds::cluster(at.context(), region, name).await? {
            None => Seen::Done(()),
            Some(cluster) => Seen::Not(cluster.status().unwrap_or("deleting").to_owned()),
        })
    })
    .await
}

/// Waits until an instance is gone.
pub(crate) async fn wait_instance(
    at: &Attempt<Aws>,
    region: &str,
    name: &str,
) -> Result<(), Fault> {
    let what = format!("instance {name:?} is still there");
    let deadline = Duration::from_secs(90 * 60);
    poll(at, &what, PACE, deadline, || async {
        Ok(match rds::instance(at.context(), region, name).await? {
            None => Seen::Done(()),
            Some(instance) => Seen::Not(
                instance
                    .db_instance_status()
                    .unwrap_or("deleting")
                    .to_owned(),
            ),
        })
    })
    .await
}
