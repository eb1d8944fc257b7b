//! What a dead run left belongs to the run that takes it over: that one undoes
//! it, and the dead one no longer does.

use std::sync::Arc;

use serde_json::Value;
use stepwell_engine::Machine;
use stepwell_engine::event::{EventBody, Outcome, Verb};
use stepwell_engine::{Journal as _, MemoryJournal, RunId};
use stepwell_sandbox::Resource;
use stepwell_workflows::aurora::{at_stake, survey_create};
use stepwell_workflows::{resume_refusal, rollback_refusal};

use super::{MINUTE, VALID, clean, create, create_again, die_at, survey};
use crate::strikes::{Blow, Strike, Striker, dying, until_death};
use crate::support::{Wanted, World, ended_well, memory, options, rolled_back};

const CREATE: &str = "aurora create";

/// What is there of a cluster and what holds it, without what AWS makes itself.
fn things(world: &World) -> Vec<Resource> {
    let all = world.resources().into_iter();
    all.filter(|one| !["network-interface", "secret"].contains(&one.kind.as_str()))
        .collect()
}

fn inventory(world: &World) -> Value {
    world.account.inventory().expect("inventory")
}

/// A run of two instances that dies after so many minutes, and its journal.
async fn dead(world: &World, minutes: u32) -> (Arc<MemoryJournal>, RunId) {
    let (journal, run) = (memory(), world.run_id());
    tokio::select! {
        biased;
        report = world.create(journal.clone(), run, options(2), Wanted::default()) => {
            panic!("{report:?}")
        }
        () = world.clock.sleep(MINUTE * minutes) => {}
    }
    world.clock.sleep(VALID + MINUTE).await;
    (journal, run)
}

/// Begins a create, and whether it has ended well.
async fn begin(world: &World, journal: Arc<MemoryJournal>, run: RunId) -> bool {
    let report = world.create(journal, run, options(2), Wanted::default());
    ended_well(&report.await.expect("run"))
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_over_bears_the_tags_of_its_new_owner() {
    let world = World::new().await;
    // Dies when the cluster is there and its first instance refused.
    world.fails("CreateDBInstance", "ExpiredToken", None);
    let (_, first) = dead_before_instances(&world).await;
    let other = world.other_process(0).await;
    let (journal, run) = (memory(), other.run_id());
    assert!(begin(&other, journal.clone(), run).await);
    for one in things(&world) {
        let of = one.tags.get("stepwell:run");
        assert_eq!(of, Some(&run.to_string()), "{one:?}");
    }
    let step = |kind: &str| {
        let all = things(&world);
        let one = all.iter().find(|one| one.kind == kind).expect(kind).clone();
        one.tags["stepwell:step"].clone()
    };
    for kind in ["vpc", "subnet", "security-group", "db-cluster"] {
        assert_eq!(step(kind), "take-over", "{kind}");
    }
    assert_eq!(step("db-instance"), "instance-1");
    // It is in the plan and in the history, with whom it was taken from.
    let events = journal.load(run).await.expect("load");
    let EventBody::RunCreated(created) = &events[0].body else {
        panic!("no beginning");
    };
    assert_eq!(&*created.steps[0].name, "take-over");
    let from = &created.parameters["take_over"]["runs"];
    assert_eq!(from[0], first.to_string());
}

/// A run that is suspended with a cluster and no instances.
async fn dead_before_instances(world: &World) -> (Arc<MemoryJournal>, RunId) {
    let (journal, run) = (memory(), world.run_id());
    let report = world
        .create(journal.clone(), run, options(2), Wanted::default())
        .await
        .expect("run");
    assert!(!ended_well(&report), "{report:?}");
    world.account.clear_faults().expect("no faults");
    world.clock.sleep(VALID).await;
    (journal, run)
}

#[tokio::test(start_paused = true)]
async fn a_rollback_undoes_what_was_taken_over_too() {
    for minutes in [1, 2, 5] {
        let world = World::new().await;
        let before = inventory(&world);
        dead(&world, minutes).await;
        // It did not finish what it had begun.
        let other = world.other_process(0).await;
        let (journal, run) = (memory(), other.run_id());
        if survey(&other).await.is_err() {
            continue;
        }
        assert!(begin(&other, journal.clone(), run).await, "{minutes}");
        let report = other.rollback(journal, run).await.expect("rollback");
        assert!(rolled_back(&report), "{minutes}: {report:?}");
        assert_eq!(inventory(&world), before, "{minutes}");
    }
}

/// Rolling back the run that took a cluster over deletes it, so that is asked.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_was_taken_over_is_at_stake() {
    let world = World::new().await;
    world.fails("CreateDBInstance", "ExpiredToken", None);
    dead_before_instances(&world).await;
    let other = world.other_process(0).await;
    let (journal, run) = (memory(), other.run_id());
    assert!(begin(&other, journal.clone(), run).await);
    let events = journal.load(run).await.expect("load");
    let found = at_stake(
        &other.aws,
        &Machine::replay(&events).expect("a history"),
        &[],
    )
    .await;
    let stake = found.expect("an answer").expect("a cluster");
    assert_eq!(stake.identity.cluster, "keycloak");
    assert!(stake.serves);
    assert_eq!(stake.instances.len(), 2);
}

