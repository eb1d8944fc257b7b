//! The contract that every step keeps: whatever ran is found by its check;
//! running or undoing twice is as good as once.

use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::event::{EventBody, Outcome, Verb};
use stepwell_engine::testing::{forgotten, outcome_of};
use stepwell_engine::{Change, Event, Journal as _, MemoryJournal, RunId};
use stepwell_workflows::aurora::{create_graph, delete_graph, survey_create};

use crate::strikes::{Strike, dying, until_death};
use crate::support::{Wanted, World, ended_well, memory, options, rolled_back};
use crate::trial::{Stage as _, Trial};

async fn carried<T: Trial>(trial: &T, stage: &T::Stage, journal: Arc<MemoryJournal>, run: RunId) {
    let report = trial.begin(stage, journal, run).await.expect("survey");
    assert!(ended_well(&report), "{report:?}");
}

async fn journal_of(events: Vec<Event>) -> Arc<MemoryJournal> {
    let journal = memory();
    journal.append(events).await.expect("append");
    journal
}

/// Forgets that a step succeeded, with all that came after, and takes the run
/// up: every effect is found as this run's own and none is repeated. There must
/// be `least` effects.
pub(crate) async fn found_by_check(trial: &impl Trial, least: usize) {
    let stage = trial.stage().await;
    let world = stage.world();
    let (journal, run) = (memory(), world.run_id());
    carried(trial, &stage, journal.clone(), run).await;
    let events = journal.load(run).await.expect("load");
    let EventBody::RunCreated(created) = &events[0].body else {
        panic!("no beginning");
    };
    let mut steps = 0;
    for step in created.steps.iter() {
        let history = forgotten(&events, &step.name, Verb::Run).expect("a success");
        let forgetful = journal_of(history).await;
        let before = stage.inventory();
        let report = world.resume(forgetful.clone(), run).await.expect("resume");
        assert!(ended_well(&report), "{}: {report:?}", step.name);
        assert_eq!(stage.inventory(), before, "{} changed something", step.name);
        let again = forgetful.load(run).await.expect("load");
        let outcome = again
            .iter()
            .find_map(|event| outcome_of(event, &step.name, Verb::Run))
            .expect("outcome");
        if !step.effect.is_passive() && !trial.unreadable().contains(&&*step.name) {
            assert!(
                matches!(outcome, Outcome::Ours { .. }),
                "{}: {outcome:?}",
                step.name
            );
            steps += 1;
        }
    }
    println!("{steps} effects found again");
    assert!(steps >= least, "{steps}");
}

/// Undoes everything, forgets each undo in turn and undoes again. There must
/// be `least` undone steps.
pub(crate) async fn undone_again(trial: &impl Trial, least: usize) {
    let stage = trial.stage().await;
    let world = stage.world();
    let empty = stage.inventory();
    let (journal, run) = (memory(), world.run_id());
    carried(trial, &stage, journal.clone(), run).await;
    let report = world
        .rollback(journal.clone(), run)
        .await
        .expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    let events = journal.load(run).await.expect("load");
    let undone: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::AttemptSucceeded {
                step,
                verb: Verb::Undo,
                outcome,
                ..
            } => Some((step.clone(), outcome.clone())),
            _ => None,
        })
        .collect();
    assert!(undone.len() >= least, "{undone:?}");
    for (step, outcome) in &undone {
        assert_eq!(*outcome, Outcome::Undone, "{step}");
        let history = forgotten(&events, step, Verb::Undo).expect("an undo");
        let forgetful = journal_of(history).await;
        let report = world.resume(forgetful, run).await.expect("resume");
        assert!(rolled_back(&report), "{step}: {report:?}");
        assert_eq!(stage.inventory(), empty, "{step}");
    }
}

