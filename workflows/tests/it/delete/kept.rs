//! The last snapshot: none is told of that nobody took.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stepwell_engine::Journal as _;
use stepwell_engine::machine::Status;
use stepwell_sandbox::{Call, Hook, Verdict};
use stepwell_workflows::{Workflow, resume_refusal};

use super::{created, refused};
use crate::support::{World, ended_well, memory};

const DELETE_CLUSTER: &str =
    "Action=DeleteDBCluster&DBClusterIdentifier=keycloak&SkipFinalSnapshot=true";

/// What somebody does by hand: the instance and the cluster, without a snapshot.
async fn deleted_by_hand(world: &World) {
    let instance = "Action=DeleteDBInstance&DBInstanceIdentifier=keycloak-instance-1";
    world.call("rds", instance).await;
    world.call("rds", DELETE_CLUSTER).await;
    // Its state tells only when its instances are gone.
    let describe = "Action=DescribeDBClusters&DBClusterIdentifier=keycloak";
    while !world
        .call("rds", describe)
        .await
        .contains("<Status>deleting<")
    {
        world.clock.sleep(Duration::from_secs(5)).await;
    }
}

fn snapshots(world: &World) -> Vec<String> {
    let resources = world.resources().into_iter();
    let snapshots = resources.filter(|one| one.kind == "db-cluster-snapshot");
    snapshots.map(|one| one.id).collect()
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_of_a_cluster_that_is_being_deleted_is_refused() {
    let world = World::new().await;
    created(&world, 1, false).await;
    deleted_by_hand(&world).await;
    let (message, hint) = refused(&world, Some("last")).await;
    assert!(message.contains("being deleted already"), "{message}");
    assert!(hint.contains("--skip-final-snapshot"), "{hint}");
    super::deleted(&world, None).await;
    assert_eq!(world.census().values().sum::<usize>(), 0);
}

/// A deletion that died right after RDS had accepted it, and is begun anew: the
/// cluster shows `available` for minutes more, and its snapshot has the name.
#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_accepted_is_begun_anew_with_its_snapshot() {
    let world = World::new().await;
    created(&world, 1, false).await;
    let instance = "Action=DeleteDBInstance&DBInstanceIdentifier=keycloak-instance-1";
    world.call("rds", instance).await;
    let kept = "Action=DeleteDBCluster&DBClusterIdentifier=keycloak&FinalDBSnapshotIdentifier=last";
    world.call("rds", kept).await;
    let describe = "Action=DescribeDBClusters&DBClusterIdentifier=keycloak";
    let shown = world.call("rds", describe).await;
    assert!(shown.contains("<Status>available<"), "{shown}");
    super::deleted(&world, Some("last")).await;
    assert_eq!(snapshots(&world), ["last"]);
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_somebody_deletes_meanwhile_is_not_called_kept() {
    let world = World::new().await;
    created(&world, 1, false).await;
    let found = world.survey_delete(Some("last")).await.expect("survey");
    deleted_by_hand(&world).await;
    let (journal, run) = (memory(), world.run_id());
    let report = world.delete(journal.clone(), run, &found).await;
    let report = report.expect("run");
    assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
    let (_, fault) = report.fault.expect("a fault");
    assert!(fault.message.contains("being deleted already"), "{fault}");
    let events = journal.load(run).await.expect("load");
    let refusal = resume_refusal(&world.aws, Workflow::AuroraDelete.name(), &events).await;
    assert!(refusal.expect("a look").is_some());
}

/// Loses the answer of the first call of an operation, after its effect.
struct Loses(&'static str, AtomicBool);

impl Hook for Loses {
    fn before(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }

    fn after(&self, call: &Call) -> Verdict {
        if call.operation == self.0 && !self.1.swap(true, Ordering::SeqCst) {
            return Verdict::Lose;
        }
        Verdict::Proceed
    }
}

/// RDS shows the cluster as available after it has accepted its deletion, so a
/// call whose answer was lost is made again.
#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_the_clusters_deletion_is_no_failure() {
    for snapshot in [Some("last"), None] {
        let world = World::new().await;
        created(&world, 2, false).await;
        let found = world.survey_delete(snapshot).await.expect("survey");
        let hook = Arc::new(Loses("DeleteDBCluster", AtomicBool::new(false)));
        world.account.set_hook(Some(hook.clone()));
        let report = world.delete(memory(), world.run_id(), &found).await;
        let report = report.expect("run");
        assert!(ended_well(&report), "{report:?}");
        assert!(hook.1.load(Ordering::SeqCst));
        assert_eq!(snapshots(&world).len(), usize::from(snapshot.is_some()));
        assert_eq!(
            report.output.expect("output")["final_snapshot"].as_str(),
            snapshot
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_gets_the_name_meanwhile_keeps_the_data_whole() {
    let world = World::new().await;
    created(&world, 1, false).await;
    let found = world.survey_delete(Some("last")).await.expect("survey");
    let form = "Action=CreateDBClusterSnapshot&DBClusterIdentifier=keycloak&DBClusterSnapshotIdentifier=last";
    world.call("rds", form).await;
    let report = world.delete(memory(), world.run_id(), &found).await;
    let (_, fault) = report.expect("run").fault.expect("a fault");
    assert!(fault.message.contains("\"last\""), "{fault}");
    assert_eq!(world.census().get("db-instance available"), Some(&1));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_for_which_there_is_no_room_is_refused() {
    let world = World::with(|options| options.quotas.snapshots = 0).await;
    created(&world, 1, false).await;
    let (message, hint) = refused(&world, Some("last")).await;
    assert!(
        message.contains("0 of 0 manual cluster snapshots"),
        "{message}"
    );
    assert!(hint.contains("ManualClusterSnapshots"), "{hint}");
    super::deleted(&world, None).await;
}

/// The state from which RDS takes no snapshot and deletes all the same.
#[tokio::test(start_paused = true)]
async fn a_broken_cluster_is_deleted_only_without_a_snapshot() {
    let world = World::new().await;
    created(&world, 1, false).await;
    let kind = stepwell_sandbox::Database::Cluster;
    let set = |status| {
        let region = crate::support::REGION;
        let account = &world.account;
        account
            .set_status(region, kind, "keycloak", status, None)
            .expect("a status");
    };
    set("inaccessible-encryption-credentials-recoverable");
    let (message, hint) = refused(&world, None).await;
    assert!(message.contains("recoverable"), "{message}");
    assert!(hint.contains("KMS key"), "{hint}");
    set("inaccessible-encryption-credentials");
    let (message, _) = refused(&world, Some("last")).await;
    assert!(
        message.contains("inaccessible-encryption-credentials"),
        "{message}"
    );
    super::deleted(&world, None).await;
    assert_eq!(world.census().values().sum::<usize>(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_snapshot_is_told_of_where_there_is_no_cluster() {
    let world = World::new().await;
    created(&world, 1, false).await;
    deleted_by_hand(&world).await;
    world.clock.sleep(Duration::from_secs(10 * 60)).await;
    let found = world.survey_delete(Some("last")).await.expect("survey");
    assert!(!found.is_empty());
    assert_eq!(found.final_snapshot, None);
}

/// RDS took the deletion, and the cluster is there as if nobody had asked.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_stays_available_is_named_within_half_an_hour() {
    let world = World::new().await;
    created(&world, 1, false).await;
    let found = world.survey_delete(None).await.expect("survey");
    world.fails("DeleteDBCluster", "DBClusterNotFoundFault", Some(3));
    let started = world.clock.elapsed();
    let report = world.delete(memory(), world.run_id(), &found).await;
    let (step, fault) = report.expect("run").fault.expect("a fault");
    assert_eq!(&*step, "cluster-gone");
    assert!(fault.message.contains("available again"), "{fault}");
    assert!(
        fault
            .hint
            .is_some_and(|hint| hint.contains("`stepwell aurora delete`"))
    );
    assert!(world.clock.elapsed() - started < Duration::from_secs(40 * 60));
    super::deleted(&world, None).await;
}