/// The dead run is brought to its end, and leaves what is the other's.
#[tokio::test(start_paused = true)]
async fn a_dead_run_leaves_what_another_has_taken_over() {
    let world = World::new().await;
    world.fails("CreateDBInstance", "ExpiredToken", None);
    let (journal, run) = dead_before_instances(&world).await;
    let other = world.other_process(0).await;
    let heir = other.run_id();
    assert!(begin(&other, memory(), heir).await);
    let whole = inventory(&world);

    let events = journal.load(run).await.expect("load");
    let refused = resume_refusal(&world.aws, CREATE, &events).await;
    let refusal = refused.expect("an answer").expect("a refusal");
    assert!(refusal.message.contains(&heir.to_string()), "{refusal:?}");
    assert!(refusal.hint.contains("rollback"), "{refusal:?}");
    let allowed = rollback_refusal(&world.aws, CREATE, &events).await;
    assert_eq!(allowed.expect("an answer"), None);
    let report = world
        .rollback(journal.clone(), run)
        .await
        .expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(inventory(&world), whole);
    let events = journal.load(run).await.expect("load");
    let owners: Vec<&String> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::AttemptSucceeded {
                verb: Verb::Undo,
                outcome: Outcome::Kept { owner: Some(owner) },
                ..
            } => Some(owner),
            _ => None,
        })
        .collect();
    assert!(owners.len() >= 6, "{owners:?}");
    assert!(owners.iter().all(|owner| **owner == format!("run {heir}")));
}

#[tokio::test(start_paused = true)]
async fn a_second_create_that_fails_undoes_what_it_took_over_as_well() {
    let clean = clean().await;
    let mut failed = 0;
    for number in 1..=clean.mutating {
        // The first effect of the second create, one in the middle, the last.
        for strike in [1, (clean.mutating - number) / 2, clean.mutating - number] {
            let world = World::new().await;
            let before = inventory(&world);
            let struck = die_at(&world, number, Blow::DeathAfter).await;
            world.clock.sleep(VALID + MINUTE).await;
            let other = world.other_process(0).await;
            if survey(&other).await.is_err() {
                continue;
            }
            let striker = Striker::new(strike.max(1), Blow::Refused, true);
            other.account.set_hook(Some(striker.clone()));
            let report = create(&other).await;
            let context = format!(
                "died at call {number} {struck:?}, refused {:?}",
                striker.struck()
            );
            if striker.struck().is_none() {
                assert!(ended_well(&report), "{context}: {report:?}");
                continue;
            }
            failed += 1;
            assert!(rolled_back(&report), "{context}: {report:?}");
            // A network interface outlives its instance by some time.
            world.clock.sleep(5 * MINUTE).await;
            other.account.set_hook(None);
            let tagging = ["AddTagsToResource", "CreateTags"];
            if striker.struck().is_some_and(|one| tagging.contains(&&*one)) {
                // What it had not taken over is the dead run's, and completed.
                create_again(&other, &clean, &context).await;
            } else {
                assert_eq!(inventory(&world), before, "{context}");
            }
        }
    }
    println!("{failed} second creates failed");
    assert!(failed >= 20, "{failed}");
}

/// The take-over dies at each of its calls and appends, and goes on or is
/// undone from there.
#[tokio::test(start_paused = true)]
async fn a_take_over_can_be_killed_anywhere() {
    let mut cases = 0;
    for back in [false, true] {
        for number in 1.. {
            let world = World::new().await;
            let before = inventory(&world);
            world.fails("CreateDBInstance", "ExpiredToken", None);
            dead_before_instances(&world).await;
            let other = world.other_process(0).await;
            let striker = Striker::new(number, Blow::DeathAfter, true);
            other.account.set_hook(Some(striker.clone()));
            let (journal, run) = (memory(), other.run_id());
            let died = tokio::select! {
                biased;
                () = striker.died.notified() => true,
                well = begin(&other, journal.clone(), run) => { assert!(well); false }
            };
            other.account.set_hook(None);
            let struck = striker.struck().unwrap_or_default();
            if !died || !["AddTagsToResource", "CreateTags"].contains(&&*struck) {
                break;
            }
            cases += 1;
            let context = format!("{struck}, call {number}, back {back}");
            if back {
                let events = journal.load(run).await.expect("load");
                let refused = rollback_refusal(&other.aws, CREATE, &events).await;
                assert_eq!(refused.expect("an answer"), None, "{context}");
                let report = other.rollback(journal, run).await.expect("rollback");
                assert!(rolled_back(&report), "{context}: {report:?}");
                // What was not taken over yet is the dead run's, and completed.
                let report = create(&other.other_process(0).await).await;
                assert!(ended_well(&report), "{context}: {report:?}");
            } else {
                let report = other.resume(journal.clone(), run).await.expect("resume");
                assert!(ended_well(&report), "{context}: {report:?}");
                let report = other.rollback(journal, run).await.expect("rollback");
                assert!(rolled_back(&report), "{context}: {report:?}");
                assert_eq!(inventory(&world), before, "{context}");
            }
        }
    }
    println!("{cases} deaths in a take-over");
    assert!(cases >= 6, "{cases}");
}

