//! Names as AWS compares them, and who has them.

use stepwell_engine::Journal as _;
use stepwell_engine::machine::Status;
use stepwell_workflows::aurora::{DeleteOptions, survey_delete};
use stepwell_workflows::{Workflow, resume_refusal};

use super::created;
use crate::scripts::Hand;
use crate::support::{REGION, Wanted, World, ended_well, memory, options};

/// Deletes a cluster of any name.
async fn delete(world: &World, cluster: &str) {
    let request = DeleteOptions {
        cluster: cluster.to_owned(),
        region: REGION.to_owned(),
        final_snapshot: None,
    };
    let request = request.validate().expect("a name");
    let found = survey_delete(&world.aws, &request).await.expect("survey");
    assert!(!found.is_empty());
    let report = world.delete(memory(), world.run_id(), &found).await;
    let report = report.expect("run");
    assert!(ended_well(&report), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_of_mixed_case_goes_without_rest() {
    for name in ["gh-Octo", "gh-octo"] {
        let world = World::new().await;
        let hand = Hand::at(&world, REGION);
        hand.aurora_create("gh-Octo", "192.168.5", 1).await;
        delete(&world, name).await;
        assert_eq!(world.census().values().sum::<usize>(), 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_of_sixty_letters_goes_too() {
    let world = World::new().await;
    let name = format!("k{}", "x".repeat(58));
    let hand = Hand::at(&world, REGION);
    hand.aurora_create(&name, "192.168.5", 0).await;
    delete(&world, &name).await;
    assert_eq!(world.census().values().sum::<usize>(), 0);
}

/// Another cluster that has got the name is neither touched nor waited for.
#[tokio::test(start_paused = true)]
async fn another_cluster_of_the_name_is_refused_with_both_identities() {
    let world = World::new().await;
    created(&world, 1, false).await;
    let found = world.survey_delete(None).await.expect("survey");
    let own = found.inventory.cluster.clone().expect("a cluster");
    super::deleted(&world, None).await;
    let made = world.create(memory(), world.run_id(), options(1), Wanted::default());
    assert!(ended_well(&made.await.expect("run")));
    let other = world.survey_delete(None).await.expect("survey");
    let other = other.inventory.cluster.expect("a cluster");
    let before = world.account.inventory().expect("inventory");

    let (journal, run) = (memory(), world.run_id());
    let report = world.delete(journal.clone(), run, &found).await;
    let report = report.expect("run");
    assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
    let (_, fault) = report.fault.expect("a fault");
    let events = journal.load(run).await.expect("load");
    let refusal = resume_refusal(&world.aws, Workflow::AuroraDelete.name(), &events).await;
    let refusal = refusal.expect("a look").expect("a refusal");
    for text in [&fault.message, &refusal.message] {
        assert!(text.contains(&own.resource_id), "{text}");
        assert!(text.contains(&other.resource_id), "{text}");
    }
    let mut after = world.account.inventory().expect("inventory");
    let mut before = before;
    for one in [&mut after, &mut before] {
        forget_signs(one);
    }
    assert_eq!(after, before);
}

/// Signs of life change nothing of what is there.
fn forget_signs(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(all) => {
            all.remove("stepwell:alive");
            all.values_mut().for_each(forget_signs);
        }
        serde_json::Value::Array(all) => all.iter_mut().for_each(forget_signs),
        _ => {}
    }
}
