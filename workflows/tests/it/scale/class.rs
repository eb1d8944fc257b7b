//! Going on with another instance class.

use std::sync::Arc;

use stepwell_engine::machine::Status;
use stepwell_engine::{Journal as _, MemoryJournal, ParameterChange, Report, RunError, RunId};
use stepwell_sandbox::{FaultEffect, FaultRule};
use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::change_class;

use super::{scale, survey};
use crate::support::{Wanted, World, actor, element, ended_well, memory, options};

const SMALL: &str = "db.r6g.xlarge";

/// Has no capacity for an instance of the class that the tests begin with.
fn no_capacity(world: &World, instance: &str) {
    let rule = FaultRule {
        operation: "CreateDBInstance".to_owned(),
        matches: vec![
            ("DBInstanceIdentifier".to_owned(), instance.to_owned()),
            ("DBInstanceClass".to_owned(), "db.r7g.xlarge".to_owned()),
        ],
        times: None,
        effect: FaultEffect::Error {
            code: "InsufficientDBInstanceCapacity".to_owned(),
        },
    };
    world.account.add_fault(rule).expect("a fault");
}

/// A create of two instances that stopped at one of them.
async fn stopped(at: &str) -> (World, Arc<MemoryJournal>, RunId) {
    let world = World::hurried().await;
    no_capacity(&world, at);
    let (journal, run) = (memory(), world.run_id());
    let wanted = Wanted {
        parallel: 1,
        ..Wanted::default()
    };
    let report = world.create(journal.clone(), run, options(2), wanted).await;
    let report = report.expect("run");
    assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
    (world, journal, run)
}

async fn change(
    world: &World,
    workflow: &str,
    (journal, run): (&Arc<MemoryJournal>, RunId),
    class: &str,
    mixed: bool,
) -> Result<Option<ParameterChange>, SurveyError> {
    let events = journal.load(run).await.expect("load");
    change_class(&world.aws, workflow, &events, class, mixed).await
}

async fn resume(
    world: &World,
    (journal, run): (&Arc<MemoryJournal>, RunId),
    change: ParameterChange,
) -> Result<Report, RunError> {
    let events = journal.load(run).await.expect("load");
    let executor = world.executor(journal.clone());
    executor.resume_changed(&events, actor(), change).await
}

/// The classes of the instances, in the order of their names.
async fn classes(world: &World) -> Vec<String> {
    let answer = world.call("rds", "Action=DescribeDBInstances").await;
    let mut found: Vec<(String, String)> = answer
        .split("<DBInstance>")
        .skip(1)
        .map(|one| {
            (
                element(one, "DBInstanceIdentifier"),
                element(one, "DBInstanceClass"),
            )
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, class)| class).collect()
}

const CREATE: &str = "aurora create";

#[tokio::test(start_paused = true)]
async fn a_create_without_capacity_goes_on_with_another_class() {
    let (world, journal, run) = stopped("keycloak-instance-1").await;
    let it = (&journal, run);
    let changed = change(&world, CREATE, it, SMALL, false).await;
    let changed = changed.expect("a class").expect("a change");
    assert!(
        changed
            .reason
            .contains("keycloak-instance-1 db.r6g.xlarge instead of db.r7g.xlarge"),
        "{}",
        changed.reason
    );
    let report = resume(&world, it, changed).await.expect("resume");
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(classes(&world).await, [SMALL, SMALL]);
    // And it is undone as what it is.
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(crate::support::rolled_back(&report), "{report:?}");
    assert!(world.resources().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_mix_of_classes_has_to_be_asked_for() {
    let (world, journal, run) = stopped("keycloak-instance-2").await;
    let it = (&journal, run);
    let history = journal.load(run).await.expect("load");
    let refused = change(&world, CREATE, it, SMALL, false).await;
    let Err(SurveyError::Refused { message, hint }) = refused else {
        panic!("{refused:?}");
    };
    for part in [
        "keycloak-instance-1 db.r7g.xlarge",
        "keycloak-instance-2 db.r6g.xlarge",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(hint.contains("--allow-mixed-classes"), "{hint}");
    let changed = change(&world, CREATE, it, SMALL, true).await;
    let changed = changed.expect("a class").expect("a change");
    assert_eq!(journal.load(run).await.expect("load"), history);
    let report = resume(&world, it, changed).await.expect("resume");
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(classes(&world).await, ["db.r7g.xlarge", SMALL]);
}

#[tokio::test(start_paused = true)]
async fn a_class_that_can_not_be_had_is_refused() {
    let (world, journal, run) = stopped("keycloak-instance-1").await;
    let it = (&journal, run);
    for class in ["db.r99.large", "big"] {
        let refused = change(&world, CREATE, it, class, true).await;
        let Err(SurveyError::Invalid(invalid)) = refused else {
            panic!("{class}: {refused:?}");
        };
        assert_eq!(invalid.input, "instance-class");
    }
    let serverless = change(&world, CREATE, it, "db.serverless", true).await;
    let Err(SurveyError::Refused { message, .. }) = serverless else {
        panic!("{serverless:?}");
    };
    assert!(message.contains("without the capacity range"), "{message}");
    // The one that it has.
    let same = change(&world, CREATE, it, "db.r7g.xlarge", false).await;
    assert_eq!(same.expect("a class"), None);
    let other = change(&world, "aurora delete", it, SMALL, false).await;
    assert!(matches!(other, Err(SurveyError::Invalid(_))), "{other:?}");
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_made_stays_of_its_class() {
    let world = World::hurried().await;
    // The answers are lost, and the run gives up for the time being.
    world.fails("DescribeDBInstances", "ExpiredToken", None);
    let (journal, run) = (memory(), world.run_id());
    let report = world
        .create(journal.clone(), run, options(1), Wanted::default())
        .await;
    assert!(matches!(report.expect("run").status, Status::Suspended(_)));
    world.account.clear_faults().expect("cleared");
    let report = world.resume(journal.clone(), run).await.expect("resume");
    assert!(ended_well(&report), "{report:?}");
    let refused = change(&world, CREATE, (&journal, run), SMALL, false).await;
    let Err(SurveyError::Refused { message, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        message.contains("every instance of the run is made"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_scaling_goes_on_with_another_class_too() {
    let world = super::world(1).await;
    no_capacity(&world, "keycloak-instance-2");
    let parameters = survey(&world, 2).await.expect("survey");
    let (journal, run) = (memory(), world.run_id());
    let report = scale(&world, journal.clone(), run, &parameters).await;
    assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
    let it = (&journal, run);
    const SCALE: &str = "aurora scale";
    let refused = change(&world, SCALE, it, SMALL, false).await;
    assert!(
        matches!(refused, Err(SurveyError::Refused { .. })),
        "{refused:?}"
    );
    let changed = change(&world, SCALE, it, SMALL, true).await;
    let changed = changed.expect("a class").expect("a change");
    let report = resume(&world, it, changed).await.expect("resume");
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(classes(&world).await, ["db.r7g.xlarge", SMALL]);
}
