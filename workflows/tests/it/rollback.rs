//! What a rollback takes away for good, and what is kept of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stepwell_engine::event::{End, OnFailure};
use stepwell_engine::machine::Status;
use stepwell_engine::{Event, Journal as _, Machine, MemoryJournal, RollbackRequest, RunId};
use stepwell_workflows::aurora::{AtStake, RollbackOptions, at_stake};

use crate::strikes::{Strike, dying, until_death};
use crate::support::{REGION, Wanted, World, element, ended_well, memory, options, rolled_back};

fn keeping() -> RollbackRequest {
    RollbackRequest {
        options: Some(json!({"final_snapshot": "last"})),
        ..RollbackRequest::default()
    }
}

/// A create that ended well, or was stopped by a call that fails.
async fn created(world: &World, fails: Option<&str>) -> (Arc<MemoryJournal>, RunId) {
    let (journal, run) = (memory(), world.run_id());
    if let Some(operation) = fails {
        world.fails(operation, "ExpiredToken", Some(1));
    }
    let wanted = Wanted::default();
    let report = world.create(journal.clone(), run, options(1), wanted).await;
    let report = report.expect("run");
    assert_eq!(ended_well(&report), fails.is_none(), "{report:?}");
    (journal, run)
}

async fn stake(world: &World, events: &[Event]) -> Option<AtStake> {
    let machine = Machine::replay(events).expect("a history");
    let found = at_stake(&world.aws, &machine, &[]).await;
    found.expect("aws answers")
}

