//! What a peering is made of, and what is refused before anything is touched.

use std::time::Duration;

use aws_sdk_ec2::types::VpcPeeringConnectionStateReasonCode as State;
use stepwell_engine::event::{EventBody, Outcome};
use stepwell_engine::{Change, Journal as _, plan};
use stepwell_workflows::peering::{Before, create_graph};

use super::{HERE, Nets, THERE, peer, peered, refusal, survey};
use crate::support::{World, ended_well, memory, rolled_back};
use crate::trial::inventory;

const AURORA: &str = "192.168.7.0/24";
const ROSA: &str = "10.0.0.0/16";

#[tokio::test(start_paused = true)]
async fn routes_go_to_private_tables_too_not_to_the_public_one_alone() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let made = peered(&world, &nets).await;
    assert!(made.changed);
    for table in nets.rosa_tables() {
        assert_eq!(
            world.leads(THERE, table, AURORA).await,
            Some((made.peering_id.clone(), false)),
            "{table}"
        );
    }
    for table in nets.aurora_tables() {
        assert_eq!(
            world.leads(HERE, table, ROSA).await,
            Some((made.peering_id.clone(), false)),
            "{table}"
        );
    }
    assert_eq!(made.routes.len(), 5);
    // Both sides have the tag by which either finds the peering later.
    for region in [HERE, THERE] {
        let peerings = world.peerings(region).await;
        assert_eq!(peerings.len(), 1);
        assert_eq!(peerings[0].status().unwrap().code(), Some(&State::Active));
        let tag = |key: &str| {
            let tag = peerings[0].tags().iter().find(|tag| tag.key() == Some(key));
            tag.and_then(|tag| tag.value()).map(str::to_owned)
        };
        assert_eq!(
            tag("AuroraCluster").as_deref(),
            Some("keycloak"),
            "{region}"
        );
        assert!(tag("stepwell:run").is_some(), "{region}");
        assert!(tag("Name").is_some(), "{region}");
    }
    let rules = world.rules(HERE, &nets.aurora.group).await;
    assert_eq!(rules.len(), 1);
    assert_eq!(rules[0].cidr_ipv4(), Some(ROSA));
    assert_eq!(
        rules[0].security_group_rule_id(),
        Some(made.ingress_rule_id.as_str())
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_direction_twice_changes_nothing() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let first = peered(&world, &nets).await;
    let before = inventory(&world);
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    assert!(!parameters.has_changes());
    let graph = create_graph(&parameters).expect("graph");
    let planned = plan(
        &graph,
        world.run_id(),
        std::sync::Arc::new(world.aws.clone()),
        world.clock.clone(),
    )
    .await
    .expect("plan");
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
    let planned = plan(
        &graph,
        world.run_id(),
        std::sync::Arc::new(world.aws.clone()),
        world.clock.clone(),
    )
    .await
    .expect("plan");
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

/// A route to a peering that was deleted before its routes, as the scripts do.
async fn stale_route(world: &World, nets: &Nets) -> String {
    let (aurora, rosa) = (&nets.aurora, &nets.rosa);
    let id = world
        .request_peering(
            (&rosa.region, &rosa.vpc),
            (&aurora.region, &aurora.vpc),
            Some("keycloak"),
        )
        .await;
    world.accept_peering(&aurora.region, &id).await;
    world
        .route(&rosa.region, &rosa.public, &aurora.cidr, &id)
        .await;
    world.delete_peering(&rosa.region, &id).await;
    let stands = world.leads(&rosa.region, &rosa.public, &aurora.cidr).await;
    assert_eq!(stands, Some((id.clone(), true)));
    id
}

#[tokio::test(start_paused = true)]
async fn a_stale_blackhole_route_is_replaced_and_put_back_by_a_rollback() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let old = stale_route(&world, &nets).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    let stale = parameters
        .routes_to_aurora
        .iter()
        .find(|route| route.table == nets.rosa.public)
        .expect("planned");
    assert!(
        matches!(&stale.before, Before::Stale(target) if target.id == old),
        "{stale:?}"
    );
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    let id = report.output.as_ref().expect("output")["peering_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(
        world.leads(THERE, &nets.rosa.public, AURORA).await,
        Some((id, false))
    );
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(
        world.leads(THERE, &nets.rosa.public, AURORA).await,
        Some((old, true))
    );
    assert_eq!(world.leads(THERE, &nets.rosa.private, AURORA).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_stale_route_to_what_aws_has_forgotten_is_removed_by_a_rollback() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    stale_route(&world, &nets).await;
    world.clock.sleep(Duration::from_secs(2 * 60 * 60)).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    for table in nets.rosa_tables() {
        assert_eq!(world.leads(THERE, table, AURORA).await, None);
    }
    assert!(
        !world
            .peerings(THERE)
            .await
            .iter()
            .any(|one| one.status().unwrap().code() == Some(&State::Active))
    );
}

#[tokio::test(start_paused = true)]
async fn the_route_of_somebody_else_is_refused_by_name() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let other = world.rosa_net(THERE, "10.9.0.0/16").await;
    // Another network that is peered, and to which a table sends the range.
    let id = world
        .request_peering((THERE, &nets.rosa.vpc), (THERE, &other.vpc), None)
        .await;
    world.accept_peering(THERE, &id).await;
    world.route(THERE, &nets.rosa.private, AURORA, &id).await;
    let before = inventory(&world);
    let message = refusal(survey(&world, nets.rosa.network()).await);
    for part in [nets.rosa.private.as_str(), AURORA, id.as_str()] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_appears_after_the_look_is_not_touched() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let other = world.rosa_net(THERE, "10.9.0.0/16").await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    let id = world
        .request_peering((THERE, &nets.rosa.vpc), (THERE, &other.vpc), None)
        .await;
    world.accept_peering(THERE, &id).await;
    world.route(THERE, &nets.rosa.private, AURORA, &id).await;
    let before = inventory(&world);
    let report = peer(&world, memory(), world.run_id(), &parameters).await;
    assert!(rolled_back(&report), "{report:?}");
    let (step, fault) = report.fault.expect("fault");
    assert_eq!(*step, *format!("route-to-aurora-{}", nets.rosa.private));
    assert!(fault.message.contains(&id), "{fault}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_open_already_is_kept() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    world.open_port(HERE, &nets.aurora.group, ROSA).await;
    let before = inventory(&world);
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    assert!(parameters.ingress_open);
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(world.rules(HERE, &nets.aurora.group).await.len(), 1);
    let report = world.rollback(journal, run).await.expect("rollback");
    assert!(rolled_back(&report), "{report:?}");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_opened_meanwhile_is_no_failure() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    world.open_port(HERE, &nets.aurora.group, ROSA).await;
    let report = peer(&world, memory(), world.run_id(), &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    assert_eq!(world.rules(HERE, &nets.aurora.group).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_security_group_is_that_of_the_cluster_not_of_the_name_alone() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    // The same name in two other networks.
    let decoy = world.rosa_net(HERE, "10.8.0.0/16").await;
    let same = "keycloak-security-group";
    let other = world.group(HERE, &decoy.vpc, same).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    assert_eq!(parameters.security_group_id, nets.aurora.group);
    peered(&world, &nets).await;
    assert!(world.rules(HERE, &other).await.is_empty());
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

#[tokio::test(start_paused = true)]
async fn routes_wait_until_the_peering_is_active_on_both_sides() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    let events = journal.load(run).await.expect("load");
    let active = events
        .iter()
        .position(|event| {
            matches!(&event.body, EventBody::AttemptSucceeded { step, .. } if &**step == "peering-active")
        })
        .expect("active");
    let mut routes = 0;
    for (place, event) in events.iter().enumerate() {
        match &event.body {
            EventBody::AttemptStarted { step, .. } if step.starts_with("route-to-") => {
                assert!(place > active, "{step}");
                routes += 1;
            }
            EventBody::AttemptFailed { step, .. } => panic!("{step} was too early"),
            _ => {}
        }
    }
    assert_eq!(routes, 5);
}

/// AWS that calls the first route's peering one of another network, as it does
/// while it has not heard everywhere that the peering is active.
struct Deaf(std::sync::atomic::AtomicU32);

impl stepwell_sandbox::Hook for Deaf {
    fn before(&self, call: &stepwell_sandbox::Call) -> stepwell_sandbox::Verdict {
        use std::sync::atomic::Ordering;
        if call.operation != "CreateRoute" || self.0.fetch_add(1, Ordering::Relaxed) > 0 {
            return stepwell_sandbox::Verdict::Proceed;
        }
        stepwell_sandbox::Verdict::Error {
            code: "InvalidParameterValue".to_owned(),
            status: 400,
            message: "route table rtb-1 and network gateway pcx-1 belong to different networks"
                .to_owned(),
        }
    }

    fn after(&self, _: &stepwell_sandbox::Call) -> stepwell_sandbox::Verdict {
        stepwell_sandbox::Verdict::Proceed
    }
}

#[tokio::test(start_paused = true)]
async fn a_young_peering_that_a_route_does_not_know_yet_is_tried_again() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let hook = std::sync::Arc::new(Deaf(std::sync::atomic::AtomicU32::new(0)));
    world.account.set_hook(Some(hook.clone()));
    peered(&world, &nets).await;
    assert!(hook.0.load(std::sync::atomic::Ordering::Relaxed) > 5);
}

#[tokio::test(start_paused = true)]
async fn a_security_group_of_another_name_is_told_by_the_cluster() {
    let world = World::new().await;
    let mut wanted = crate::support::options(1);
    wanted.vpc_cidr = Some(AURORA.to_owned());
    wanted.security_group_name = Some("of-my-own".to_owned());
    let report = world
        .create(
            memory(),
            world.run_id(),
            wanted,
            crate::support::Wanted::default(),
        )
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    let output = report.output.expect("output");
    // A group of the usual name in the same network is not the cluster's.
    let vpc = output["vpc_id"].as_str().expect("an id");
    world.group(HERE, vpc, "keycloak-security-group").await;
    let rosa = world.rosa_net(THERE, ROSA).await;
    let parameters = survey(&world, rosa.network()).await.expect("survey");
    assert_eq!(parameters.security_group_id, output["security_group_id"]);
}
