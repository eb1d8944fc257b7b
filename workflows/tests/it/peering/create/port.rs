//! The port that a peering opens, and whose security group it is.

use super::{AURORA, ROSA};
use crate::peering::{HERE, Nets, THERE, peer, peered, survey};
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
