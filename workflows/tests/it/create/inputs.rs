//! Versions, classes, capacities and names as AWS has them.

use std::time::Duration;

use stepwell_workflows::aurora::{
    CreateOptions, CreateParameters, Origin, endpoint, list, survey_create,
};
use stepwell_workflows::{InvalidInput, SurveyError};

use super::created;
use crate::restore::{of_version, world as saved};
use crate::support::{REGION, Wanted, World, ended_well, memory, options};

fn of(version: &str, class: &str) -> CreateOptions {
    let Origin::Empty {
        username, database, ..
    } = options(1).origin
    else {
        unreachable!("an empty one")
    };
    CreateOptions {
        instance_class: class.to_owned(),
        origin: Origin::Empty {
            engine_version: version.to_owned(),
            username,
            database,
        },
        ..options(1)
    }
}

async fn survey(world: &World, wanted: CreateOptions) -> Result<CreateParameters, SurveyError> {
    let request = wanted.validate(None).expect("valid");
    survey_create(&world.aws, &request).await
}

async fn invalid(world: &World, wanted: CreateOptions) -> InvalidInput {
    match survey(world, wanted).await {
        Err(SurveyError::Invalid(invalid)) => invalid,
        other => panic!("{other:?}"),
    }
}

const CLASS: &str = "db.r7g.xlarge";

#[tokio::test(start_paused = true)]
async fn a_major_version_is_its_newest_that_can_be_ordered() {
    let world = World::new().await;
    for (wanted, found) in [("17", "17.7"), ("16", "16.10"), ("17.4", "17.4")] {
        let parameters = survey(&world, of(wanted, CLASS)).await.expect("survey");
        assert_eq!(parameters.engine_version, found);
    }
    let report = world
        .create(memory(), world.run_id(), of("17", CLASS), Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    let output = report.output.expect("output");
    assert_eq!(output["engine_version"], "17.7");
    assert_eq!(output["instance_class"], CLASS);
    let listing = list(&world.aws, Some(REGION), REGION).await.expect("list");
    assert_eq!(listing.clusters[0].engine_version.as_deref(), Some("17.7"));
}

/// A restore takes a major version too, and its newest is what is compared with
/// the snapshot's.
#[tokio::test(start_paused = true)]
async fn a_restore_to_a_major_version() {
    let world = saved("16.6").await;
    for (wanted, found) in [("16", "16.10"), ("17", "17.7")] {
        let parameters = survey(&world, of_version(wanted)).await.expect("survey");
        assert_eq!(parameters.engine_version, found);
    }
    assert_eq!(
        invalid(&world, of_version("15")).await.input,
        "engine-version"
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_the_version_or_the_class() {
    let world = World::new().await;
    let unknown = invalid(&world, of("17.3", CLASS)).await;
    assert_eq!((unknown.input, &*unknown.value), ("engine-version", "17.3"));
    assert!(unknown.allowed.contains("17.4, 17.5"), "{unknown}");
    let retired = invalid(&world, of("9", CLASS)).await;
    assert_eq!(retired.input, "engine-version");
    assert!(retired.allowed.contains("16.9"), "{retired}");
    let class = invalid(&world, of("13", "db.r8g.large")).await;
    assert_eq!(
        (class.input, &*class.value),
        ("instance-class", "db.r8g.large")
    );
}

fn serverless(capacity: Option<&str>) -> CreateOptions {
    CreateOptions {
        instance_class: "db.serverless".to_owned(),
        serverless_capacity: capacity.map(str::to_owned),
        ..options(2)
    }
}

async fn scaling(world: &World) -> (String, String) {
    let form = "Action=DescribeDBClusters&DBClusterIdentifier=keycloak";
    let answer = world.call("rds", form).await;
    let of = |name: &str| crate::support::element(&answer, name);
    (of("MinCapacity"), of("MaxCapacity"))
}

#[tokio::test(start_paused = true)]
async fn serverless_instances_get_their_capacity() {
    for (given, min, max) in [(None, "0.5", "16"), (Some("2-8.5"), "2", "8.5")] {
        let world = World::new().await;
        let wanted = serverless(given);
        let report = world
            .create(memory(), world.run_id(), wanted, Wanted::default())
            .await
            .expect("run");
        assert!(ended_well(&report), "{report:?}");
        assert_eq!(
            report.output.expect("output")["instance_class"],
            "db.serverless"
        );
        let (low, high) = scaling(&world).await;
        let number = |text: &str| text.parse::<f64>().expect("a number");
        assert_eq!((number(&low), number(&high)), (number(min), number(max)));
    }
    // A restore gives it with the call.
    let world = saved("17.5").await;
    let wanted = CreateOptions {
        origin: crate::restore::wanted(1).origin,
        ..serverless(Some("1-4"))
    };
    let report = world
        .create(memory(), world.run_id(), wanted, Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(scaling(&world).await.1.trim_end_matches(".0"), "4");
}

#[test]
fn a_capacity_is_for_serverless_instances_alone() {
    let wanted = CreateOptions {
        instance_class: CLASS.to_owned(),
        ..serverless(Some("1-4"))
    };
    let error = wanted.validate(None).expect_err("no serverless instances");
    assert_eq!(error.input, "serverless-capacity");
    assert!(serverless(Some("4-1")).validate(None).is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_there_may_have_a_long_name() {
    let world = World::new().await;
    let (_, _, made) = created(&world, 1).await;
    let long = format!("k{}", "x".repeat(58));
    let form = format!(
        "Action=CreateDBCluster&DBClusterIdentifier={long}&Engine=aurora-postgresql&EngineVersion=17.5&MasterUsername=keycloak&MasterUserPassword=secret9999&DBSubnetGroupName={}-subnet-group",
        made.cluster
    );
    world.call("rds", &form).await;
    world.clock.sleep(Duration::from_secs(300)).await;
    let found = endpoint(&world.aws, REGION, &long).await.expect("endpoint");
    assert!(!found.serving);
    let new = CreateOptions {
        cluster: long,
        ..options(1)
    };
    assert_eq!(new.validate(None).expect_err("no room").input, "cluster");
}

/// EC2 keeps tags as they were typed, and RDS names in lower case.
#[tokio::test(start_paused = true)]
async fn a_network_is_found_however_its_name_was_typed() {
    let world = World::new().await;
    let vpc = "Action=CreateVpc&CidrBlock=192.168.77.0/24&TagSpecification.1.ResourceType=vpc";
    let tag = "TagSpecification.1.Tag.1.Key=AuroraCluster";
    let name = "TagSpecification.1.Tag.1.Value=gh-Octo";
    world.call("ec2", &format!("{vpc}&{tag}&{name}")).await;
    world.clock.sleep(Duration::from_secs(60)).await;
    let listing = list(&world.aws, Some(REGION), REGION).await.expect("list");
    assert_eq!(listing.clusters[0].cluster, "gh-octo");
    assert_eq!(listing.clusters[0].vpcs.len(), 1);
}
