//! What the shell scripts get wrong in a create, where no other test shows that
//! this is right.

use std::sync::Arc;
use std::time::Duration;

use stepwell_engine::Report;
use stepwell_sandbox::{Call, FaultEffect, FaultRule, Hook, Verdict};
use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{CreateOptions, Provisioned, list, survey_create};

use crate::support::{REGION, Wanted, World, element, ended_well, memory, options};

async fn create(world: &World, wanted: CreateOptions) -> Report {
    world
        .create(memory(), world.run_id(), wanted, Wanted::default())
        .await
        .expect("run")
}

fn named(cluster: &str, region: &str, instances: u32) -> CreateOptions {
    CreateOptions {
        cluster: cluster.to_owned(),
        region: region.to_owned(),
        ..options(instances)
    }
}

/// The scripts count an instance whose name begins alike.
#[tokio::test(start_paused = true)]
async fn an_instance_whose_name_begins_alike_is_not_the_clusters() {
    let world = World::new().await;
    let report = create(&world, named("keycloak-instance", REGION, 1)).await;
    assert!(ended_well(&report), "{report:?}");
    let report = create(&world, options(1)).await;
    assert!(ended_well(&report), "{report:?}");
    let listing = list(&world.aws, Some(REGION), REGION).await.expect("list");
    let instances: Vec<_> = listing
        .clusters
        .iter()
        .map(|cluster| (cluster.cluster.as_str(), cluster.instances.join(",")))
        .collect();
    assert_eq!(
        instances,
        [
            ("keycloak", "keycloak-instance-1".to_owned()),
            (
                "keycloak-instance",
                "keycloak-instance-instance-1".to_owned()
            )
        ]
    );
}

/// The scripts take a cluster with one of its instances for complete.
#[tokio::test(start_paused = true)]
async fn a_cluster_with_some_of_its_instances_is_completed() {
    let world = World::new().await;
    let rule = FaultRule {
        operation: "CreateDBInstance".to_owned(),
        matches: vec![(
            "DBInstanceIdentifier".to_owned(),
            "keycloak-instance-2".to_owned(),
        )],
        times: Some(1),
        effect: FaultEffect::Error {
            code: "ExpiredToken".to_owned(),
        },
    };
    world.account.add_fault(rule).expect("a fault");
    let report = create(&world, options(3)).await;
    assert!(!ended_well(&report), "{report:?}");
    let count = |kind: &str| {
        let all = world.resources();
        all.iter().filter(|one| one.kind == kind).count()
    };
    assert_eq!(count("db-instance"), 1);
    let report = create(&world, options(3)).await;
    assert!(ended_well(&report), "{report:?}");
    let output: Provisioned =
        serde_json::from_value(report.output.expect("output")).expect("provisioned");
    assert_eq!(output.instances.len(), 3);
    assert_eq!(
        (count("vpc"), count("db-cluster"), count("db-instance")),
        (1, 1, 3)
    );
}

/// The scripts take zones a, b and c for granted.
#[tokio::test(start_paused = true)]
async fn zones_may_have_any_letters() {
    for (region, zones) in [
        ("us-west-1", &["a", "c"][..]),
        ("ca-central-1", &["a", "b", "d"]),
        ("ap-northeast-1", &["a", "c", "d"]),
    ] {
        let world = World::new().await;
        let wanted = named("keycloak", region, 2);
        let request = wanted.clone().validate(None).expect("valid");
        let parameters = survey_create(&world.aws, &request).await.expect("survey");
        let expected: Vec<_> = zones.iter().map(|zone| format!("{region}{zone}")).collect();
        assert_eq!(parameters.zones, expected);
        let report = create(&world, wanted).await;
        assert!(ended_well(&report), "{region}: {report:?}");
    }
}

/// The scripts never look at what is taken: here by a network far away that a
/// VPC of the region is peered with.
#[tokio::test(start_paused = true)]
async fn the_address_range_keeps_clear_of_peered_networks() {
    let world = World::new().await;
    let here = "Action=CreateVpc&CidrBlock=10.9.0.0/16";
    let here = world.call("ec2", here).await;
    let far = "Action=CreateVpc&CidrBlock=192.168.7.0/24";
    let far = world.call_in("us-east-1", "ec2", far).await;
    world.clock.sleep(Duration::from_secs(10)).await;
    let form = format!(
        "Action=CreateVpcPeeringConnection&VpcId={}&PeerVpcId={}&PeerRegion=us-east-1",
        element(&here, "vpcId"),
        element(&far, "vpcId")
    );
    let peering = world.call("ec2", &form).await;
    world.clock.sleep(Duration::from_secs(10)).await;
    // AWS shows the other side's range once that side has accepted.
    let form = format!(
        "Action=AcceptVpcPeeringConnection&VpcPeeringConnectionId={}",
        element(&peering, "vpcPeeringConnectionId")
    );
    world.call_in("us-east-1", "ec2", &form).await;
    world.clock.sleep(Duration::from_secs(10)).await;
    let mut wanted = options(1);
    wanted.vpc_cidr = Some("192.168.7.0/24".to_owned());
    let request = wanted.validate(None).expect("valid");
    let refused = survey_create(&world.aws, &request).await;
    let Err(SurveyError::Refused { message, .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("overlaps 192.168.7.0/24"), "{message}");
}

/// Refuses every call in a region.
struct Closed(&'static str);

impl Hook for Closed {
    fn before(&self, call: &Call) -> Verdict {
        if call.region != self.0 {
            return Verdict::Proceed;
        }
        Verdict::Error {
            code: "AuthFailure".to_owned(),
            status: 401,
            message: "not enabled".to_owned(),
        }
    }

    fn after(&self, _: &Call) -> Verdict {
        Verdict::Proceed
    }
}

/// In the scripts, one region that fails stops all.
#[tokio::test(start_paused = true)]
async fn a_region_that_can_not_be_asked_does_not_stop_a_create() {
    let world = World::new().await;
    world.account.set_hook(Some(Arc::new(Closed("us-east-2"))));
    let report = create(&world, options(1)).await;
    assert!(ended_well(&report), "{report:?}");
    let listing = list(&world.aws, None, REGION).await.expect("list");
    assert_eq!(listing.clusters.len(), 1);
    assert_eq!(listing.skipped.len(), 1);
    assert_eq!(listing.skipped[0].region, "us-east-2");
}
