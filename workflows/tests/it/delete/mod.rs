//! What a delete takes, and what it refuses to take.

mod held;
mod kept;
mod names;

use stepwell_engine::Fault;
use stepwell_workflows::SurveyError;

use crate::support::{Wanted, World, ended_well, memory, options};

/// Runs a delete of what is found, which must end well.
async fn deleted(world: &World, snapshot: Option<&str>) {
    let found = world.survey_delete(snapshot).await.expect("survey");
    let report = world.delete(memory(), world.run_id(), &found).await;
    let report = report.expect("run");
    assert!(ended_well(&report), "{report:?}");
}

/// Why a delete is refused: message and hint.
async fn refused(world: &World, snapshot: Option<&str>) -> (String, String) {
    match world.survey_delete(snapshot).await {
        Err(SurveyError::Refused { message, hint }) => (message, hint),
        other => panic!("{other:?}"),
    }
}

async fn created(world: &World, instances: u32, protected: bool) {
    let mut wanted = options(instances);
    wanted.deletion_protection = protected;
    let report = world
        .create(memory(), world.run_id(), wanted, Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_delete_leaves_the_account_as_it_was() {
    let world = World::new().await;
    let before = world.account.inventory().expect("inventory");
    created(&world, 3, false).await;
    let found = world.survey_delete(None).await.expect("survey");
    assert!(!found.inventory.is_empty());
    assert_eq!(found.inventory.readers.len(), 2);
    let writers: Vec<&str> = (found.inventory.writers.iter())
        .map(|one| one.instance.as_str())
        .collect();
    assert_eq!(writers, ["keycloak-instance-1"]);
    let report = world
        .delete(memory(), world.run_id(), &found)
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
    let again = world.survey_delete(None).await.expect("survey");
    assert!(again.inventory.is_empty(), "{:?}", again.inventory);
}

#[tokio::test(start_paused = true)]
async fn a_final_snapshot_is_all_that_is_left() {
    let world = World::new().await;
    created(&world, 1, false).await;
    let found = world.survey_delete(Some("farewell")).await.expect("survey");
    let report = world
        .delete(memory(), world.run_id(), &found)
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    let left: Vec<_> = world
        .resources()
        .into_iter()
        .map(|r| (r.kind, r.id))
        .collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0].0, "db-cluster-snapshot");
    assert!(left[0].1.contains("farewell"), "{left:?}");
}

/// Else the instances would be gone before RDS says so.
#[tokio::test(start_paused = true)]
async fn a_snapshot_whose_name_is_taken_is_refused_before_anything_is_touched() {
    let world = World::new().await;
    for snapshot in [Some("farewell"), None] {
        created(&world, 1, false).await;
        let before = world.account.inventory().expect("inventory");
        if snapshot.is_none() {
            let refused = world.survey_delete(Some("farewell")).await;
            let Err(SurveyError::Invalid(invalid)) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(
                (invalid.input, invalid.value.as_str()),
                ("final-snapshot", "farewell")
            );
            assert_eq!(world.account.inventory().expect("inventory"), before);
        }
        let found = world.survey_delete(snapshot).await.expect("survey");
        let report = world
            .delete(memory(), world.run_id(), &found)
            .await
            .expect("run");
        assert!(ended_well(&report), "{report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_protected_cluster_is_refused_before_anything_is_touched() {
    let world = World::new().await;
    created(&world, 1, true).await;
    let before = world.account.inventory().expect("inventory");
    let calls = world.account.calls();
    let refused = world.survey_delete(None).await;
    let Err(SurveyError::Refused { message, hint }) = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("protected"), "{message}");
    assert!(hint.contains("--no-deletion-protection"), "{hint}");
    assert!(world.account.calls() > calls);
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

/// An exhaustive trial found this: one look that missed the cluster, and its
/// instances would have gone without a question.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_one_look_misses_is_still_protected() {
    let world = World::new().await;
    created(&world, 1, true).await;
    world.fails("DescribeDBClusters", "DBClusterNotFoundFault", Some(1));
    let refused = world.survey_delete(None).await;
    assert!(
        matches!(refused, Err(SurveyError::Refused { .. })),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_found_where_nothing_is() -> Result<(), Fault> {
    let world = World::new().await;
    let found = world.survey_delete(None).await.expect("survey");
    assert!(found.inventory.is_empty());
    let report = world
        .delete(memory(), world.run_id(), &found)
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    Ok(())
}
