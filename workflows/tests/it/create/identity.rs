//! Another cluster or instance of the same name is never touched.

use std::time::Duration;

use serde_json::Value;
use stepwell_engine::event::{EventBody, Outcome, Verb};
use stepwell_engine::{Event, Journal as _};
use stepwell_workflows::{resume_refusal, rollback_refusal};

use crate::support::{Wanted, World, element, ended_well, memory, options, rolled_back};

const CREATE: &str = "aurora create";

fn recorded(events: &[Event], wanted: &str) -> Value {
    let found = events.iter().find_map(|event| match &event.body {
        EventBody::AttemptSucceeded {
            step,
            verb: Verb::Run,
            outcome,
            ..
        } if **step == *wanted => outcome.output().cloned(),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("nothing of {wanted}"))
}

#[tokio::test(start_paused = true)]
async fn a_run_records_who_its_cluster_and_instances_are() {
    let world = World::new().await;
    let (journal, run) = (memory(), world.run_id());
    let report = world
        .create(journal.clone(), run, options(1), Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    let events = journal.load(run).await.expect("load");
    let form = "Action=DescribeDBClusters&DBClusterIdentifier=keycloak";
    let answer = world.call("rds", form).await;
    let id = element(&answer, "DbClusterResourceId");
    assert_eq!(recorded(&events, "cluster")["resource_id"], id.as_str());
    let form = "Action=DescribeDBInstances&DBInstanceIdentifier=keycloak-instance-1";
    let answer = world.call("rds", form).await;
    let id = element(&answer, "DbiResourceId");
    assert_eq!(recorded(&events, "instance-1")["resource_id"], id.as_str());
}

/// Deletes the cluster `keycloak` and makes another of the name in its place.
async fn replaced(world: &World) {
    let form = "Action=DeleteDBCluster&DBClusterIdentifier=keycloak&SkipFinalSnapshot=true";
    world.call("rds", form).await;
    world.clock.sleep(Duration::from_secs(600)).await;
    let form = "Action=CreateDBCluster&DBClusterIdentifier=keycloak&Engine=aurora-postgresql&EngineVersion=17.5&MasterUsername=another&MasterUserPassword=secret9999&DBSubnetGroupName=keycloak-subnet-group";
    world.call("rds", form).await;
    world.clock.sleep(Duration::from_secs(300)).await;
}

#[tokio::test(start_paused = true)]
async fn another_cluster_of_the_name_is_refused_and_left_alone() {
    let world = World::new().await;
    // Suspended with a cluster and no instance.
    world.fails("CreateDBInstance", "ExpiredToken", None);
    let (journal, run) = (memory(), world.run_id());
    let report = world
        .create(journal.clone(), run, options(1), Wanted::default())
        .await
        .expect("run");
    assert!(!ended_well(&report), "{report:?}");
    world.account.clear_faults().expect("no faults");
    world.clock.sleep(Duration::from_secs(300)).await;
    let events = journal.load(run).await.expect("load");
    let refused = resume_refusal(&world.aws, CREATE, &events).await;
    assert_eq!(refused.expect("an answer"), None);

    replaced(&world).await;
    let then = recorded(&events, "cluster")["resource_id"].clone();
    let now = world
        .call(
            "rds",
            "Action=DescribeDBClusters&DBClusterIdentifier=keycloak",
        )
        .await;
    let now = element(&now, "DbClusterResourceId");
    for refused in [
        resume_refusal(&world.aws, CREATE, &events).await,
        rollback_refusal(&world.aws, CREATE, &events).await,
    ] {
        let refusal = refused.expect("an answer").expect("a refusal");
        for id in [then.as_str().expect("an id"), now.as_str()] {
            assert!(refusal.message.contains(id), "{}", refusal.message);
        }
    }
    // The steps hold on their own as well, should the other come later.
    let report = world.resume(journal.clone(), run).await.expect("resume");
    assert!(!ended_well(&report), "{report:?}");
    let (_, fault) = report.fault.expect("a fault");
    assert!(fault.message.contains("another cluster"), "{fault}");
    let clusters = world.resources();
    let clusters = clusters.iter().filter(|one| one.kind == "db-cluster");
    assert_eq!(clusters.count(), 1);
    let events = journal.load(run).await.expect("load");
    let kept = events.iter().any(|event| {
        matches!(
            &event.body,
            EventBody::AttemptSucceeded { step, verb: Verb::Undo, outcome: Outcome::Kept { owner: Some(owner) }, .. }
                if &**step == "cluster" && owner.contains(&now)
        )
    });
    assert!(kept);
}

#[tokio::test(start_paused = true)]
async fn another_instance_of_the_name_is_left_alone() {
    let world = World::new().await;
    let (journal, run) = (memory(), world.run_id());
    let report = world
        .create(journal.clone(), run, options(2), Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    let form = "Action=DeleteDBInstance&DBInstanceIdentifier=keycloak-instance-2";
    world.call("rds", form).await;
    world.clock.sleep(Duration::from_secs(1200)).await;
    let form = "Action=CreateDBInstance&DBInstanceIdentifier=keycloak-instance-2&DBClusterIdentifier=keycloak&DBInstanceClass=db.r7g.large&Engine=aurora-postgresql";
    world.call("rds", form).await;
    world.clock.sleep(Duration::from_secs(1200)).await;
    // It holds the cluster, of which therefore nothing is deleted.
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(!rolled_back(&report), "{report:?}");
    let left = world.resources();
    let left: Vec<&str> = left
        .iter()
        .filter(|one| one.kind == "db-instance")
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(left, ["keycloak-instance-1", "keycloak-instance-2"]);
}

/// RDS takes the tags away from what is going: a rollback that goes on after a
/// kill waits for it all the same.
#[tokio::test(start_paused = true)]
async fn what_is_going_is_waited_for_though_its_tags_are_gone() {
    let world = World::new().await;
    let before = world.account.inventory().expect("inventory");
    let (journal, run) = (memory(), world.run_id());
    let report = world
        .create(journal.clone(), run, options(2), Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    // Dies while everything is going.
    tokio::select! {
        biased;
        report = world.rollback(journal.clone(), run) => panic!("{report:?}"),
        () = world.clock.sleep(Duration::from_secs(240)) => {}
    }
    let report = world.resume(journal, run).await.expect("resume");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
}
