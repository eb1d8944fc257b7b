//! Readers that come and go.

pub(crate) mod campaign;
mod class;
mod refused;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::event::OnFailure;
use stepwell_engine::machine::Status;
use stepwell_engine::{Change, Journal, Report, RunId};
use stepwell_workflows::aurora::{ScaleOptions, ScaleParameters, scale_graph, survey_scale};
use stepwell_workflows::{SurveyError, Workflow};

use crate::support::{REGION, Wanted, World, element, ended_well, memory, options, rolled_back};

fn wanted(instances: u32) -> ScaleOptions {
    ScaleOptions {
        cluster: "keycloak".to_owned(),
        region: REGION.to_owned(),
        instances,
        instance_class: None,
    }
}

async fn survey_of(world: &World, options: ScaleOptions) -> Result<ScaleParameters, SurveyError> {
    let request = options.validate().expect("valid options");
    survey_scale(&world.aws, &request).await
}

async fn survey(world: &World, instances: u32) -> Result<ScaleParameters, SurveyError> {
    survey_of(world, wanted(instances)).await
}

async fn scale(
    world: &World,
    journal: Arc<dyn Journal>,
    run: RunId,
    parameters: &ScaleParameters,
) -> Report {
    let wanted = Wanted {
        on_failure: match parameters.is_reversible() {
            true => OnFailure::Rollback,
            false => OnFailure::Suspend,
        },
        ..Wanted::default()
    };
    let (graph, target) = (scale_graph(parameters), parameters.target());
    let workflow = Workflow::AuroraScale;
    let started = world.start(journal, run, workflow, target, parameters, graph, wanted);
    started.await.expect("run")
}