fn kept(world: &World) -> Vec<String> {
    (world.resources().into_iter())
        .filter(|resource| resource.kind == "db-cluster-snapshot" && resource.state == "available")
        .map(|resource| resource.id)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_the_run_made_is_at_stake_whether_it_serves_or_not() {
    for (fails, serves) in [
        (None, Some(true)),
        (Some("CreateDBInstance"), Some(false)),
        (Some("CreateDBCluster"), None),
    ] {
        let world = World::hurried().await;
        let (journal, run) = created(&world, fails).await;
        let events = journal.load(run).await.expect("load");
        let found = stake(&world, &events).await;
        assert_eq!(
            found.as_ref().map(|stake| stake.serves),
            serves,
            "{fails:?}"
        );
        let Some(found) = found else { continue };
        let question = found.question(&RollbackOptions::default());
        let id = &found.identity.resource_id;
        for part in ["\"keycloak\"", REGION, id, "with all its data"] {
            assert!(question.contains(part), "{question}");
        }
        assert_eq!(
            question.contains("keycloak-instance-1 (available)"),
            fails.is_none()
        );
        let options = RollbackOptions::keeping("Last").expect("a name");
        let question = found.question(&options);
        assert!(
            question.ends_with("whose data is kept in snapshot \"last\""),
            "{question}"
        );
        // What is passed over stays.
        let passed = ["cluster".into()];
        let machine = Machine::replay(&events).expect("a history");
        let none = at_stake(&world.aws, &machine, &passed).await;
        assert_eq!(none.expect("aws answers"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_run_has_taken_over_is_not_at_stake() {
    let world = World::hurried().await;
    let (journal, run) = created(&world, None).await;
    let cluster = world.call("rds", "Action=DescribeDBClusters").await;
    let arn = element(&cluster, "DBClusterArn");
    let form = format!(
        "Action=AddTagsToResource&ResourceName={arn}&Tags.Tag.1.Key=stepwell:run&Tags.Tag.1.Value=other"
    );
    world.call("rds", &form).await;
    let events = journal.load(run).await.expect("load");
    assert_eq!(stake(&world, &events).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_can_not_be_taken_is_refused_before() {
    let world = World::hurried().await;
    let (journal, run) = created(&world, None).await;
    let form = "Action=CreateDBClusterSnapshot&DBClusterIdentifier=keycloak&DBClusterSnapshotIdentifier=last";
    world.call("rds", form).await;
    let events = journal.load(run).await.expect("load");
    let stake = stake(&world, &events).await.expect("a cluster");
    let options = RollbackOptions::keeping("last").expect("a name");
    let refused = stake.snapshot_refusal(&world.aws, &options).await;
    let refused = refused.expect("aws answers").expect("a refusal");
    assert!(
        refused.message.contains("there is a snapshot \"last\""),
        "{refused:?}"
    );
    let free = RollbackOptions::keeping("other").expect("a name");
    let free = stake.snapshot_refusal(&world.aws, &free).await;
    assert_eq!(free, Ok(None));
}

/// The rollback dies at each append, and another process that was told nothing
/// continues it: everything is gone, and the data is kept.
#[tokio::test(start_paused = true)]
async fn the_snapshot_is_kept_wherever_the_rollback_dies() {
    let mut deaths = 0;
    for at in 1.. {
        let world = World::hurried().await.detached().await;
        let (journal, run) = created(&world, None).await;
        let dying = dying(journal.clone(), at, Strike::After);
        let work = world.rollback_as(dying.clone(), run, keeping());
        let lived = until_death(&dying, work).await;
        if lived.is_none() {
            deaths += 1;
            let events = journal.load(run).await.expect("load");
            let machine = Machine::replay(&events).expect("a history");
            if !matches!(machine.status(), Status::Ended(End::RolledBack { .. })) {
                let report = world.resume(journal, run).await.expect("resume");
                assert!(rolled_back(&report), "append {at}: {report:?}");
            }
        }
        assert_eq!(kept(&world), ["last"], "append {at}");
        assert_eq!(
            world.resources().len(),
            1,
            "append {at}: {:?}",
            world.resources()
        );
        if lived.is_some() {
            break;
        }
    }
    assert!(deaths > 5, "{deaths}");
}

#[tokio::test(start_paused = true)]
async fn a_rollback_that_a_failure_began_can_be_told_to_keep_the_data() {
    let world = World::hurried().await;
    world.fails("CreateDBInstance", "InvalidParameterCombination", Some(1));
    world.fails("DeleteDBCluster", "ExpiredToken", Some(1));
    let (journal, run) = (memory(), world.run_id());
    let wanted = Wanted {
        on_failure: OnFailure::Rollback,
        ..Wanted::default()
    };
    let report = world.create(journal.clone(), run, options(1), wanted).await;
    assert!(matches!(report.expect("run").status, Status::Suspended(_)));
    let report = world.rollback_as(journal, run, keeping()).await;
    let report = report.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(kept(&world), ["last"]);
}

/// A cluster that someone else deletes without a snapshot was not kept, and is not
/// said to be.
#[tokio::test(start_paused = true)]
async fn a_snapshot_that_nobody_took_is_not_believed() {
    let world = World::hurried().await;
    let (journal, run) = created(&world, None).await;
    world
        .call("rds", "Action=DeleteDBInstance&DBInstanceIdentifier=keycloak-instance-1&SkipFinalSnapshot=true")
        .await;
    world
        .call(
            "rds",
            "Action=DeleteDBCluster&DBClusterIdentifier=keycloak&SkipFinalSnapshot=true",
        )
        .await;
    // The state lags behind the deletion.
    world.clock.sleep(Duration::from_secs(30)).await;
    let events = journal.load(run).await.expect("load");
    assert_eq!(stake(&world, &events).await, None, "it goes already");
    let report = world.rollback_as(journal, run, keeping()).await;
    let Status::Ended(End::Stuck { leftovers }) = report.expect("rollback").status else {
        panic!("not stuck");
    };
    let cluster = leftovers.iter().find(|left| *left.step == *"cluster");
    let why = &cluster.expect("the cluster").why;
    assert!(why.contains("there is no snapshot \"last\""), "{why}");
}

/// The command asks before a rollback begins; what comes after that, or meets a
/// create that fails and undoes itself, is for the steps to see.
#[tokio::test(start_paused = true)]
async fn data_stays_where_the_network_could_not_go_with_it() {
    for fails in [None, Some("CreateDBInstance")] {
        let world = World::hurried().await;
        let (journal, run) = created(&world, fails).await;
        let vpcs = "Action=DescribeVpcs&Filter.1.Name=tag-key&Filter.1.Value.1=AuroraCluster";
        let vpc = element(&world.call("ec2", vpcs).await, "vpcId");
        let form = format!("Action=CreateNetworkAcl&VpcId={vpc}");
        let acl = element(&world.call("ec2", &form).await, "networkAclId");
        world.clock.sleep(Duration::from_secs(60)).await;
        let data = || {
            let mut all = world.resources();
            all.retain(|one| one.kind.starts_with("db-"));
            all
        };
        let whole = data();
        assert!(whole.len() > 1, "{whole:?}");

        let report = world.rollback(journal.clone(), run).await.expect("run");
        assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
        let fault = report.fault.expect("a fault").1.to_string();
        assert!(fault.contains(&acl), "{fault}");
        assert_eq!(data(), whole, "{fails:?}");

        let form = format!("Action=DeleteNetworkAcl&NetworkAclId={acl}");
        world.call("ec2", &form).await;
        let report = world.resume(journal, run).await.expect("run");
        assert!(rolled_back(&report), "{report:?}");
        assert_eq!(world.census().values().sum::<usize>(), 0);
    }
}
