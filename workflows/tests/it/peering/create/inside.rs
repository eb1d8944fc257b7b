//! The ranges of pods and services inside of the ROSA cluster.

use super::AURORA;
use crate::peering::{HERE, Nets, THERE, refusal, survey};
use crate::support::World;
use crate::trial::inventory;

#[tokio::test(start_paused = true)]
async fn what_pods_or_services_have_is_refused_for_aurora() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let before = inventory(&world);
    for (what, range) in [("pods", "192.168.0.0/18"), ("services", "192.168.7.128/25")] {
        let mut network = nets.rosa.network();
        let range = range.parse().expect("a range");
        match what {
            "pods" => network.pod_cidr = Some(range),
            _ => network.service_cidr = Some(range),
        }
        let message = refusal(survey(&world, network).await);
        for part in [
            AURORA,
            &range.to_string(),
            what,
            &nets.aurora.vpc,
            "rosa cluster rosa",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn what_is_elsewhere_is_no_hindrance() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, HERE).await;
    let mut network = nets.rosa.network();
    network.pod_cidr = Some("10.128.0.0/14".parse().expect("a range"));
    network.service_cidr = Some("172.30.0.0/16".parse().expect("a range"));
    survey(&world, network).await.expect("survey");
}
