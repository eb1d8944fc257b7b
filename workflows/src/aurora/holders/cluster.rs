//! What keeps a cluster from being deleted, and from being kept in a snapshot.
//!
//! Sources: RDS API reference, `DeleteDBCluster` and `DeleteDBInstance` with
//! their errors; Aurora User Guide, "Deleting Aurora DB clusters and DB
//! instances"; the Terraform provider for what RDS says of global databases.

use aws_sdk_rds::types::{
    AccountQuota, BlueGreenDeployment, DbCluster, DbClusterSnapshot, DbInstance, GlobalCluster,
};
use stepwell_engine::{Fault, Timestamp};

use super::{Doomed, Obstacle, ask, ask_surely};
use crate::aurora::ClusterIdentity;
use crate::aws::states::{self, Phase};
use crate::aws::{Aws, rds};

/// The kind of the obstacle that a taken name of a snapshot is.
pub(crate) const SNAPSHOT_NAME: &str = "name of a snapshot";

/// How far the clocks of RDS and of this process may be apart: RDS refuses a
/// signature that is older.
const SKEW: i64 = 5 * 60 * 1000;

/// The quota that a final snapshot counts towards (RDS API reference,
/// `AccountQuota`).
const SNAPSHOTS: &str = "ManualClusterSnapshots";

/// The state of a cluster whose key can't be used for the time being: RDS has
/// stopped it, and deletes nothing of it (AWS re:Post, "How do I resolve an
/// inaccessible encryption state").
const LOCKED: &str = "inaccessible-encryption-credentials-recoverable";

/// The statement of the policy that allows these looks.
const STATEMENT: &str = "LookAtDatabases";

/// What a look at the cluster found.
pub(crate) struct ClusterLook {
    /// The cluster of the name, whichever it is.
    pub(crate) cluster: Option<DbCluster>,
    /// Whether an earlier `DeleteDBCluster` of this deletion was accepted, by
    /// the final snapshot that it began.
    pub(crate) was_asked: bool,
    /// What is in the way.
    pub(crate) obstacles: Vec<Obstacle>,
}

/// What a status means for a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// RDS deletes it, and takes a snapshot before.
    Ready,
    /// RDS deletes it, and takes no snapshot.
    Broken,
    /// Becomes ready by itself.
    Passing,
    /// Becomes ready once it is started.
    Stopped,
    /// On its way out.
    Going,
}

impl Readiness {
    /// What the status of a cluster means. RDS takes a final snapshot of an
    /// `available` cluster alone.
    pub(crate) fn of(cluster: &DbCluster) -> Self {
        match cluster.status().unwrap_or("unknown") {
            "available" => Self::Ready,
            "deleting" | "deleted" => Self::Going,
            "stopped" => Self::Stopped,
            status if states::of_cluster(status) == Phase::Failed => Self::Broken,
            _ => Self::Passing,
        }
    }
}

/// Looks at the cluster. `asked` is when this deletion got ready to ask RDS for
/// the cluster's deletion, if it has.
pub(crate) async fn look(
    aws: &Aws,
    doomed: &Doomed,
    asked: Option<Timestamp>,
) -> Result<ClusterLook, Fault> {
    let (region, name) = (&doomed.region, &doomed.cluster);
    let (cluster, globals, deployments, snapshot, quota) = tokio::try_join!(
        ask_surely(aws, STATEMENT, || rds::cluster(aws, region, name)),
        ask(aws, STATEMENT, || rds::global_clusters(aws, region)),
        ask(aws, STATEMENT, || rds::blue_green_deployments(aws, region)),
        snapshot(aws, doomed),
        quota(aws, doomed),
    )?;
    let mut found = ClusterLook {
        was_asked: false,
        obstacles: Vec::new(),
        cluster,
    };
    let Some(cluster) = &found.cluster else {
        return Ok(found);
    };
    if let Some(message) = (doomed.identity.as_ref()).and_then(|own| own.differs(cluster)) {
        found.obstacles.push(Obstacle::new(
            "cluster",
            name,
            message,
            "this deletion does not touch the other cluster; run `stepwell aurora delete` again to delete that one",
        ));
        return Ok(found);
    }
    let own = match &snapshot {
        Some(one) if is_final(one, cluster, asked) => Some(one),
        Some(one) if is_being_taken(aws, doomed, one, cluster).await? => Some(one),
        _ => None,
    };
    found.was_asked = own.is_some();
    let (obstacles, readiness) = (&mut found.obstacles, Readiness::of(cluster));
    if readiness != Readiness::Going {
        obstacles.extend(standing(doomed, cluster, &globals, &deployments));
    }
    if let Some(wanted) = &doomed.final_snapshot {
        let facts = (snapshot.as_ref(), own, quota.as_ref());
        obstacles.extend(keeping(doomed, wanted, readiness, cluster, facts));
    }
    Ok(found)
}

