//! What is there already: whole, or half made with the same or other settings.

use std::time::Duration;

use stepwell_engine::{Change, PlannedStep};
use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{CreateOptions, Origin, create_graph, survey_create};

use super::created;
use crate::support::{Wanted, World, ended_well, memory, options};

async fn survey(world: &World, wanted: CreateOptions) -> SurveyError {
    let request = wanted.validate(None).expect("valid");
    survey_create(&world.aws, &request)
        .await
        .expect_err("refused")
}

/// A world with a cluster of two instances that lacks the second.
async fn half_made(wanted: CreateOptions) -> World {
    let world = World::new().await;
    world.fails("CreateDBInstance", "ExpiredToken", None);
    let report = world
        .create(memory(), world.run_id(), wanted, Wanted::default())
        .await
        .expect("run");
    assert!(!ended_well(&report), "{report:?}");
    world.account.clear_faults().expect("no faults");
    world.clock.sleep(Duration::from_secs(600)).await;
    world
}

fn empty(user: &str, database: &str, version: &str) -> Origin {
    Origin::Empty {
        engine_version: version.to_owned(),
        username: user.to_owned(),
        database: database.to_owned(),
    }
}

/// Another setting.
type Changing<'a> = &'a dyn Fn(&mut CreateOptions);

#[tokio::test(start_paused = true)]
async fn a_half_made_cluster_of_other_settings_is_refused_with_what_differs() {
    let world = half_made(options(2)).await;
    let before = world.account.inventory().expect("inventory");
    let other = |change: Changing<'_>| {
        let mut wanted = options(2);
        change(&mut wanted);
        wanted
    };
    let cases: [(Changing, &[&str]); 8] = [
        (
            &|one| one.origin = empty("bob", "two", "17.5"),
            &[
                "master user keycloak, and bob",
                "database keycloak, and two",
            ],
        ),
        (
            &|one| one.origin = empty("keycloak", "keycloak", "17.4"),
            &["engine version 17.5, and 17.4"],
        ),
        (
            &|one| one.origin = empty("keycloak", "keycloak", "16"),
            &["engine version 17.5, and 16"],
        ),
        (&|one| one.instances = 3, &["number of instances 2, and 3"]),
        (
            &|one| one.subnet_group_name = Some("mine".to_owned()),
            &["subnet group keycloak-subnet-group, and mine"],
        ),
        (
            &|one| one.security_group_name = Some("mine".to_owned()),
            &["security group keycloak-security-group, and mine"],
        ),
        (
            &|one| one.vpc_cidr = Some("10.5.0.0/24".to_owned()),
            &["address range 192.168.", "and 10.5.0.0/24"],
        ),
        (
            &|one| one.instance_class = "db.serverless".to_owned(),
            &["serverless capacity none, and 0.5-16"],
        ),
    ];
    for (change, parts) in cases {
        let error = survey(&world, other(change)).await;
        let SurveyError::Refused { message, hint } = &error else {
            panic!("{parts:?}: {error:?}");
        };
        for part in parts {
            assert!(message.contains(part), "{message}");
        }
        assert!(hint.contains("stepwell aurora delete"), "{hint}");
    }
    assert_eq!(world.account.inventory().expect("inventory"), before);
    // A major version is satisfied by what is there.
    let same = other(&|one| one.origin = empty("keycloak", "keycloak", "17"));
    let report = world
        .create(memory(), world.run_id(), same, Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
}

