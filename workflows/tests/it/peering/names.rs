//! Clusters whose names RDS and EC2 spell differently, and long ones.

use stepwell_workflows::Target;
use stepwell_workflows::peering::{CreateOptions, DeleteOptions, list, survey_create};

use super::{HERE, Nets, THERE, peer, peered_by_scripts, place, unpeered};
use crate::support::{World, ended_well, memory};
use crate::trial::inventory;

/// A cluster's network as scripts made it, tagged as it was typed.
async fn lay_out(world: &World, name: &str) -> Nets {
    Nets {
        aurora: world.aurora_net(HERE, name, "192.168.7.0/24").await,
        rosa: world.rosa_net(THERE, "10.0.0.0/16").await,
    }
}

fn all_of(cluster: &str) -> DeleteOptions {
    DeleteOptions::OfCluster {
        cluster: cluster.to_owned(),
        region: HERE.to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_of_mixed_case_is_peered_listed_and_unpeered_without_rest() {
    for (spelled, options) in [("gh-Octo", None), ("GH-OCTO", None), ("gh-octo", Some(()))] {
        let world = World::new().await;
        let nets = lay_out(&world, "gh-Octo").await;
        let before = inventory(&world);
        let request = CreateOptions {
            cluster: spelled.to_owned(),
            region: HERE.to_owned(),
            security_group_name: None,
            tags: Vec::new(),
        };
        let request = request.validate().expect("valid");
        let network = nets.rosa.network();
        let accounts = world.accounts();
        let parameters = survey_create(&world.aws, &request, network, &accounts)
            .await
            .expect("survey");
        assert_eq!(parameters.security_group_id, nets.aurora.group);
        assert_eq!(
            parameters.target(),
            Target::peering(HERE, "gh-octo", &nets.rosa.vpc)
        );
        let report = peer(&world, memory(), world.run_id(), &parameters).await;
        assert!(ended_well(&report), "{report:?}");
        // The scripts look for the tag as the VPC has it.
        for region in [HERE, THERE] {
            let peerings = world.peerings(region).await;
            let tags = peerings[0].tags().iter();
            let tag = tags.clone().find(|tag| tag.key() == Some("AuroraCluster"));
            assert_eq!(tag.and_then(|tag| tag.value()), Some("gh-Octo"), "{region}");
        }
        let listing = list(&world.aws, &accounts, Some(THERE), HERE, Some(spelled))
            .await
            .expect("list");
        assert_eq!(listing.peerings.len(), 1);
        assert_eq!(listing.peerings[0].cluster, "gh-octo");
        assert!(listing.peerings[0].is_whole(), "{listing:#?}");
        match options {
            None => unpeered(&world, all_of(spelled)).await,
            Some(()) => unpeered(&world, DeleteOptions::OfRosa(place(&nets.rosa))).await,
        };
        assert_eq!(inventory(&world), before, "{spelled}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_scripts_peered_under_another_spelling_goes() {
    let world = World::new().await;
    let nets = lay_out(&world, "gh-Octo").await;
    let before = inventory(&world);
    peered_by_scripts(&world, &nets.aurora, &nets.rosa).await;
    let found = unpeered(&world, all_of("gh-octo")).await;
    assert_eq!(found.peerings[0].cluster, "gh-octo");
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn names_of_63_characters_are_peered_and_unpeered() {
    let world = World::new().await;
    let long = format!("k{}", "x".repeat(62));
    let nets = lay_out(&world, &long).await;
    peered_by_scripts(&world, &nets.aurora, &nets.rosa).await;
    let found = unpeered(&world, all_of(&long)).await;
    assert_eq!(found.peerings[0].cluster, long);
    assert!(all_of(&format!("{long}x")).validate().is_err());
}
