//! What a deletion takes, and what it leaves alone.

use std::time::Duration;

use aws_sdk_ec2::types::VpcPeeringConnectionStateReasonCode as State;
use stepwell_engine::Journal as _;
use stepwell_engine::event::{EventBody, Verb};
use stepwell_workflows::SurveyError;
use stepwell_workflows::Target;
use stepwell_workflows::peering::{Accounts, DeleteOptions, RosaAccount, survey_delete};

use super::{
    HERE, Nets, THERE, alone, find, one, peered, peered_by_scripts, place, refusal, unpeer,
    unpeered,
};
use crate::support::{World, ended_well, memory};
use crate::trial::inventory;

const AURORA: &str = "192.168.7.0/24";

#[tokio::test(start_paused = true)]
async fn routes_go_before_the_peering_and_none_is_left_as_a_blackhole() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let before = inventory(&world);
    let made = peered(&world, &nets).await;
    let found = find(&world, one(&nets.rosa)).await.expect("survey");
    assert_eq!(found.peerings.len(), 1);
    assert_eq!(found.peerings[0].routes.len(), 5);
    assert_eq!(found.peerings[0].rules.len(), 1);
    assert_eq!(
        found.target,
        Target::peering(HERE, "keycloak", &nets.rosa.vpc)
    );
    let (journal, run) = (memory(), world.run_id());
    let report = unpeer(&world, journal.clone(), run, &found).await;
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(inventory(&world), before);
    let output = report.output.expect("output");
    assert_eq!(output["peerings"][0]["id"], made.peering_id);
    assert_eq!(output["routes"], 5);
    assert_eq!(output["ingress_rules"], 1);

    let events = journal.load(run).await.expect("load");
    let started = |prefix: &str| {
        events.iter().position(|event| {
            matches!(&event.body, EventBody::AttemptStarted { step, .. } if step.starts_with(prefix))
        })
    };
    let last_route = events
        .iter()
        .rposition(|event| {
            matches!(&event.body, EventBody::AttemptSucceeded { step, verb: Verb::Run, .. } if step.starts_with("delete-route-"))
        })
        .expect("routes");
    assert!(last_route < started("delete-pcx-").expect("the peering"));

    let again = find(&world, one(&nets.rosa)).await.expect("survey");
    assert!(again.peerings.is_empty(), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn what_scripts_made_is_removed_without_rest_from_public_and_main_tables() {
    for rosa_region in [HERE, THERE] {
        let world = World::new().await;
        let nets = Nets::lay_out(&world, rosa_region).await;
        let before = inventory(&world);
        let id = peered_by_scripts(&world, &nets.aurora, &nets.rosa).await;
        // An older run of the scripts put one into the main table.
        world.route(rosa_region, &nets.rosa.main, AURORA, &id).await;
        let found = unpeered(&world, alone()).await;
        assert_eq!(found.peerings[0].routes.len(), 3);
        assert_eq!(inventory(&world), before);
    }
}

#[tokio::test(start_paused = true)]
async fn the_route_of_another_cluster_is_not_cut() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let other = world.rosa_net(THERE, "10.9.0.0/16").await;
    let foreign = world
        .request_peering((THERE, &nets.rosa.vpc), (THERE, &other.vpc), None)
        .await;
    world.accept_peering(THERE, &foreign).await;
    let id = peered_by_scripts(&world, &nets.aurora, &nets.rosa).await;
    // The same destination in another table, to somebody else.
    world
        .route(THERE, &nets.rosa.private, AURORA, &foreign)
        .await;
    unpeered(&world, one(&nets.rosa)).await;
    assert_eq!(
        world.leads(THERE, &nets.rosa.private, AURORA).await,
        Some((foreign, false))
    );
    assert_eq!(world.leads(THERE, &nets.rosa.public, AURORA).await, None);
    assert!(
        world
            .peerings(HERE)
            .await
            .iter()
            .filter(|peering| peering.vpc_peering_connection_id() == Some(id.as_str()))
            .all(|peering| peering.status().unwrap().code() == Some(&State::Deleted))
    );
}

#[tokio::test(start_paused = true)]
async fn a_route_that_was_turned_to_somebody_else_meanwhile_stays() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    peered_by_scripts(&world, &nets.aurora, &nets.rosa).await;
    let found = find(&world, one(&nets.rosa)).await.expect("survey");
    let other = world.rosa_net(THERE, "10.9.0.0/16").await;
    let foreign = world
        .request_peering((THERE, &nets.rosa.vpc), (THERE, &other.vpc), None)
        .await;
    world.accept_peering(THERE, &foreign).await;
    world
        .ec2(THERE)
        .replace_route()
        .route_table_id(&nets.rosa.public)
        .destination_cidr_block(AURORA)
        .vpc_peering_connection_id(&foreign)
        .send()
        .await
        .expect("replace");
    let report = unpeer(&world, memory(), world.run_id(), &found).await;
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(
        world.leads(THERE, &nets.rosa.public, AURORA).await,
        Some((foreign, false))
    );
}