/// One read that misses the cluster must not have it taken for one to be made.
#[tokio::test(start_paused = true)]
async fn a_cluster_that_a_read_misses_is_looked_for_again() {
    let world = half_made(options(2)).await;
    for times in [1, 2] {
        world.fails("DescribeDBClusters", "DBClusterNotFoundFault", Some(times));
        let mut wanted = options(2);
        wanted.origin = empty("bob", "keycloak", "17.5");
        let error = survey(&world, wanted).await.to_string();
        assert!(error.contains("master user keycloak, and bob"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_source_of_the_password_is_a_setting() {
    let world = half_made(options(2)).await;
    let given = world.with_password("correct-horse-battery-7").await;
    let tried = given
        .try_create(memory(), given.run_id(), options(2), Wanted::default())
        .await;
    let Err(SurveyError::Refused { message, .. }) = tried else {
        panic!("{tried:?}");
    };
    assert!(message.contains("password that RDS keeps"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn the_class_of_an_instance_is_a_setting() {
    let world = World::new().await;
    tokio::select! {
        biased;
        report = world.create(memory(), world.run_id(), options(2), Wanted::default()) => {
            panic!("{report:?}")
        }
        () = world.clock.sleep(Duration::from_secs(300)) => {}
    }
    world.clock.sleep(Duration::from_secs(120)).await;
    let wanted = CreateOptions {
        instance_class: "db.r6g.large".to_owned(),
        ..options(2)
    };
    // It is refused whoever is at work; nobody is any more.
    let other = world.other_process(0).await;
    other.clock.sleep(Duration::from_secs(180)).await;
    let taking = other.aws.clone().taking_over(true);
    let request = wanted.validate(None).expect("valid");
    let refused = survey_create(&taking, &request).await;
    let Err(SurveyError::Refused { message, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        message.contains("instance class db.r7g.xlarge, and db.r6g.large"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_finished_cluster_is_never_grown() {
    let world = World::new().await;
    created(&world, 1).await;
    let before = world.account.inventory().expect("inventory");
    let error = survey(&world, options(3)).await;
    let SurveyError::Exists { hint, .. } = &error else {
        panic!("{error:?}");
    };
    assert!(
        hint.contains("stepwell aurora scale --cluster keycloak"),
        "{hint}"
    );
    assert!(hint.contains("--instances 3"), "{hint}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_cluster_exists() {
    let world = World::new().await;
    created(&world, 1).await;
    let form = "Action=StopDBCluster&DBClusterIdentifier=keycloak";
    world.call("rds", form).await;
    for seconds in [30, 600] {
        world.clock.sleep(Duration::from_secs(seconds)).await;
        let error = survey(&world, options(1)).await;
        let SurveyError::Exists { message, hint } = &error else {
            panic!("{error:?}");
        };
        assert!(message.contains("stop"), "{message}");
        assert!(hint.contains("aws rds start-db-cluster"), "{hint}");
    }
}

/// What RDS has is told, not what was asked for: here somebody moved the port
/// while the instances were made.
#[tokio::test(start_paused = true)]
async fn what_is_told_is_what_there_is() {
    let world = World::new().await;
    let (report, ()) = tokio::join!(
        world.create(memory(), world.run_id(), options(1), Wanted::default()),
        async {
            world.clock.sleep(Duration::from_secs(300)).await;
            let form = "Action=ModifyDBCluster&DBClusterIdentifier=keycloak&Port=5433&ApplyImmediately=true";
            world.call("rds", form).await;
        }
    );
    let report = report.expect("run");
    assert!(ended_well(&report), "{report:?}");
    let output = report.output.expect("output");
    assert_eq!(output["port"], 5433);
    for (key, value) in [
        ("username", "keycloak"),
        ("database", "keycloak"),
        ("engine_version", "17.5"),
        ("instance_class", "db.r7g.xlarge"),
    ] {
        assert_eq!(output[key], value);
    }
}

async fn planned(world: &World, wanted: CreateOptions) -> Vec<PlannedStep> {
    let request = wanted.validate(None).expect("valid");
    let parameters = survey_create(&world.aws, &request).await.expect("survey");
    let graph = create_graph(&parameters).expect("graph");
    world.plan(&graph).await
}

/// Only what is missing is to be created.
#[tokio::test(start_paused = true)]
async fn a_plan_says_what_is_there() {
    let world = half_made(options(2)).await;
    let steps = planned(&world, options(2)).await;
    let created: Vec<&str> = steps
        .iter()
        .filter(|step| step.change == Change::Create)
        .map(|step| &*step.name)
        .collect();
    assert_eq!(created, ["take-over", "instance-1", "instance-2", "writer"]);
    for name in [
        "vpc",
        "route-table",
        "security-group",
        "subnet-group",
        "cluster",
    ] {
        let step = steps.iter().find(|step| *step.name == *name).expect(name);
        assert_eq!(step.change, Change::Adopt, "{name}");
        assert!(!step.ids.is_empty(), "{name}");
    }
}

/// A password that RDS keeps can be had before the endpoint is named.
#[tokio::test(start_paused = true)]
async fn the_secret_can_be_read_when_a_create_ends() {
    let world = World::new().await;
    let (_, _, output) = created(&world, 1).await;
    let secret = output.password_secret.expect("a secret");
    let form = "Action=DescribeDBClusters&DBClusterIdentifier=keycloak";
    let answer = world.call("rds", form).await;
    assert!(answer.contains(&secret));
    assert_eq!(crate::support::element(&answer, "SecretStatus"), "active");
}