/// The snapshot of the name that is wanted.
async fn snapshot(aws: &Aws, doomed: &Doomed) -> Result<Option<DbClusterSnapshot>, Fault> {
    let Some(name) = &doomed.final_snapshot else {
        return Ok(None);
    };
    let read = || rds::cluster_snapshot(aws, &doomed.region, name);
    ask(aws, STATEMENT, read).await
}

/// The quota of snapshots, where one is wanted.
async fn quota(aws: &Aws, doomed: &Doomed) -> Result<Option<AccountQuota>, Fault> {
    if doomed.final_snapshot.is_none() {
        return Ok(None);
    }
    let read = || rds::quotas(aws, &doomed.region);
    let quotas = if aws.is_genuine() {
        ask(aws, "AskForQuotas", read).await?
    } else {
        // Some stand-ins for AWS have no quotas.
        read().await.unwrap_or_default()
    };
    Ok(quotas
        .into_iter()
        .find(|quota| quota.account_quota_name() == Some(SNAPSHOTS)))
}

/// Whether a snapshot is the one that this deletion had taken of the cluster.
fn is_final(snapshot: &DbClusterSnapshot, cluster: &DbCluster, asked: Option<Timestamp>) -> bool {
    let Some(asked) = asked else {
        return false;
    };
    let made = (snapshot.snapshot_create_time()).and_then(|at| at.to_millis().ok());
    ClusterIdentity::of(cluster).has(snapshot)
        && snapshot.status() != Some("failed")
        // One that is only just begun has no time yet.
        && made.is_none_or(|made| made + SKEW >= asked.0)
}

/// Whether a snapshot is the one that an earlier deletion had taken, which RDS has
/// accepted: the cluster shows `available` until its instances are gone. Of a
/// cluster whose every instance goes, a person has no snapshot taken.
async fn is_being_taken(
    aws: &Aws,
    doomed: &Doomed,
    snapshot: &DbClusterSnapshot,
    cluster: &DbCluster,
) -> Result<bool, Fault> {
    if !ClusterIdentity::of(cluster).has(snapshot) || snapshot.status() != Some("creating") {
        return Ok(false);
    }
    let read = || rds::instances(aws, &doomed.region, &doomed.cluster);
    let instances = ask(aws, STATEMENT, read).await?;
    let goes = |one: &DbInstance| one.db_instance_status() == Some("deleting");
    Ok(instances.iter().all(goes))
}

/// What keeps a cluster that is not going yet.
fn standing(
    doomed: &Doomed,
    cluster: &DbCluster,
    globals: &[GlobalCluster],
    deployments: &[BlueGreenDeployment],
) -> Vec<Obstacle> {
    let (region, name) = (&doomed.region, &doomed.cluster);
    let arn = cluster.db_cluster_arn().unwrap_or_default();
    let mut found = Vec::new();
    if cluster.deletion_protection() == Some(true) {
        found.push(Obstacle::new(
            "deletion protection",
            name,
            format!("cluster {name:?} is protected against deletion"),
            format!(
                "switch it off first: aws rds modify-db-cluster --region {region} --db-cluster-identifier {name} --no-deletion-protection"
            ),
        ));
    }
    if let Some(global) = global_of(cluster, arn, globals) {
        found.push(Obstacle::new(
            "global database",
            global,
            format!("cluster {name:?} is part of the global database {global:?}"),
            format!(
                "take it out first: aws rds remove-from-global-cluster --region {region} --global-cluster-identifier {global} --db-cluster-identifier {arn}"
            ),
        ));
    }
    let replicas = cluster.read_replica_identifiers();
    if !replicas.is_empty() {
        found.push(Obstacle::new(
            "replica",
            replicas.join(", "),
            format!("cluster {name:?} is the source of a replica: {}", replicas.join(", ")),
            "delete each replica first, or make it independent: aws rds promote-read-replica-db-cluster",
        ));
    }
    let source = cluster.replication_source_identifier();
    if let Some(source) = source.filter(|source| !source.is_empty()) {
        found.push(Obstacle::new(
            "replication source",
            source,
            format!("cluster {name:?} is a replica of {source}"),
            format!(
                "make it independent first: aws rds promote-read-replica-db-cluster --region {region} --db-cluster-identifier {name}"
            ),
        ));
    }
    if cluster.status() == Some(LOCKED) {
        found.push(Obstacle::new(
            "state",
            name,
            format!("cluster {name:?} is {LOCKED}, in which RDS deletes nothing of it"),
            format!(
                "enable its KMS key, then start it: aws rds start-db-cluster --region {region} --db-cluster-identifier {name}"
            ),
        ));
    }
    let takes_part = |one: &&BlueGreenDeployment| {
        let ended = matches!(one.status(), Some("SWITCHOVER_COMPLETED" | "DELETING"));
        !ended && !arn.is_empty() && [one.source(), one.target()].contains(&Some(arn))
    };
    for deployment in deployments.iter().filter(takes_part) {
        let id = deployment
            .blue_green_deployment_identifier()
            .unwrap_or_default();
        found.push(Obstacle::new(
            "blue/green deployment",
            id,
            format!("cluster {name:?} takes part in the blue/green deployment {id}"),
            format!(
                "delete it first: aws rds delete-blue-green-deployment --region {region} --blue-green-deployment-identifier {id}"
            ),
        ));
    }
    found
}

