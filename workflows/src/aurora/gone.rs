//! Waiting until something that is being deleted is gone.

use std::sync::{Mutex, PoisonError};
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

/// How long something may look as if its deletion had not been asked for. RDS
/// answers that a cluster is `available` for a while after it has accepted its
/// deletion (Aurora User Guide, examples of `delete-db-cluster`).
const LAG: Duration = Duration::from_secs(15 * 60);

/// What a wait has seen so far: whose deletion it waits for, and since when
/// nothing speaks of a deletion.
struct Watched<'a> {
    at: &'a Attempt<Aws>,
    seen: Mutex<(Option<String>, Option<Duration>)>,
}

impl<'a> Watched<'a> {
    /// Waits for the one of an id; without one, for the first that is seen.
    fn new(at: &'a Attempt<Aws>, id: Option<&str>) -> Self {
        Self {
            at,
            seen: Mutex::new((id.map(str::to_owned), None)),
        }
    }

    /// Whether what has the name is what is waited for: another life of the name
    /// means that the one before is gone.
    fn is_same(&self, id: Option<&str>) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let own = seen
            .0
            .get_or_insert_with(|| id.unwrap_or_default().to_owned());
        id.is_none_or(|id| id == own)
    }

    /// Takes note of whether it is on its way; a fault if it has not been for
    /// long.
    fn going(&self, going: bool, what: &str, status: &str) -> Result<(), Fault> {
        let now = self.at.clock().elapsed();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if going {
            seen.1 = None;
            return Ok(());
        }
        let since = *seen.1.get_or_insert(now);
        if now.saturating_sub(since) < LAG {
            return Ok(());
        }
        Err(Fault::permanent(format!(
            "{what} is {status} again: rds accepted its deletion and did not carry it out"
        ))
        .with_hint("`aws rds describe-events` says why; then `stepwell aurora delete` looks for everything again"))
    }
}

/// Waits until the cluster of a resource id is gone, after its final snapshot,
/// if it has one.
pub(crate) async fn wait_cluster_of(
    at: &Attempt<Aws>,
    region: &str,
    name: &str,
    id: Option<&str>,
    snapshot: Option<&str>,
) -> Result<(), Fault> {
    let (aws, watched) = (at.context(), Watched::new(at, id));
    let called = format!("cluster {name:?}");
    let what = format!("{called} is still there");
    let deadline = Duration::from_secs(120 * 60);
    poll(at, &what, PACE, deadline, || async {
        let Some(cluster) = rds::cluster(aws, region, name).await? else {
            return Ok(Seen::Done(()));
        };
        if !watched.is_same(cluster.db_cluster_resource_id()) {
            return Ok(Seen::Done(()));
        }
        let status = cluster.status().unwrap_or("deleting");
        let mut going = status != "available" || !cluster.db_cluster_members().is_empty();
        if let (false, Some(snapshot)) = (going, snapshot) {
            going = is_under_way(aws, region, snapshot).await?;
        }
        watched.going(going, &called, status)?;
        Ok(Seen::NotYet(status.to_owned()))
    })
    .await
}

/// Whether a snapshot is being taken; a fault if that has failed.
async fn is_under_way(aws: &Aws, region: &str, name: &str) -> Result<bool, Fault> {
    let snapshot = rds::cluster_snapshot(aws, region, name).await?;
    match snapshot.as_ref().and_then(|snapshot| snapshot.status()) {
        Some("failed") => Err(Fault::permanent(format!(
            "the final snapshot {name:?} has failed, and the cluster is still there"
        ))
        .with_hint("`aws rds describe-events` says why; delete the failed snapshot, then run `stepwell aurora delete` again")),
        status => Ok(status == Some("creating")),
    }
}

/// Waits until the instance of a resource id is gone.
pub(crate) async fn wait_instance_of(
    at: &Attempt<Aws>,
    region: &str,
    name: &str,
    id: Option<&str>,
) -> Result<(), Fault> {
    let (aws, watched) = (at.context(), Watched::new(at, id));
    let called = format!("instance {name:?}");
    let what = format!("{called} is still there");
    let deadline = Duration::from_secs(90 * 60);
    poll(at, &what, PACE, deadline, || async {
        let Some(instance) = rds::instance(aws, region, name).await? else {
            return Ok(Seen::Done(()));
        };
        if !watched.is_same(instance.dbi_resource_id()) {
            return Ok(Seen::Done(()));
        }
        let status = instance.db_instance_status().unwrap_or("deleting");
        watched.going(status != "available", &called, status)?;
        Ok(Seen::NotYet(status.to_owned()))
    })
    .await
}
