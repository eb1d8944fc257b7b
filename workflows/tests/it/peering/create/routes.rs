//! The routes of a peering: where they go, what they replace, when they come.

use std::time::Duration;

use aws_sdk_ec2::types::VpcPeeringConnectionStateReasonCode as State;
use stepwell_engine::Journal as _;
use stepwell_engine::event::EventBody;
use stepwell_workflows::peering::Before;

use super::{AURORA, ROSA};
use crate::peering::{HERE, Nets, THERE, peer, peered, refusal, survey};
use crate::support::{World, ended_well, memory, rolled_back};
use crate::trial::inventory;

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
async fn a_stale_blackhole_route_is_replaced_and_put_back_by_a_rollback() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let old = nets.leave_stale_route(&world).await;
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
    // That the old target is gone is not believed at the first refusal.
    world.fails(
        "ReplaceRoute",
        "InvalidVpcPeeringConnectionID.NotFound",
        Some(1),
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
    nets.leave_stale_route(&world).await;
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
