//! What a list shows of a peering, and of what it lacks.

use stepwell_workflows::peering::{Accounts, PeeringListing, RosaAccount, list};

use super::{HERE, Nets, THERE, peered, peered_by_scripts};
use crate::support::World;
use crate::trial::inventory;

const AURORA: &str = "192.168.7.0/24";

async fn listed(world: &World, region: Option<&str>) -> PeeringListing {
    list(&world.aws, &world.accounts(), region, HERE, None)
        .await
        .expect("list")
}

#[tokio::test(start_paused = true)]
async fn a_whole_peering_is_seen_from_both_sides_once() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let made = peered(&world, &nets).await;
    let before = inventory(&world);
    for region in [Some(HERE), Some(THERE), None] {
        let found = listed(&world, region).await;
        assert_eq!(found.peerings.len(), 1, "{region:?}");
        let one = &found.peerings[0];
        assert_eq!(one.id, made.peering_id);
        assert_eq!(
            (one.region.as_str(), one.rosa_region.as_str()),
            (HERE, THERE)
        );
        assert_eq!(one.vpc_id, nets.aurora.vpc);
        assert_eq!(one.rosa_vpc_id, nets.rosa.vpc);
        assert_eq!(one.cluster, "keycloak");
        assert!(one.is_whole(), "{one:#?}");
    }
    let skipped = listed(&world, None).await.skipped;
    let skipped: Vec<_> = skipped.iter().map(|skipped| &skipped.region).collect();
    assert!(skipped.len() <= 1, "{skipped:?}");
    assert!(listed(&world, Some("eu-north-1")).await.peerings.is_empty());
    assert_eq!(inventory(&world), before);
}

#[tokio::test(start_paused = true)]
async fn missing_routes_and_a_closed_port_are_named() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    // The scripts put one route into the public table and leave it at that.
    let id = peered_by_scripts(&world, &nets.aurora, &nets.rosa).await;
    let rule = world.rules(HERE, &nets.aurora.group).await[0].clone();
    world
        .ec2(HERE)
        .revoke_security_group_ingress()
        .group_id(&nets.aurora.group)
        .security_group_rule_ids(rule.security_group_rule_id().unwrap())
        .send()
        .await
        .expect("revoke");
    let found = listed(&world, Some(HERE)).await;
    let one = &found.peerings[0];
    assert_eq!(one.id, id);
    assert!(!one.is_whole());
    assert_eq!(one.ingress_open, Some(false));
    assert!(one.stale_routes.is_empty(), "{one:#?}");
    let mut missing: Vec<_> = one
        .missing_routes
        .iter()
        .map(|route| {
            (
                route.side,
                route.table.as_str(),
                route.destination.to_string(),
            )
        })
        .collect();
    missing.sort();
    let mut expected = vec![
        (
            "aurora",
            nets.aurora.main.as_str(),
            "10.0.0.0/16".to_owned(),
        ),
        ("rosa", &nets.rosa.private, AURORA.to_owned()),
        ("rosa", &nets.rosa.main, AURORA.to_owned()),
    ];
    expected.sort();
    assert_eq!(missing, expected);
}

#[tokio::test(start_paused = true)]
async fn stale_routes_of_a_peering_that_is_gone_are_named() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let id = peered_by_scripts(&world, &nets.aurora, &nets.rosa).await;
    world.delete_peering(THERE, &id).await;
    let found = listed(&world, Some(HERE)).await;
    let one = &found.peerings[0];
    assert_eq!(one.state.as_deref(), Some("deleted"));
    assert_eq!(one.ingress_open, None);
    let mut stale: Vec<_> = one
        .stale_routes
        .iter()
        .map(|route| (route.side, route.table.as_str()))
        .collect();
    stale.sort_unstable();
    assert_eq!(
        stale,
        [
            ("aurora", nets.aurora.table.as_str()),
            ("rosa", nets.rosa.public.as_str())
        ]
    );
    // Without anything left behind it is of no interest.
    for (region, table, to) in [
        (THERE, &nets.rosa.public, AURORA),
        (HERE, &nets.aurora.table, "10.0.0.0/16"),
    ] {
        world
            .ec2(region)
            .delete_route()
            .route_table_id(table)
            .destination_cidr_block(to)
            .send()
            .await
            .expect("delete");
    }
    assert!(listed(&world, Some(HERE)).await.peerings.is_empty());
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_shows_so_and_lacks_nothing_yet() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    world
        .request_peering((HERE, &nets.aurora.vpc), (THERE, &nets.rosa.vpc), None)
        .await;
    let found = listed(&world, Some(HERE)).await;
    let one = &found.peerings[0];
    assert_eq!(one.state.as_deref(), Some("pending-acceptance"));
    assert_eq!(one.requested_by, "aurora");
    assert!(one.missing_routes.is_empty());
    assert!(!one.is_whole());
}

#[tokio::test(start_paused = true)]
async fn a_side_in_an_account_out_of_reach_is_said_so() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    peered(&world, &nets).await;
    let stranger = "999999999999".to_owned();
    let accounts = Accounts {
        main: stranger.clone(),
        rosa: RosaAccount {
            id: stranger,
            profile: None,
        },
    };
    let found = list(&world.aws, &accounts, Some(HERE), HERE, None)
        .await
        .expect("list");
    let one = &found.peerings[0];
    assert_eq!(one.cluster, "keycloak", "by the peering's own tag");
    assert_eq!(one.state, None);
    let why = one.unreachable.as_deref().expect("why");
    assert!(why.contains(world.account.account_id()), "{why}");
}
