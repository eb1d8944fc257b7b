//! What a peering is made of, and what is refused before anything is touched.

mod inside;
mod port;
mod refused;
mod routes;

use aws_sdk_ec2::types::VpcPeeringConnectionStateReasonCode as State;
use stepwell_engine::event::{EventBody, Outcome};
use stepwell_engine::{Change, Journal as _};
use stepwell_workflows::peering::create_graph;

use super::{HERE, Nets, THERE, peer, peered, survey};
use crate::support::{World, ended_well, memory, rolled_back};
use crate::trial::inventory;

const AURORA: &str = "192.168.7.0/24";
const ROSA: &str = "10.0.0.0/16";

#[tokio::test(start_paused = true)]
async fn the_same_direction_twice_changes_nothing() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let first = peered(&world, &nets).await;
    let before = inventory(&world);
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    assert!(!parameters.has_changes());
    let graph = create_graph(&parameters).expect("graph");
    let planned = world.plan(&graph).await;
    assert!(
        planned
            .iter()
            .all(|step| !matches!(step.change, Change::Create | Change::Delete)),
        "{planned:#?}"
    );
    let again = peered(&world, &nets).await;
    assert!(!again.changed);
    assert_eq!(again.peering_id, first.peering_id);
    assert_eq!(inventory(&world), before);

    // And to undo that second run takes nothing from the first.
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn the_plan_shows_what_is_missing_and_changes_nothing() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let made = peered(&world, &nets).await;
    let ec2 = world.ec2(THERE);
    ec2.delete_route()
        .route_table_id(&nets.rosa.private)
        .destination_cidr_block(AURORA)
        .send()
        .await
        .expect("delete");
    let before = inventory(&world);
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    let graph = create_graph(&parameters).expect("graph");
    let planned = world.plan(&graph).await;
    let missing: Vec<_> = planned
        .iter()
        .filter(|step| step.change == Change::Create)
        .map(|step| step.name.to_string())
        .collect();
    assert_eq!(missing, [format!("route-to-aurora-{}", nets.rosa.private)]);
    assert_eq!(inventory(&world), before);
    // A run mends it; undone, it takes away that route and nothing else.
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    let mended = world.leads(THERE, &nets.rosa.private, AURORA).await;
    assert_eq!(mended, Some((made.peering_id, false)));
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_peering_that_waits_is_continued_not_died_of_at_accept() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let id = world
        .request_peering(
            (THERE, &nets.rosa.vpc),
            (HERE, &nets.aurora.vpc),
            Some("keycloak"),
        )
        .await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    let existing = parameters.existing.clone().expect("found");
    assert_eq!(existing.id, id);
    assert_eq!(existing.state, "pending-acceptance");
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(report.output.as_ref().expect("output")["peering_id"], id);
    assert_eq!(world.peerings(HERE).await.len(), 1, "no second one");

    // What was there before is not undone; what was added is.
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    let left = world.peerings(HERE).await;
    assert_eq!(left[0].vpc_peering_connection_id(), Some(id.as_str()));
    assert_eq!(left[0].status().unwrap().code(), Some(&State::Active));
    for table in nets.rosa_tables() {
        assert_eq!(world.leads(THERE, table, AURORA).await, None);
    }
    assert!(world.rules(HERE, &nets.aurora.group).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_peering_the_other_way_round_is_found_in_every_live_state() {
    for accepted in [false, true] {
        for rosa_region in [HERE, THERE] {
            let world = World::new().await;
            let nets = Nets::lay_out(&world, rosa_region).await;
            let id = world
                .request_peering(
                    (HERE, &nets.aurora.vpc),
                    (rosa_region, &nets.rosa.vpc),
                    None,
                )
                .await;
            if accepted {
                world.accept_peering(rosa_region, &id).await;
            }
            let made = peered(&world, &nets).await;
            assert_eq!(made.peering_id, id);
            assert_eq!(world.peerings(HERE).await.len(), 1);
            assert_eq!(made.routes.len(), 5);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_look_up_is_journaled_and_must_still_hold() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    let events = journal.load(run).await.expect("load");
    let recorded = events
        .iter()
        .find_map(|event| match &event.body {
            EventBody::AttemptSucceeded {
                step,
                outcome: Outcome::Ours { output },
                ..
            } if &**step == "rosa-network" => Some(output.clone()),
            _ => None,
        })
        .expect("the step's output");
    assert_eq!(recorded["vpc_id"], nets.rosa.vpc);
    assert_eq!(recorded["machine_cidr"], ROSA);
    assert_eq!(recorded["found_by"], "the test");

    // Between the look and the run a subnet moves to another table.
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    world
        .ec2(THERE)
        .create_route_table()
        .vpc_id(&nets.rosa.vpc)
        .send()
        .await
        .expect("table");
    world.settle().await;
    let tables = world.tables(THERE, &nets.rosa.vpc).await;
    let fresh = tables
        .iter()
        .find(|table| table.associations().is_empty())
        .and_then(|table| table.route_table_id())
        .expect("the new one");
    world
        .ec2(THERE)
        .associate_route_table()
        .route_table_id(fresh)
        .subnet_id(&nets.rosa.subnets[4])
        .send()
        .await
        .expect("association");
    let before = inventory(&world);
    let report = peer(&world, memory(), world.run_id(), &parameters).await;
    assert!(rolled_back(&report), "{report:?}");
    let (step, fault) = report.fault.expect("fault");
    assert_eq!(&*step, "rosa-network");
    assert!(fault.message.contains("has changed"), "{fault}");
    assert_eq!(inventory(&world), before);
}