/// The global database that a cluster is part of, by its own word or the
/// database's.
fn global_of<'a>(
    cluster: &'a DbCluster,
    arn: &str,
    globals: &'a [GlobalCluster],
) -> Option<&'a str> {
    let own = cluster.global_cluster_identifier();
    own.filter(|id| !id.is_empty()).or_else(|| {
        let has = |global: &&GlobalCluster| {
            (global.global_cluster_members().iter()).any(|member| {
                member.db_cluster_arn() == Some(arn)
                    || member.readers().iter().any(|one| one == arn)
            })
        };
        let global = globals.iter().find(has).filter(|_| !arn.is_empty())?;
        global.global_cluster_identifier()
    })
}

/// The snapshot of the wanted name, the same if it is this deletion's own, and
/// the quota.
type Facts<'a> = (
    Option<&'a DbClusterSnapshot>,
    Option<&'a DbClusterSnapshot>,
    Option<&'a AccountQuota>,
);

/// What keeps the data from being kept.
fn keeping(
    doomed: &Doomed,
    wanted: &str,
    readiness: Readiness,
    cluster: &DbCluster,
    (snapshot, own, quota): Facts<'_>,
) -> Vec<Obstacle> {
    let (region, name) = (&doomed.region, &doomed.cluster);
    let mut found = Vec::new();
    if readiness == Readiness::Going {
        // Only the call that deletes a cluster has its final snapshot taken.
        let identity = ClusterIdentity::of(cluster);
        let taken = snapshot.is_some_and(|one| identity.has(one) && one.status() != Some("failed"));
        if !taken {
            found.push(Obstacle::new(
                "final snapshot",
                wanted,
                format!(
                    "cluster {name:?} is being deleted already, and not with the final snapshot {wanted:?}"
                ),
                "its data can't be kept any more; run the deletion again with --skip-final-snapshot to delete the rest",
            ));
        }
        return found;
    }
    if own.is_some() {
        return found;
    }
    if snapshot.is_some() {
        found.push(Obstacle::new(
            SNAPSHOT_NAME,
            wanted,
            format!("there is a snapshot {wanted:?} in {region} already, and not of this deletion"),
            "run the deletion again with another name for --final-snapshot",
        ));
    } else if let Some((used, max)) = quota.and_then(|quota| Some((quota.used()?, quota.max()?)))
        && used >= max
    {
        found.push(Obstacle::new(
            "quota of snapshots",
            wanted,
            format!("{region} has {used} of {max} manual cluster snapshots, and no room for {wanted:?}"),
            "delete one that is no longer needed or have the quota raised (ManualClusterSnapshots), or run the deletion again with --skip-final-snapshot",
        ));
    }
    if readiness == Readiness::Broken && cluster.status() != Some(LOCKED) {
        let status = cluster.status().unwrap_or("unknown");
        found.push(Obstacle::new(
            "state",
            name,
            format!(
                "cluster {name:?} is {status}, and RDS takes a snapshot only of an available one"
            ),
            "repair it first, or run the deletion again with --skip-final-snapshot",
        ));
    }
    found
}
