//! The port that a peering opens, and whose security group it is.

use std::time::Duration;

use stepwell_engine::Journal as _;
use stepwell_workflows::peering::{PeeringListing, list};
use stepwell_workflows::resume_refusal;

use super::{AURORA, ROSA};
use crate::peering::{HERE, Nets, THERE, cluster_net, one, peer, peered, survey, unpeered};
use crate::support::{World, ended_well, memory, rolled_back};
use crate::trial::inventory;

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

async fn cluster(world: &World) -> Nets {
    Nets {
        aurora: cluster_net(world).await,
        rosa: world.rosa_net(THERE, ROSA).await,
    }
}

/// Has the cluster serve on another port.
async fn moves_to(world: &World, port: u16) {
    let form = format!(
        "Action=ModifyDBCluster&DBClusterIdentifier=keycloak&Port={port}&ApplyImmediately=true"
    );
    world.call("rds", &form).await;
    world.clock.sleep(Duration::from_secs(15 * 60)).await;
}

async fn listed(world: &World) -> PeeringListing {
    list(&world.aws, &world.accounts(), Some(HERE), HERE, None)
        .await
        .expect("list")
}

async fn open_ports(world: &World, nets: &Nets) -> Vec<Option<i32>> {
    let rules = world.rules(HERE, &nets.aurora.group).await;
    rules.iter().map(|rule| rule.from_port()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_port_of_the_cluster_is_opened_told_and_closed() {
    let world = World::new().await;
    let nets = cluster(&world).await;
    moves_to(&world, 5433).await;
    let before = inventory(&world);
    // A rule for the usual port is not the one that is needed.
    world.open_port(HERE, &nets.aurora.group, ROSA).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    assert_eq!(parameters.port, 5433);
    assert!(!parameters.ingress_open);
    let made = peered(&world, &nets).await;
    assert_eq!(made.port, 5433);
    let mut ports = open_ports(&world, &nets).await;
    ports.sort();
    assert_eq!(ports, [Some(5432), Some(5433)]);
    let listing = listed(&world).await;
    assert_eq!(listing.peerings[0].port, 5433);
    assert_eq!(listing.peerings[0].ingress_open, Some(true));
    // Both go: the port may have been another one when a rule was made.
    let found = unpeered(&world, one(&nets.rosa)).await;
    assert_eq!(found.peerings[0].rules.len(), 2);
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_rule_for_the_port_of_former_times_goes_with_its_peering() {
    let world = World::new().await;
    let nets = cluster(&world).await;
    moves_to(&world, 5433).await;
    peered(&world, &nets).await;
    assert_eq!(open_ports(&world, &nets).await, [Some(5433)]);
    moves_to(&world, 5434).await;
    let listing = listed(&world).await;
    assert_eq!(listing.peerings[0].ingress_open, Some(false));
    // It is neither the port of the cluster nor the usual one: its tag tells.
    unpeered(&world, one(&nets.rosa)).await;
    assert!(open_ports(&world, &nets).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_port_that_changes_after_the_survey_is_not_taken_for_the_same() {
    let world = World::new().await;
    let nets = cluster(&world).await;
    let parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    moves_to(&world, 5433).await;
    let before = inventory(&world);
    let report = peer(&world, memory(), world.run_id(), &parameters).await;
    assert!(rolled_back(&report), "{report:?}");
    let (step, fault) = report.fault.expect("fault");
    assert_eq!(&*step, "ingress");
    assert!(
        fault.message.contains("serves on port 5433 now, not 5432"),
        "{fault}"
    );
    assert!(fault.hint.is_some());
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn another_cluster_of_the_name_is_not_opened() {
    let world = World::new().await;
    let nets = cluster(&world).await;
    let mut parameters = survey(&world, nets.rosa.network()).await.expect("survey");
    let identity = parameters.identity.as_mut().expect("a cluster");
    let now = std::mem::replace(&mut identity.resource_id, "cluster-FORMER".to_owned());
    let before = inventory(&world);
    let (journal, run) = (memory(), world.run_id());
    let report = peer(&world, journal.clone(), run, &parameters).await;
    assert!(rolled_back(&report), "{report:?}");
    let (step, fault) = report.fault.expect("fault");
    assert_eq!(&*step, "ingress");
    for part in ["another cluster", "cluster-FORMER", &now] {
        assert!(fault.message.contains(part), "{fault}");
    }
    assert_eq!(inventory(&world), before);
    // On resume it is refused before anything is done.
    let events = journal.load(run).await.expect("load");
    let refusal = resume_refusal(&world.aws, "peering create", &events);
    let refusal = refusal.await.expect("an answer").expect("a refusal");
    for part in ["cluster-FORMER", &now] {
        assert!(refusal.message.contains(part), "{}", refusal.message);
    }
}