/// Undo before parents, children first: the order of the history says so.
pub(crate) async fn children_first(trial: &impl Trial) {
    let stage = trial.stage().await;
    let world = stage.world();
    let (journal, run) = (memory(), world.run_id());
    carried(trial, &stage, journal.clone(), run).await;
    world
        .rollback(journal.clone(), run)
        .await
        .expect("rollback");
    let events = journal.load(run).await.expect("load");
    let EventBody::RunCreated(created) = &events[0].body else {
        panic!("no beginning");
    };
    let started = |name: &str| {
        events.iter().position(|event| {
            matches!(&event.body, EventBody::AttemptStarted { step, verb: Verb::Undo, .. } if step.as_ref() == name)
        })
    };
    let done = |name: &str| {
        events
            .iter()
            .position(|event| outcome_of(event, name, Verb::Undo).is_some())
    };
    let mut pairs = 0;
    for child in created.steps.iter() {
        for parent in child.parents() {
            let parent = &created.steps[parent as usize];
            if let (Some(child), Some(parent)) = (done(&child.name), started(&parent.name)) {
                assert!(child < parent, "a parent was undone first");
                pairs += 1;
            }
        }
    }
    assert!(pairs > 0);
}

/// The plan says what would be made, keeps what is there, and changes nothing.
#[tokio::test(start_paused = true)]
async fn the_plan_only_reads() {
    let world = World::new().await;
    let request = options(2).validate(None).expect("valid");
    let parameters = survey_create(&world.aws, &request).await.expect("survey");
    let graph = create_graph(&parameters).expect("graph");
    let before = world.account.inventory().expect("inventory");
    let planned = world.plan(&graph).await;
    assert_eq!(world.account.inventory().expect("inventory"), before);
    assert!(
        planned
            .iter()
            .filter(|step| step.kind.starts_with("create"))
            .all(|step| step.change == Change::Create),
        "{planned:#?}"
    );

    // A create that was kept half-way is found by the plan of the same run.
    let (inner, run) = (memory(), world.run_id());
    let journal = dying(inner, 6, Strike::Before);
    let ended = until_death(
        &journal,
        world.create(journal.clone(), run, options(2), Wanted::default()),
    )
    .await;
    assert!(ended.is_none());
    // Until the dead process's sign of life counts for nothing.
    world.clock.sleep(Duration::from_secs(600)).await;
    let parameters = survey_create(&world.aws, &request).await.expect("survey");
    let graph = create_graph(&parameters).expect("graph");
    let before = world.account.inventory().expect("inventory");
    let other = world.plan(&graph).await;
    assert_eq!(world.account.inventory().expect("inventory"), before);
    let adopted = other.iter().filter(|step| step.change == Change::Adopt);
    assert!(adopted.count() > 0, "{other:#?}");

    let found = world.survey_delete(None).await.expect("survey");
    let graph = delete_graph(&found).expect("graph");
    let before = world.account.inventory().expect("inventory");
    let planned = world.plan(&graph).await;
    assert!(planned.iter().any(|step| step.change == Change::Delete));
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

/// Reads that miss what is there do not make a plan say that it would be made.
#[tokio::test(start_paused = true)]
async fn a_plan_looks_again_for_what_it_missed() {
    let world = World::new().await;
    let request = options(2).validate(None).expect("valid");
    let parameters = survey_create(&world.aws, &request).await;
    let graph = create_graph(&parameters.expect("survey")).expect("graph");
    let (run, how) = (world.run_id(), Wanted::default());
    let report = world.create(memory(), run, options(2), how).await;
    assert!(ended_well(&report.expect("create")));
    let reads = [
        ("DescribeDBClusters", "DBClusterNotFoundFault"),
        ("DescribeDBSubnetGroups", "DBSubnetGroupNotFoundFault"),
    ];
    for (operation, code) in reads {
        for times in [1, 2] {
            world.fails(operation, code, Some(times));
            let planned = world
                .plan_of(run, &graph, &stepwell_workflows::DOUBTS)
                .await;
            let made = planned.iter().filter(|step| step.change == Change::Create);
            assert_eq!(made.count(), 0, "{operation} {times}: {planned:#?}");
        }
    }
}
