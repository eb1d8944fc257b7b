//! Address ranges that would collide: AWS tells only by a peering that fails,
//! or not at all.

use ipnet::Ipv4Net;

use super::parameters::Before;
use crate::aurora::overlap;
use crate::peering::routes::{Standing, TargetKind};

/// The ranges of a network, with what a message calls it.
pub(crate) struct Named {
    pub(crate) what: String,
    pub(crate) cidrs: Vec<Ipv4Net>,
}

/// Says which ranges of one network overlap which of others.
pub(crate) fn between(one: &Named, others: &[Named]) -> Vec<String> {
    let mut lines = Vec::new();
    for other in others {
        for block in &one.cidrs {
            for taken in &other.cidrs {
                if overlap(*block, *taken) {
                    lines.push(format!(
                        "{block} of {} overlaps {taken} of {}",
                        one.what, other.what
                    ));
                }
            }
        }
    }
    lines
}

/// How the routes of a table bear on a new one to `destination`: how exactly
/// that one stands, or why it can't be made.
///
/// `ours` is the peering that is there already, `live` are all peerings that
/// have not ended: a route to one of these is somebody's even while AWS calls
/// it a blackhole, because it waits for the peering to become active.
pub(crate) fn standing(
    table: &str,
    routes: &[Standing],
    destination: Ipv4Net,
    ours: Option<&str>,
    live: &[String],
) -> Result<Before, String> {
    let mut before = Before::Absent;
    for route in routes {
        // Both networks are known by their IPv4 ranges.
        let Some(stands) = route.destination.ipv4() else {
            continue;
        };
        if ours.is_some_and(|id| route.leads_to(id)) {
            if stands == destination {
                before = Before::Same;
            }
            continue;
        }
        // The way out to everywhere else gives way to anything that is narrower.
        if stands.prefix_len() == 0 || !overlap(stands, destination) {
            continue;
        }
        let stale = route.blackhole
            && route.target.kind != TargetKind::Other
            && !live.iter().any(|id| route.leads_to(id));
        if stands == destination && stale {
            before = Before::Stale(route.target.clone());
        } else if stale && stands.contains(&destination) {
            // Leads nowhere, and the narrower route takes precedence.
        } else {
            return Err(format!(
                "{table} has a route for {} to {}",
                route.destination, route.target
            ));
        }
    }
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peering::routes::RouteTarget;

    fn net(text: &str) -> Ipv4Net {
        text.parse().expect("a range")
    }

    fn route(destination: &str, kind: TargetKind, id: &str, blackhole: bool) -> Standing {
        Standing {
            destination: net(destination).into(),
            target: RouteTarget {
                kind,
                id: id.to_owned(),
            },
            blackhole,
        }
    }

    fn judge(routes: &[Standing]) -> Result<Before, String> {
        let live = ["pcx-1".to_owned(), "pcx-live".to_owned()];
        standing("rtb-1", routes, net("192.168.7.0/24"), Some("pcx-1"), &live)
    }

    #[test]
    fn every_block_of_both_networks_counts() {
        let named = |what: &str, cidrs: &[&str]| Named {
            what: what.to_owned(),
            cidrs: cidrs.iter().map(|text| net(text)).collect(),
        };
        let aurora = named("aurora", &["192.168.7.0/24", "100.64.0.0/24"]);
        let rosa = named("rosa", &["10.0.0.0/16", "100.64.0.0/16"]);
        let other = named("pcx-2", &["172.16.0.0/12"]);
        assert_eq!(
            between(&aurora, &[other, rosa]),
            ["100.64.0.0/24 of aurora overlaps 100.64.0.0/16 of rosa"]
        );
    }

    #[test]
    fn a_route_is_kept_replaced_or_in_the_way() {
        use TargetKind::{Gateway, NatGateway, Other, Peering, TransitGateway};
        let stale = |kind, id: &str| {
            Ok(Before::Stale(RouteTarget {
                kind,
                id: id.to_owned(),
            }))
        };
        let way_out = route("0.0.0.0/0", NatGateway, "nat-1", false);
        assert_eq!(judge(&[]), Ok(Before::Absent));
        assert_eq!(judge(std::slice::from_ref(&way_out)), Ok(Before::Absent));
        for (found, expected) in [
            (
                route("192.168.7.0/24", Peering, "pcx-1", false),
                Ok(Before::Same),
            ),
            (
                route("192.168.8.0/24", Peering, "pcx-9", false),
                Ok(Before::Absent),
            ),
            (
                route("192.168.7.0/24", Peering, "pcx-9", true),
                stale(Peering, "pcx-9"),
            ),
            (
                route("192.168.7.0/24", Gateway, "vgw-1", true),
                stale(Gateway, "vgw-1"),
            ),
            (
                route("192.168.0.0/16", Peering, "pcx-9", true),
                Ok(Before::Absent),
            ),
        ] {
            assert_eq!(
                judge(&[way_out.clone(), found.clone()]),
                expected,
                "{found:?}"
            );
        }
        for found in [
            route("192.168.7.0/24", Peering, "pcx-9", false),
            route("192.168.7.0/24", Peering, "pcx-live", true),
            route("192.168.7.0/24", Other, "lgw-1", true),
            route("192.168.0.0/16", TransitGateway, "tgw-1", false),
            route("192.168.7.128/25", Peering, "pcx-9", true),
        ] {
            let refused = judge(&[way_out.clone(), found.clone()]).expect_err("in the way");
            assert!(refused.contains(&found.target.id), "{refused}");
            assert!(refused.contains("rtb-1"), "{refused}");
            assert!(
                refused.contains(&found.destination.to_string()),
                "{refused}"
            );
        }
    }
}