/// A cluster of so many instances, with the tag that says so.
async fn world(instances: u32) -> World {
    let world = World::hurried().await.detached().await;
    let (journal, run) = (memory(), world.run_id());
    let report = world
        .create(journal, run, options(instances), Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    tag(&world, "stepwell:instances", &instances.to_string()).await;
    world
}

async fn arn(world: &World) -> String {
    element(
        &world.call("rds", "Action=DescribeDBClusters").await,
        "DBClusterArn",
    )
}

async fn tag(world: &World, key: &str, value: &str) {
    let arn = arn(world).await;
    let form = format!(
        "Action=AddTagsToResource&ResourceName={arn}&Tags.Tag.1.Key={key}&Tags.Tag.1.Value={value}"
    );
    world.call("rds", &form).await;
}

/// What the tag says.
async fn recorded(world: &World) -> Option<String> {
    let form = format!(
        "Action=ListTagsForResource&ResourceName={}",
        arn(world).await
    );
    let tags = world.call("rds", &form).await;
    let after = tags.split("<Key>stepwell:instances</Key>").nth(1)?;
    Some(element(after, "Value"))
}

/// The zones of the instances, by name.
async fn zones(world: &World) -> BTreeMap<String, String> {
    let answer = world.call("rds", "Action=DescribeDBInstances").await;
    answer
        .split("<DBInstance>")
        .skip(1)
        .map(|one| {
            (
                element(one, "DBInstanceIdentifier"),
                element(one, "AvailabilityZone"),
            )
        })
        .collect()
}

async fn failover(world: &World, to: &str) {
    let form = format!(
        "Action=FailoverDBCluster&DBClusterIdentifier=keycloak&TargetDBInstanceIdentifier={to}"
    );
    world.call("rds", &form).await;
    world.clock.sleep(Duration::from_secs(120)).await;
}

#[tokio::test(start_paused = true)]
async fn readers_come_to_the_zones_with_the_fewest_instances() {
    let world = world(1).await;
    let parameters = survey(&world, 4).await.expect("survey");
    assert!(parameters.is_reversible());
    let names: Vec<&str> = (parameters.adding.iter()).map(|one| &*one.name).collect();
    let numbered = [2, 3, 4].map(|number| format!("keycloak-instance-{number}"));
    assert_eq!(names, numbered);
    let graph = scale_graph(&parameters).expect("graph");
    let planned = world.plan(&graph).await;
    let created = planned.iter().filter(|step| step.change == Change::Create);
    let created: Vec<&str> = created.map(|step| &*step.name).collect();
    assert_eq!(
        created,
        ["instance-2", "instance-3", "instance-4", "instances"]
    );

    let report = scale(&world, memory(), world.run_id(), &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    let zones = zones(&world).await;
    assert_eq!(zones.len(), 4);
    let mut load: BTreeMap<&String, usize> = BTreeMap::new();
    for zone in zones.values() {
        *load.entry(zone).or_default() += 1;
    }
    let mut load: Vec<usize> = load.into_values().collect();
    load.sort_unstable();
    assert_eq!(load, [1, 1, 2]);
    assert_eq!(recorded(&world).await.as_deref(), Some("4"));
    let output = report.output.expect("an output");
    assert_eq!(output["instances"].as_array().map(Vec::len), Some(4));
    assert_eq!(output["added"].as_array().map(Vec::len), Some(3));
    assert!(survey(&world, 4).await.expect("survey").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_added_goes_again_when_one_fails() {
    let world = world(1).await;
    let before = world.account.inventory().expect("inventory");
    let parameters = survey(&world, 3).await.expect("survey");
    world.fails("AddTagsToResource", "InvalidParameterCombination", None);
    let report = scale(&world, memory(), world.run_id(), &parameters).await;
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

#[tokio::test(start_paused = true)]
async fn readers_go_and_the_writer_stays_whatever_its_number() {
    let world = world(3).await;
    failover(&world, "keycloak-instance-3").await;
    let parameters = survey(&world, 1).await.expect("survey");
    assert!(!parameters.is_reversible());
    assert_eq!(
        parameters.question(),
        "the deletion of readers keycloak-instance-2, keycloak-instance-1 of cluster \"keycloak\" in eu-west-1"
    );
    let report = scale(&world, memory(), world.run_id(), &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    let left: Vec<String> = zones(&world).await.into_keys().collect();
    assert_eq!(left, ["keycloak-instance-3"]);
    assert_eq!(recorded(&world).await.as_deref(), Some("1"));
    // Free numbers are given again.
    let parameters = survey(&world, 3).await.expect("survey");
    let names: Vec<&str> = (parameters.adding.iter()).map(|one| &*one.name).collect();
    assert_eq!(names, ["keycloak-instance-1", "keycloak-instance-2"]);
}

#[tokio::test(start_paused = true)]
async fn the_tag_goes_before_the_readers_do() {
    let world = world(3).await;
    world.fails("DeleteDBInstance", "ExpiredToken", Some(1));
    let parameters = survey(&world, 1).await.expect("survey");
    let (journal, run) = (memory(), world.run_id());
    let report = scale(&world, journal.clone(), run, &parameters).await;
    assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
    // A create that looks now must not complete it to three.
    assert_eq!(recorded(&world).await.as_deref(), Some("1"));
    let report = world.resume(journal, run).await.expect("resume");
    assert!(ended_well(&report), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_has_become_the_writer_is_not_deleted() {
    let world = world(2).await;
    let parameters = survey(&world, 1).await.expect("survey");
    assert_eq!(
        parameters.removing[0].instance.instance,
        "keycloak-instance-2"
    );
    failover(&world, "keycloak-instance-2").await;
    let (journal, run) = (memory(), world.run_id());
    let report = scale(&world, journal.clone(), run, &parameters).await;
    assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
    let (_, fault) = report.fault.expect("a fault");
    assert!(fault.message.contains("is the writer"), "{fault}");
    assert!(fault.hint.expect("a hint").contains("failover-db-cluster"));
    assert_eq!(zones(&world).await.len(), 2);
    failover(&world, "keycloak-instance-1").await;
    let report = world.resume(journal, run).await.expect("resume");
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(zones(&world).await.len(), 1);
}

/// The same in a rollback: what was added has become the writer.
#[tokio::test(start_paused = true)]
async fn an_added_instance_that_has_become_the_writer_is_not_undone() {
    let world = world(1).await;
    let parameters = survey(&world, 2).await.expect("survey");
    let (journal, run) = (memory(), world.run_id());
    let report = scale(&world, journal.clone(), run, &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    failover(&world, "keycloak-instance-2").await;
    let report = world
        .rollback(journal.clone(), run)
        .await
        .expect("rollback");
    assert!(matches!(report.status, Status::Suspended(_)), "{report:?}");
    assert_eq!(zones(&world).await.len(), 2);
    failover(&world, "keycloak-instance-1").await;
    let report = world.resume(journal, run).await.expect("resume");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(recorded(&world).await.as_deref(), Some("1"));
}

#[tokio::test(start_paused = true)]
async fn what_autoscaling_made_counts_and_goes_last() {
    let world = world(2).await;
    let form = "Action=CreateDBInstance&DBInstanceIdentifier=application-autoscaling-1&DBClusterIdentifier=keycloak&DBInstanceClass=db.r7g.xlarge&Engine=aurora-postgresql";
    world.call("rds", form).await;
    world.clock.sleep(Duration::from_secs(60)).await;
    let parameters = survey(&world, 3).await.expect("survey");
    assert!(parameters.adding.is_empty(), "three are there");
    let parameters = survey(&world, 1).await.expect("survey");
    let question = parameters.question();
    assert!(
        question.contains("keycloak-instance-2, application-autoscaling-1 (made by autoscaling, which may make another)"),
        "{question}"
    );
}

/// A cluster without the tag, as scripts make them, does not get it.
#[tokio::test(start_paused = true)]
async fn a_cluster_without_the_tag_does_not_get_it() {
    let world = world(1).await;
    let arn = arn(&world).await;
    let form = format!(
        "Action=RemoveTagsFromResource&ResourceName={arn}&TagKeys.member.1=stepwell:instances&TagKeys.member.2=stepwell:run&TagKeys.member.3=stepwell:deployment"
    );
    world.call("rds", &form).await;
    for instances in [2, 1] {
        let parameters = survey(&world, instances).await.expect("survey");
        let report = scale(&world, memory(), world.run_id(), &parameters).await;
        assert!(ended_well(&report), "{report:?}");
        assert_eq!(zones(&world).await.len(), instances as usize);
        assert_eq!(recorded(&world).await, None);
    }
}
