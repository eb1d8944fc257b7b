//! Routes to a peering that go by IPv6 or by a prefix list.

use stepwell_workflows::peering::list;

use super::{HERE, Nets, THERE, find, one, peered, unpeer, unpeered};
use crate::support::{World, element, ended_well, memory};

const RANGE: &str = "2001:db8:7::/56";

/// Adds a route for an IPv6 range and one for a prefix list to a table of ROSA;
/// gives the list's id.
async fn add(world: &World, table: &str, peering: &str) -> String {
    let form = "Action=CreateManagedPrefixList&PrefixListName=aurora&AddressFamily=IPv4&MaxEntries=1&Entry.1.Cidr=192.168.7.0/24";
    let answer = world.call_in(THERE, "ec2", form).await;
    let list = element(&answer, "prefixListId");
    world.settle().await;
    let route = |destination: String| {
        format!(
            "Action=CreateRoute&RouteTableId={table}&{destination}&VpcPeeringConnectionId={peering}"
        )
    };
    let by_range = route(format!("DestinationIpv6CidrBlock={RANGE}"));
    world.call_in(THERE, "ec2", &by_range).await;
    let by_list = route(format!("DestinationPrefixListId={list}"));
    world.call_in(THERE, "ec2", &by_list).await;
    list
}

async fn count(world: &World, table: &str) -> usize {
    let tables = world.tables(THERE, table).await;
    tables.iter().map(|table| table.routes().len()).sum()
}

#[tokio::test(start_paused = true)]
async fn routes_of_every_kind_go_with_their_peering() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let routes = count(&world, &nets.rosa.vpc).await;
    let made = peered(&world, &nets).await;
    let list = add(&world, &nets.rosa.private, &made.peering_id).await;
    let found = unpeered(&world, one(&nets.rosa)).await;
    assert_eq!(found.peerings[0].routes.len(), 7);
    let texts: Vec<String> = (found.peerings[0].routes.iter())
        .map(|route| route.destination.to_string())
        .collect();
    for text in [RANGE, &list] {
        assert!(texts.iter().any(|one| one == text), "{texts:?}");
    }
    assert_eq!(count(&world, &nets.rosa.vpc).await, routes);
}

#[tokio::test(start_paused = true)]
async fn such_a_route_that_is_left_is_no_success_and_listed() {
    let world = World::new().await;
    let nets = Nets::lay_out(&world, THERE).await;
    let made = peered(&world, &nets).await;
    let found = find(&world, one(&nets.rosa)).await.expect("survey");
    let list_id = add(&world, &nets.rosa.private, &made.peering_id).await;
    let report = unpeer(&world, memory(), world.run_id(), &found).await;
    assert!(!ended_well(&report), "{report:?}");
    let (step, fault) = report.fault.expect("fault");
    assert_eq!(&*step, "verify");
    for part in [RANGE, &list_id] {
        assert!(fault.message.contains(part), "{fault}");
    }
    let listing = list(&world.aws, &world.accounts(), Some(HERE), HERE, None)
        .await
        .expect("list");
    let stale: Vec<String> = (listing.peerings[0].stale_routes.iter())
        .map(|route| route.destination.to_string())
        .collect();
    assert_eq!(stale.len(), 2, "{stale:?}");
    unpeered(&world, one(&nets.rosa)).await;
}