#[tokio::test(start_paused = true)]
async fn no_living_rosa_cluster_is_needed() {
    // Nobody says where ROSA was: the peering itself knows.
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let before = inventory(&world);
    peered(&world, &nets).await;
    let found = unpeered(&world, alone()).await;
    assert_eq!(found.peerings[0].rosa.region, THERE);
    assert_eq!(found.peerings[0].rosa.vpc_id, nets.rosa.vpc);
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_accepted_is_taken_back() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let before = inventory(&world);
    world
        .request_peering(
            (THERE, &nets.rosa.vpc),
            (HERE, &nets.aurora.vpc),
            Some("keycloak"),
        )
        .await;
    let found = unpeered(&world, alone()).await;
    assert_eq!(found.peerings[0].state, "pending-acceptance");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_peering_the_other_way_round_is_deleted_too() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let before = inventory(&world);
    let id = world
        .request_peering((HERE, &nets.aurora.vpc), (THERE, &nets.rosa.vpc), None)
        .await;
    world.accept_peering(THERE, &id).await;
    peered(&world, &nets).await;
    let found = unpeered(&world, one(&nets.rosa)).await;
    assert_eq!(found.peerings[0].aurora.vpc_id, nets.aurora.vpc);
    assert!(!found.peerings[0].from_rosa);
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn all_means_other_regions_too() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let far = world
        .aurora_net("eu-central-1", "far", "192.168.9.0/24")
        .await;
    let other = world.rosa_net(THERE, "10.9.0.0/16").await;
    let foreign = world
        .request_peering((THERE, &nets.rosa.vpc), (THERE, &other.vpc), None)
        .await;
    world.accept_peering(THERE, &foreign).await;
    let before = inventory(&world);
    peered(&world, &nets).await;
    peered_by_scripts(&world, &far, &nets.rosa).await;
    let found = unpeered(&world, DeleteOptions::OfRosa(place(&nets.rosa))).await;
    let mut clusters: Vec<_> = found
        .peerings
        .iter()
        .map(|peering| (peering.cluster.as_str(), peering.aurora.region.as_str()))
        .collect();
    clusters.sort_unstable();
    assert_eq!(clusters, [("far", "eu-central-1"), ("keycloak", HERE)]);
    // The peering with somebody else's network is among what was before.
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn an_untagged_peering_counts_if_its_other_vpc_is_auroras() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let before = inventory(&world);
    let id = world
        .request_peering((THERE, &nets.rosa.vpc), (HERE, &nets.aurora.vpc), None)
        .await;
    world.accept_peering(HERE, &id).await;
    let found = unpeered(&world, DeleteOptions::OfRosa(place(&nets.rosa))).await;
    assert_eq!(found.peerings[0].cluster, "keycloak");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn rosas_side_is_cleaned_when_aurora_is_gone() {
    let world = World::new().await;
    let rosa = world.rosa_net(THERE, "10.0.0.0/16").await;
    let before = inventory(&world);
    let aurora = world.aurora_net(HERE, "keycloak", AURORA).await;
    let id = peered_by_scripts(&world, &aurora, &rosa).await;
    // Somebody deletes the peering and all of Aurora's network.
    world.delete_peering(HERE, &id).await;
    world.tear_down(HERE, &aurora.vpc).await;
    assert_eq!(
        world.leads(THERE, &rosa.public, AURORA).await,
        Some((id.clone(), true))
    );
    for options in [DeleteOptions::OfRosa(place(&rosa)), one(&rosa), alone()] {
        let found = find(&world, options).await.expect("survey");
        assert_eq!(found.peerings.len(), 1, "{found:?}");
        assert_eq!(found.peerings[0].id, id);
        assert_eq!(found.peerings[0].state, "deleted");
        assert_eq!(found.peerings[0].aurora.region, HERE);
    }
    unpeered(&world, DeleteOptions::OfRosa(place(&rosa))).await;
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn auroras_side_is_cleaned_when_rosas_network_is_gone() {
    let world = World::new().await;
    let aurora = world.aurora_net(HERE, "keycloak", AURORA).await;
    let before = inventory(&world);
    let rosa = world.rosa_net(THERE, "10.0.0.0/16").await;
    let id = peered_by_scripts(&world, &aurora, &rosa).await;
    world.delete_peering(THERE, &id).await;
    world.tear_down(THERE, &rosa.vpc).await;
    for options in [one(&rosa), alone()] {
        let found = find(&world, options).await.expect("survey");
        assert_eq!(found.peerings.len(), 1, "{found:?}");
        assert_eq!(found.peerings[0].routes.len(), 1);
        assert_eq!(found.peerings[0].rules.len(), 1);
    }
    unpeered(&world, one(&rosa)).await;
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn of_several_a_person_has_to_say_which() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let before = inventory(&world);
    let second = world.rosa_net("us-west-2", "10.4.0.0/16").await;
    let with_second = inventory(&world);
    peered(&world, &nets).await;
    peered_by_scripts(&world, &nets.aurora, &second).await;
    let message = refusal(find(&world, alone()).await);
    for part in [&nets.rosa.vpc, &second.vpc, "us-west-2"] {
        assert!(message.contains(part), "{message}");
    }
    let all = DeleteOptions::OfCluster {
        cluster: "keycloak".to_owned(),
        region: HERE.to_owned(),
    };
    let found = unpeered(&world, all).await;
    assert_eq!(found.peerings.len(), 2);
    assert_eq!(inventory(&world), with_second);
    assert_ne!(before, with_second);
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_another_peering_needs_stays() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    peered(&world, &nets).await;
    // A second network on the same range, peered by hand: its machines come
    // from the same addresses.
    let twin = world.rosa_net("us-west-2", "10.0.0.0/16").await;
    let id = world
        .request_peering(("us-west-2", &twin.vpc), (HERE, &nets.aurora.vpc), None)
        .await;
    world.accept_peering(HERE, &id).await;
    let found = unpeered(&world, one(&nets.rosa)).await;
    assert!(found.peerings[0].rules.is_empty(), "{found:?}");
    assert_eq!(world.rules(HERE, &nets.aurora.group).await.len(), 1);
    // With the last one it goes.
    unpeered(&world, one(&twin)).await;
    assert!(world.rules(HERE, &nets.aurora.group).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cluster_of_the_same_name_in_another_region_keeps_its_peering() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, HERE).await;
    let namesake = world.aurora_net(THERE, "keycloak", "192.168.9.0/24").await;
    peered_by_scripts(&world, &namesake, &nets.rosa).await;
    let before = inventory(&world);
    let found = find(&world, alone()).await.expect("survey");
    assert!(found.peerings.is_empty(), "{found:?}");
    let found = find(&world, one(&nets.rosa)).await.expect("survey");
    assert!(found.peerings.is_empty(), "{found:?}");
    peered(&world, &nets).await;
    unpeered(&world, one(&nets.rosa)).await;
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_side_that_cannot_be_reached_is_said_before_anything_is_touched() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    peered(&world, &nets).await;
    let before = inventory(&world);
    let stranger = "999999999999".to_owned();
    let accounts = Accounts {
        main: stranger.clone(),
        rosa: RosaAccount {
            id: stranger,
            profile: None,
        },
    };
    let request = one(&nets.rosa).validate().expect("valid");
    let Err(SurveyError::Refused { message, hint }) =
        survey_delete(&world.aws, &request, &accounts).await
    else {
        panic!("it must be refused");
    };
    assert!(message.contains("can't be reached"), "{message}");
    assert!(message.contains(world.account.account_id()), "{message}");
    assert!(hint.contains("--rosa-profile"), "{hint}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn what_has_ended_and_left_nothing_is_no_work() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let id = world
        .request_peering(
            (THERE, &nets.rosa.vpc),
            (HERE, &nets.aurora.vpc),
            Some("keycloak"),
        )
        .await;
    world.delete_peering(THERE, &id).await;
    world.clock.sleep(Duration::from_secs(60)).await;
    let found = find(&world, alone()).await.expect("survey");
    assert!(found.peerings.is_empty(), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_left_is_no_success() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let id = peered_by_scripts(&world, &nets.aurora, &nets.rosa).await;
    let found = find(&world, one(&nets.rosa)).await.expect("survey");
    // A route that comes up after the look is not in the graph.
    world.route(THERE, &nets.rosa.main, AURORA, &id).await;
    let (journal, run) = (memory(), world.run_id());
    let report = unpeer(&world, journal, run, &found).await;
    assert!(!ended_well(&report), "{report:?}");
    let (step, fault) = report.fault.expect("fault");
    assert_eq!(&*step, "verify");
    assert!(fault.message.contains(&nets.rosa.main), "{fault}");
    assert!(fault.hint.is_some());
    // To run it again takes the rest.
    let found = unpeered(&world, one(&nets.rosa)).await;
    assert_eq!(found.peerings[0].state, "deleted");
    assert_eq!(world.leads(THERE, &nets.rosa.main, AURORA).await, None);
}
