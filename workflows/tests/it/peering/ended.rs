//! Peerings that have ended, which AWS shows for days, and those that are on
//! their way: of both it tells no ranges.

use super::{HERE, Nets, THERE, alone, find, one, peer, peered, survey, unpeer, unpeered};
use crate::support::{World, ended_well, memory};
use crate::trial::inventory;

const ROSA: &str = "10.0.0.0/16";

#[tokio::test(start_paused = true)]
async fn a_rule_that_an_ended_peering_left_goes() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let before = inventory(&world);
    let made = peered(&world, &nets).await;
    // Someone takes the routes and the peering away, and forgets the rule.
    for (region, tables) in [
        (THERE, nets.rosa_tables().to_vec()),
        (HERE, nets.aurora_tables().to_vec()),
    ] {
        let to = if region == THERE {
            &nets.aurora.cidr
        } else {
            ROSA
        };
        for table in tables {
            let request = world.ec2(region).delete_route().route_table_id(table);
            let request = request.destination_cidr_block(to);
            request.send().await.expect("route");
        }
    }
    world.delete_peering(HERE, &made.peering_id).await;
    let found = unpeered(&world, one(&nets.rosa)).await;
    assert_eq!(found.peerings[0].state, "deleted");
    assert_eq!(found.peerings[0].rules.len(), 1);
    assert_eq!(inventory(&world), before);
    assert!(
        find(&world, alone())
            .await
            .expect("survey")
            .peerings
            .is_empty()
    );
}

#[tokio::test(start_paused = true)]
async fn the_rule_of_a_peering_that_came_after_an_ended_one_stays() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let first = peered(&world, &nets).await;
    unpeered(&world, one(&nets.rosa)).await;
    let second = peered(&world, &nets).await;
    assert_ne!(first.peering_id, second.peering_id);
    let found = find(&world, alone()).await.expect("survey");
    let ids: Vec<&str> = found.peerings.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, [second.peering_id.as_str()]);
}

/// A second network on the same range whose peering is not active yet, so that
/// AWS does not tell its range and it has no routes.
async fn another_that_waits(world: &World, nets: &Nets) {
    let twin = world.rosa_net("us-west-2", ROSA).await;
    world
        .request_peering(("us-west-2", &twin.vpc), (HERE, &nets.aurora.vpc), None)
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_a_waiting_peering_needs_stays() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    peered(&world, &nets).await;
    another_that_waits(&world, &nets).await;
    let found = find(&world, one(&nets.rosa)).await.expect("survey");
    assert!(found.peerings[0].rules.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_a_peering_needs_since_the_survey_stays() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    peered(&world, &nets).await;
    let found = find(&world, one(&nets.rosa)).await.expect("survey");
    assert_eq!(found.peerings[0].rules.len(), 1);
    another_that_waits(&world, &nets).await;
    let report = unpeer(&world, memory(), world.run_id(), &found).await;
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(world.rules(HERE, &nets.aurora.group).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_overlap_with_a_network_whose_peering_waits_is_refused() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let other = world
        .aurora_net("eu-central-1", "other", "192.168.7.0/25")
        .await;
    let id = world
        .request_peering(
            (THERE, &nets.rosa.vpc),
            ("eu-central-1", &other.vpc),
            Some("other"),
        )
        .await;
    let message = super::refusal(survey(&world, nets.rosa.network()).await);
    assert!(message.contains(&id), "{message}");
    assert!(message.contains("192.168.7.0/25"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_quota_at_acceptance_suspends_and_the_run_goes_on_afterwards() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    world.fails(
        "AcceptVpcPeeringConnection",
        "ActiveVpcPeeringConnectionPerVpcLimitExceeded",
        Some(1),
    );
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(
        matches!(
            report.status,
            stepwell_engine::machine::Status::Suspended(_)
        ),
        "{report:?}"
    );
    let report = world.resume(journal, run).await.expect("resume");
    assert!(ended_well(&report), "{report:?}");
}
