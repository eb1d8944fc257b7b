//! What is refused, and what comes to nothing and is undone.

use std::time::Duration;

use super::{AURORA, ROSA};
use crate::peering::{HERE, Nets, THERE, peer, refusal, survey};
use crate::support::{World, memory, rolled_back};
use crate::trial::inventory;

#[tokio::test(start_paused = true)]
async fn overlapping_ranges_are_refused_before_anything_is_touched() {
    let world = World::new().await;
    let aurora = world.aurora_net(HERE, "keycloak", "10.0.16.0/24").await;
    let rosa = world.rosa_net(THERE, ROSA).await;
    let before = inventory(&world);
    let message = refusal(survey(&world, rosa.network()).await);
    assert!(message.contains("10.0.16.0/24"), "{message}");
    assert!(message.contains(ROSA), "{message}");
    assert!(message.contains(&aurora.vpc), "{message}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_peered_already_on_the_same_range_is_refused() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let other = world.aurora_net("eu-central-1", "other", AURORA).await;
    let id = world
        .request_peering(
            (THERE, &nets.rosa.vpc),
            ("eu-central-1", &other.vpc),
            Some("other"),
        )
        .await;
    world.accept_peering("eu-central-1", &id).await;
    let message = refusal(survey(&world, nets.rosa.network()).await);
    assert!(message.contains(&id), "{message}");
    assert!(message.contains(AURORA), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_peering_that_aws_turns_to_failed_is_undone_with_its_reason() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let mut parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    // As if the VPC had been replaced by another account's between the look
    // and the request: AWS takes the request and lets it fail.
    parameters.aurora.vpc_id = "vpc-0123456789abcdef0".to_owned();
    let before = inventory(&world);
    let report = peer(&world, memory(), world.run_id(), &parameters).await;
    assert!(rolled_back(&report), "{report:?}");
    let (step, fault) = report.fault.expect("fault");
    assert_eq!(&*step, "peering-accepted");
    assert!(fault.message.contains("failed"), "{fault}");
    assert!(fault.message.contains("overlapping CIDR"), "{fault}");
    assert!(fault.hint.is_some());
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_peering_that_failed_on_overlap_is_undone_as_aws_shows_it() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let twin = world.aurora_net(HERE, "twin", "10.0.16.0/24").await;
    let mut parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    parameters.aurora.vpc_id = twin.vpc.clone();
    let before = inventory(&world);
    let report = peer(&world, memory(), world.run_id(), &parameters).await;
    assert!(rolled_back(&report), "{report:?}");
    let (_, fault) = report.fault.expect("fault");
    assert!(fault.message.contains("overlapping CIDR"), "{fault}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_rejected_request_is_the_end_and_says_so() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    let before = inventory(&world);
    let (report, ()) = tokio::join!(peer(&world, memory(), world.run_id(), &parameters), async {
        // As soon as the request is there, somebody refuses it.
        for _ in 0..200 {
            world.clock.sleep(Duration::from_millis(100)).await;
            for peering in world.peerings(HERE).await {
                let id = peering.vpc_peering_connection_id().unwrap();
                let reject = world.ec2(HERE).reject_vpc_peering_connection();
                if reject.vpc_peering_connection_id(id).send().await.is_ok() {
                    return;
                }
            }
        }
        panic!("there was nothing to reject");
    });
    assert!(rolled_back(&report), "{report:?}");
    let (_, fault) = report.fault.expect("fault");
    assert!(fault.message.contains("rejected"), "{fault}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn none_or_several_vpcs_are_refused_not_called_null() {
    let world = World::new().await;
    let rosa = world.rosa_net(THERE, ROSA).await;
    let message = refusal(survey(&world, rosa.network()).await);
    assert!(message.contains("AuroraCluster=keycloak"), "{message}");
    let one = world.aurora_net(HERE, "keycloak", AURORA).await;
    let other = world.aurora_net(HERE, "keycloak", "192.168.8.0/24").await;
    let message = refusal(survey(&world, rosa.network()).await);
    assert!(message.contains(&one.vpc), "{message}");
    assert!(message.contains(&other.vpc), "{message}");
}
