//! Clusters that are not scaled.

use stepwell_workflows::aurora::ScaleOptions;
use stepwell_workflows::{SurveyError, resume_refusal, rollback_refusal};

use super::{scale, survey, survey_of, wanted, world};
use crate::support::{Wanted, World, ended_well, memory, options};
use stepwell_engine::Journal as _;

#[track_caller]
fn refused(result: Result<stepwell_workflows::aurora::ScaleParameters, SurveyError>, why: &str) {
    match result {
        Err(SurveyError::Refused { message, .. }) if message.contains(why) => {}
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_scaled_is_refused_and_not_touched() {
    let world = world(1).await;
    let before = world.account.inventory().expect("inventory");
    let nothing = ScaleOptions {
        cluster: "nothing".to_owned(),
        ..wanted(2)
    };
    refused(survey_of(&world, nothing).await, "there is no cluster");
    let serverless = ScaleOptions {
        instance_class: Some("db.serverless".to_owned()),
        ..wanted(2)
    };
    refused(survey_of(&world, serverless).await, "has no capacity range");
    let unknown = ScaleOptions {
        instance_class: Some("db.r99.large".to_owned()),
        ..wanted(2)
    };
    let unknown = survey_of(&world, unknown).await;
    assert!(
        matches!(unknown, Err(SurveyError::Invalid(_))),
        "{unknown:?}"
    );
    for number in [0, 17] {
        assert!(wanted(number).validate().is_err());
    }
    assert_eq!(world.account.inventory().expect("inventory"), before);
    world
        .call("rds", "Action=StopDBCluster&DBClusterIdentifier=keycloak")
        .await;
    refused(survey(&world, 2).await, "not available");
    world
        .clock
        .sleep(std::time::Duration::from_secs(3600))
        .await;
    refused(survey(&world, 2).await, "is stopped");
}

/// Another cluster has got the name between the run and its continuation.
#[tokio::test(start_paused = true)]
async fn another_cluster_of_the_name_is_not_scaled() {
    let world = world(1).await;
    let parameters = survey(&world, 2).await.expect("survey");
    let found = world.survey_delete(None).await.expect("survey");
    let gone = world.delete(memory(), world.run_id(), &found).await;
    assert!(ended_well(&gone.expect("run")));
    let again = world
        .create(memory(), world.run_id(), options(1), Wanted::default())
        .await;
    assert!(ended_well(&again.expect("run")));
    let before = world.account.inventory().expect("inventory");

    let (journal, run) = (memory(), world.run_id());
    let report = scale(&world, journal.clone(), run, &parameters).await;
    let (_, fault) = report.fault.expect("a fault");
    assert!(
        fault.message.contains("another cluster is named"),
        "{fault}"
    );
    assert_eq!(world.account.inventory().expect("inventory"), before);
    let events = journal.load(run).await.expect("load");
    let of = |refusal: Result<Option<stepwell_workflows::Refusal>, _>| {
        refusal.expect("aws answers").expect("a refusal").message
    };
    let id = &parameters.identity.resource_id;
    let resume = of(resume_refusal(&world.aws, "aurora scale", &events).await);
    let rollback = of(rollback_refusal(&world.aws, "aurora scale", &events).await);
    assert!(resume.contains(id) && rollback.contains(id), "{resume}");
}

/// Where no reader could have the name, nothing is begun.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_at_work_is_not_disturbed() {
    let world: World = world(1).await;
    let vpcs = world.call("ec2", "Action=DescribeVpcs").await;
    let vpc = vpcs
        .split("<vpcId>")
        .skip(1)
        .map(|rest| rest.split('<').next().expect("an id"))
        .find(|_| vpcs.contains("AuroraCluster"))
        .expect("a vpc");
    let now = "2100-01-01T00:00:00Z other 1@elsewhere";
    let form = format!(
        "Action=CreateTags&ResourceId.1={vpc}&Tag.1.Key=stepwell:alive&Tag.1.Value={}",
        now.replace(' ', "%20")
    );
    world.call("ec2", &form).await;
    let alive = survey(&world, 2).await;
    assert!(matches!(alive, Err(SurveyError::Alive { .. })), "{alive:?}");
}