/// Its undo dies at each of its appends and calls.
#[tokio::test(start_paused = true)]
async fn the_undo_of_a_take_over_can_be_killed_anywhere() {
    let mut cases = 0;
    for number in 1.. {
        let world = World::new().await;
        let before = inventory(&world);
        world.fails("CreateDBInstance", "ExpiredToken", None);
        dead_before_instances(&world).await;
        let other = world.other_process(0).await;
        let (journal, run) = (memory(), other.run_id());
        assert!(begin(&other, journal.clone(), run).await);
        let striker = Striker::new(number, Blow::DeathAfter, true);
        other.account.set_hook(Some(striker.clone()));
        let died = tokio::select! {
            biased;
            () = striker.died.notified() => true,
            report = other.rollback(journal.clone(), run) => {
                assert!(rolled_back(&report.expect("rollback")));
                false
            }
        };
        other.account.set_hook(None);
        if died {
            cases += 1;
            let report = other.resume(journal, run).await.expect("resume");
            assert!(rolled_back(&report), "call {number}: {report:?}");
        }
        assert_eq!(inventory(&world), before, "call {number}");
        if !died {
            break;
        }
    }
    println!("{cases} deaths in the undo of a take-over");
    assert!(cases >= 8, "{cases}");
}

/// What scripts or people made is used as it is, and left.
#[tokio::test(start_paused = true)]
async fn what_scripts_made_is_neither_tagged_nor_undone() {
    let world = World::new().await;
    let vpc = "Action=CreateVpc&CidrBlock=10.9.0.0/24&TagSpecification.1.ResourceType=vpc";
    let tag = "TagSpecification.1.Tag.1.Key=AuroraCluster";
    let name = "TagSpecification.1.Tag.1.Value=KeyCloak";
    world.call("ec2", &format!("{vpc}&{tag}&{name}")).await;
    world.clock.sleep(MINUTE).await;
    let before = inventory(&world);
    let request = options(2).validate(None).expect("valid");
    let parameters = survey_create(&world.aws, &request).await.expect("survey");
    assert_eq!(parameters.take_over, None);
    let (journal, run) = (memory(), world.run_id());
    let striker = Striker::new(6, Blow::Refused, true);
    world.account.set_hook(Some(striker));
    assert!(!begin(&world, journal, run).await);
    world.account.set_hook(None);
    world.clock.sleep(5 * MINUTE).await;
    assert_eq!(inventory(&world), before);
}

/// Two that are started at once: what appears after the survey is the other's.
#[tokio::test(start_paused = true)]
async fn what_another_run_made_since_the_survey_is_not_built_on() {
    let world = World::new().await;
    let other = world.other_process(0).await;
    let parameters = survey(&other).await.expect("survey");
    let journal = dying(memory(), 6, Strike::After);
    let run = world.run_id();
    let work = world.create(journal.clone(), run, options(2), Wanted::default());
    assert!(until_death(&journal, work).await.is_none());
    world.clock.sleep(VALID + MINUTE).await;
    let left = inventory(&world);
    let second = other.run_id();
    let report = other
        .start_create(memory(), second, &parameters, Wanted::default())
        .await
        .expect("run");
    assert!(rolled_back(&report), "{report:?}");
    let (_, fault) = report.fault.expect("a fault");
    assert!(fault.message.contains(&run.to_string()), "{fault}");
    assert_eq!(inventory(&world), left);
}

/// Between the take-over and its end, nobody may take the other part away.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_half_taken_over_is_not_rolled_back() {
    let world = World::new().await;
    world.fails("CreateDBInstance", "ExpiredToken", None);
    let (journal, run) = dead_before_instances(&world).await;
    let other = world.other_process(0).await;
    // After the cluster, before the VPC.
    let striker = Striker::new(1, Blow::DeathAfter, true);
    other.account.set_hook(Some(striker.clone()));
    tokio::select! {
        biased;
        () = striker.died.notified() => {}
        well = begin(&other, memory(), other.run_id()) => panic!("{well}"),
    }
    other.account.set_hook(None);
    let events = journal.load(run).await.expect("load");
    for refused in [
        resume_refusal(&world.aws, CREATE, &events).await,
        rollback_refusal(&world.aws, CREATE, &events).await,
    ] {
        assert!(refused.expect("an answer").is_some());
    }
}
