//! What a create makes.

mod identity;
mod inputs;
mod ranges;
mod settings;
mod speed;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use stepwell_engine::{Journal, Report, RunId};
use stepwell_sandbox::{Call, Hook, Verdict};
use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{Provisioned, endpoint, list, survey_create};

use crate::support::{
    REGION, Wanted, World, ended_well, memory, options, rolled_back, timestamps_are_ordered,
};

async fn created(world: &World, instances: u32) -> (Arc<dyn Journal>, RunId, Provisioned) {
    let journal = memory();
    let run = world.run_id();
    let report = world
        .create(journal.clone(), run, options(instances), Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    let output = serde_json::from_value(report.output.expect("output")).expect("provisioned");
    (journal, run, output)
}

#[tokio::test(start_paused = true)]
async fn a_create_makes_all_that_is_needed_and_no_more() {
    let world = World::new().await;
    let (journal, run, output) = created(&world, 3).await;
    assert_eq!(
        output.instances,
        [
            "keycloak-instance-1",
            "keycloak-instance-2",
            "keycloak-instance-3"
        ]
    );
    let events = journal.load(run).await.expect("events");
    assert!(timestamps_are_ordered(&events));
    let census = world.census();
    println!("{census:#?}");
    let of = |kind: &str| -> usize {
        census
            .iter()
            .filter(|(key, _)| key.split(' ').next() == Some(kind))
            .map(|(_, count)| count)
            .sum()
    };
    assert_eq!(of("vpc"), 1);
    assert_eq!(of("subnet"), 3);
    let found = endpoint(&world.aws, REGION, "keycloak")
        .await
        .expect("endpoint");
    assert!(found.serving);
    assert_eq!(found.writer, output.endpoint);
    let listing = list(&world.aws, None, REGION).await.expect("list");
    assert_eq!(listing.clusters.len(), 1);
    assert_eq!(listing.clusters[0].made_by, "stepwell");
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_exists_is_not_touched() {
    let world = World::new().await;
    created(&world, 1).await;
    let before = world.account.inventory().expect("inventory");
    let request = options(1).validate(None).expect("valid");
    let refused = survey_create(&world.aws, &request).await;
    assert!(
        matches!(refused, Err(SurveyError::Exists { .. })),
        "{refused:?}"
    );
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

#[tokio::test(start_paused = true)]
async fn a_finished_create_rolls_back_to_nothing() {
    let world = World::new().await;
    let before = world.account.inventory().expect("inventory");
    let (journal, run, _) = created(&world, 2).await;
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

#[tokio::test(start_paused = true)]
async fn two_creates_at_once_never_agree_on_a_range() {
    // Both ask for the same range, so both would take it.
    let world = World::new().await;
    let wanted = |name: &str| {
        let mut wanted = options(1);
        wanted.cluster = name.to_owned();
        wanted.vpc_cidr = Some("192.168.7.0/24".to_owned());
        wanted
    };
    let (one, other) = tokio::join!(
        world.create(memory(), world.run_id(), wanted("one"), Wanted::default()),
        world.create(memory(), world.run_id(), wanted("other"), Wanted::default()),
    );
    let well = [one, other]
        .into_iter()
        .filter(|report| ended_well(report.as_ref().expect("run")))
        .count();
    assert!(well <= 1, "both took the range");
    let vpcs = world
        .resources()
        .iter()
        .filter(|resource| resource.kind == "vpc")
        .count();
    assert_eq!(vpcs, well);
}

#[tokio::test(start_paused = true)]
async fn two_creates_that_draw_the_same_range_both_succeed() {
    let world = World::new().await;
    let (one, other) = (world.other_process(1).await, world.other_process(1).await);
    let wanted = |name: &str| {
        let mut wanted = options(1);
        wanted.cluster = name.to_owned();
        wanted
    };
    let (first, second) = tokio::join!(
        one.create(memory(), world.run_id(), wanted("one"), Wanted::default()),
        other.create(memory(), world.run_id(), wanted("other"), Wanted::default()),
    );
    let range = |report: Report| {
        assert!(ended_well(&report), "{report:?}");
        let output: Provisioned = serde_json::from_value(report.output.expect("output")).unwrap();
        output.cidr
    };
    let (first, second) = (range(first.expect("run")), range(second.expect("run")));
    assert_ne!(first, second);
    assert!(
        first != "192.168.0.0/24" || second != "192.168.0.0/24",
        "the test must make them collide"
    );
    let vpcs = world.resources().iter().filter(|r| r.kind == "vpc").count();
    assert_eq!(vpcs, 2);
}

#[tokio::test(start_paused = true)]
async fn zones_are_those_that_offer_the_class() {
    let world = World::new().await;
    // Two zones, and not the first two letters.
    let mut wanted = options(3);
    wanted.region = "us-west-1".to_owned();
    let request = wanted.validate(None).expect("valid");
    let parameters = survey_create(&world.aws, &request).await.expect("survey");
    assert_eq!(parameters.zones, ["us-west-1a", "us-west-1c"]);
    let zones: Vec<_> = parameters
        .instances
        .iter()
        .map(|instance| instance.zone.as_str())
        .collect();
    assert_eq!(zones, ["us-west-1a", "us-west-1c", "us-west-1a"]);

    let mut wanted = options(1);
    wanted.instance_class = "db.x9z.huge".to_owned();
    let request = wanted.validate(None).expect("valid");
    let refused = survey_create(&world.aws, &request).await;
    assert!(
        matches!(refused, Err(SurveyError::Invalid(_))),
        "{refused:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_somebody_deletes_does_not_hold_up_the_run() {
    let world = World::new().await;
    let before = world.account.inventory().expect("inventory");
    let (journal, run) = (memory(), world.run_id());
    let (report, ()) = tokio::join!(
        world.create(journal, run, options(2), Wanted::default()),
        async {
            // While the first instance is being made.
            world.clock.sleep(Duration::from_secs(300)).await;
            let form = "Action=DeleteDBInstance&Version=2014-10-31&SkipFinalSnapshot=true&DBInstanceIdentifier=keycloak-instance-1";
            let credential =
                format!("AWS4-HMAC-SHA256 Credential=x/20260101/{REGION}/rds/aws4_request");
            let request = http::Request::post("https://rds.eu-west-1.amazonaws.com/")
                .header("authorization", credential)
                .body(form.into())
                .expect("request");
            world.account.handle(request).await;
        }
    );
    let report = report.expect("run");
    assert!(rolled_back(&report), "{report:?}");
    let (step, fault) = report.fault.expect("fault");
    assert_eq!(&*step, "instance-1-available");
    assert!(fault.message.contains("deleting"), "{fault}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
}

/// Refuses to make route tables, and notes whether an instance is asked for.
#[derive(Default)]
struct NoRoutes {
    instances: AtomicU32,
}

impl Hook for NoRoutes {
    fn before(&self, call: &Call) -> Verdict {
        match call.operation.as_str() {
            "CreateDBInstance" => {
                self.instances.fetch_add(1, Ordering::SeqCst);
                Verdict::Proceed
            }
            "CreateRouteTable" => Verdict::Error {
                code: "RequestLimitExceeded".to_owned(),
                status: 503,
                message: "struck by the test".to_owned(),
            },
            _ => Verdict::Proceed,
        }
    }

    fn after(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }
}

/// Whoever finds all instances available takes the cluster for complete, also
/// where the history of what made it is lost.
#[tokio::test(start_paused = true)]
async fn no_instance_is_made_before_the_network_is_whole() {
    let world = World::new().await;
    let hook = Arc::new(NoRoutes::default());
    world.account.set_hook(Some(hook.clone()));
    let report = world
        .create(memory(), world.run_id(), options(2), Wanted::default())
        .await
        .expect("run");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(hook.instances.load(Ordering::SeqCst), 0);
}

/// AWS takes any number of VPCs with the same tags, and a read may miss what is
/// young: one that another create left a moment ago, its history lost, is
/// completed all the same.
#[tokio::test(start_paused = true)]
async fn a_vpc_that_the_first_look_misses_is_not_made_twice() {
    for seed in 1..=12 {
        let world = World::with(|options| {
            options.seed = seed;
            options.consistency_window = Duration::from_secs(6);
        })
        .await;
        let vpc = "Action=CreateVpc&CidrBlock=10.9.0.0/24&TagSpecification.1.ResourceType=vpc";
        let tag = "TagSpecification.1.Tag.1.Key=AuroraCluster";
        let name = "TagSpecification.1.Tag.1.Value=keycloak";
        world.call("ec2", &format!("{vpc}&{tag}&{name}")).await;
        created(&world, 1).await;
        let vpcs = world.resources();
        let vpcs = vpcs.iter().filter(|resource| resource.kind == "vpc");
        assert_eq!(vpcs.count(), 1, "seed {seed}");
    }
}
