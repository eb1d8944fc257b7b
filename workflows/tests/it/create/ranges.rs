//! Which address range a cluster's VPC gets.

use std::time::Duration;

use stepwell_workflows::SurveyError;
use stepwell_workflows::aurora::{CreateOptions, survey_create};

use super::created;
use crate::support::{REGION, Wanted, World, ended_well, memory, options};

async fn refusal(world: &World, wanted: CreateOptions) -> (String, String) {
    let request = wanted.validate(None).expect("valid");
    match survey_create(&world.aws, &request).await {
        Err(SurveyError::Refused { message, hint }) => (message, hint),
        other => panic!("{other:?}"),
    }
}

async fn range(world: &World, wanted: CreateOptions) -> String {
    let report = world
        .create(memory(), world.run_id(), wanted, Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    let output = report.output.expect("output");
    output["cidr"].as_str().expect("a range").to_owned()
}

async fn takes(world: &World, region: &str, block: &str) {
    let form = format!("Action=CreateVpc&CidrBlock={block}");
    world.call_in(region, "ec2", &form).await;
    world.clock.sleep(Duration::from_secs(10)).await;
}

fn other(region: &str, block: Option<&str>) -> CreateOptions {
    CreateOptions {
        cluster: "other".to_owned(),
        region: region.to_owned(),
        vpc_cidr: block.map(str::to_owned),
        ..options(1)
    }
}

/// One in the region must not be overlapped; one in another region may be, if
/// somebody asks for that.
#[tokio::test(start_paused = true)]
async fn the_address_range_keeps_clear_of_every_other_vpc() {
    let world = World::new().await;
    let (_, _, first) = created(&world, 1).await;
    let before = world.account.inventory().expect("inventory");
    let (message, hint) = refusal(&world, other(REGION, Some(&first.cidr))).await;
    assert!(message.contains("overlaps"), "{message}");
    assert!(message.contains(&first.vpc_id), "{message}");
    assert!(hint.contains("--vpc-cidr"), "{hint}");
    assert_eq!(world.account.inventory().expect("inventory"), before);
    let far = range(&world, other("us-east-1", Some(&first.cidr))).await;
    assert_eq!(far, first.cidr);
}

/// Keycloak's guide has its readers make a VPC of all of 192.168.0.0/16.
#[tokio::test(start_paused = true)]
async fn other_private_ranges_are_used_where_the_scripts_range_has_no_room() {
    let world = World::new().await;
    takes(&world, REGION, "192.168.0.0/16").await;
    let range = range(&world, options(1)).await;
    assert!(range.starts_with("10."), "{range}");
}

#[tokio::test(start_paused = true)]
async fn a_range_of_another_region_is_avoided_while_others_are_free() {
    let world = World::new().await;
    takes(&world, "us-east-1", "192.168.0.0/16").await;
    let first = range(&world, options(1)).await;
    assert!(first.starts_with("10."), "{first}");
    // VPCs have ranges of /16 at most.
    let world = World::with(|options| options.quotas.vpcs = 400).await;
    for second in 0..=255 {
        let form = format!("Action=CreateVpc&CidrBlock=10.{second}.0.0/16");
        world.call("ec2", &form).await;
    }
    for second in 16..=31 {
        let form = format!("Action=CreateVpc&CidrBlock=172.{second}.0.0/16");
        world.call("ec2", &form).await;
    }
    takes(&world, "us-east-1", "192.168.0.0/16").await;
    let last = range(&world, options(1)).await;
    assert!(last.starts_with("192.168."), "{last}");
    // And where nothing is free no run begins.
    takes(&world, REGION, "192.168.0.0/16").await;
    let (message, _) = refusal(&world, other(REGION, None)).await;
    assert!(message.contains("no private address range"), "{message}");
}
