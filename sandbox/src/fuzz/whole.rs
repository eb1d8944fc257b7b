//! What holds of every account, whatever was asked of it.

use std::collections::BTreeSet;

use crate::ec2::acl;
use crate::rds::arn::Arn;
use crate::world::cidr::overlaps;
use crate::world::network::{InstanceState, Peer};
use crate::world::peering::PeeringStatus;
use crate::world::{Region, World, regions};

/// Whether an account is whole, or what is not.
pub(super) fn check(world: &World) -> Result<(), String> {
    for (name, region) in &world.regions {
        let found = network(name, region)
            .and_then(|()| edges(region))
            .and_then(|()| groups(region))
            .and_then(|()| machines(region))
            .and_then(|()| databases(region));
        found.map_err(|why| format!("{name}: {why}"))?;
    }
    peerings(world)?;
    ties(world)
}

fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

fn network(name: &str, region: &Region) -> Result<(), String> {
    for (id, subnet) in &region.subnets {
        let vpc = region.vpcs.get(&subnet.vpc);
        let vpc = vpc.ok_or_else(|| format!("{id} lies in no vpc"))?;
        must(
            vpc.ranges()
                .iter()
                .any(|range| range.contains(&subnet.cidr)),
            || format!("{id} leaves its vpc"),
        )?;
        must(regions::has_zone(name, &subnet.zone), || {
            format!("{id} is in no zone")
        })?;
        let mut others = region.subnets.iter().filter(|(other, _)| *other != id);
        let overlaps =
            others.any(|(_, one)| one.vpc == subnet.vpc && overlaps(one.cidr, subnet.cidr));
        must(!overlaps, || format!("{id} overlaps another"))?;
    }
    let mut associated = BTreeSet::new();
    for (id, table) in &region.route_tables {
        must(region.vpcs.contains_key(&table.vpc), || {
            format!("{id} is of no vpc")
        })?;
        for one in &table.associations {
            let Some(subnet) = &one.subnet else {
                continue;
            };
            let held = region.subnets.get(subnet);
            must(held.is_some_and(|held| held.vpc == table.vpc), || {
                format!("{id} serves {subnet}")
            })?;
            must(associated.insert(subnet), || {
                format!("{subnet} has two tables")
            })?;
        }
        let ranges: BTreeSet<_> = table
            .routes
            .iter()
            .map(|route| &route.destination)
            .collect();
        must(ranges.len() == table.routes.len(), || {
            format!("{id} has two routes for a range")
        })?;
    }
    for id in region.vpcs.keys() {
        let tables = region
            .route_tables
            .values()
            .filter(|table| table.vpc == *id);
        let mains: usize = tables
            .map(|table| {
                table
                    .associations
                    .iter()
                    .filter(|one| one.subnet.is_none())
                    .count()
            })
            .sum();
        must(mains == 1, || format!("{id} has {mains} main tables"))?;
        let gateways = region.gateways.values();
        let attached = gateways
            .filter(|gateway| gateway.vpc.as_ref() == Some(id))
            .count();
        must(attached <= 1, || format!("{id} has {attached} gateways"))?;
    }
    for (id, gateway) in &region.gateways {
        let vpc = gateway.vpc.as_ref();
        must(vpc.is_none_or(|vpc| region.vpcs.contains_key(vpc)), || {
            format!("{id} is at no vpc")
        })?;
    }
    Ok(())
}

/// Gateways, endpoints and attachments, and the network ACLs of subnets.
fn edges(region: &Region) -> Result<(), String> {
    let mut kept = BTreeSet::new();
    for (id, edge) in &region.edges {
        let homes = edge
            .vpc
            .iter()
            .chain(edge.attachment().map(|held| &held.vpc));
        for vpc in homes {
            must(!edge.holds(vpc) || region.vpcs.contains_key(vpc), || {
                format!("{id} is at no vpc {vpc}")
            })?;
        }
        must(edge.state.holds() || edge.interfaces.is_empty(), || {
            format!("{id} has ended and has interfaces")
        })?;
        for interface in &edge.interfaces {
            let held = region.interfaces.get(interface);
            must(
                held.is_some_and(|held| edge.subnets.contains(&held.subnet)),
                || format!("{id} has no {interface}"),
            )?;
            must(kept.insert(interface), || {
                format!("{interface} is kept twice")
            })?;
        }
        for table in edge.endpoint().iter().flat_map(|one| &one.tables) {
            must(
                !edge.state.serves() || region.route_tables.contains_key(table),
                || format!("{id} has no table {table}"),
            )?;
        }
    }
    for (id, acl) in &region.acls {
        must(region.vpcs.contains_key(&acl.vpc), || {
            format!("{id} is of no vpc")
        })?;
    }
    let mut links = BTreeSet::new();
    for (id, subnet) in &region.subnets {
        let link = acl::link(id, subnet);
        let vpc = region.acls.get(&link.acl).map(|acl| &acl.vpc);
        must(
            vpc == Some(&subnet.vpc) || link.acl == acl::default_of(&subnet.vpc),
            || format!("{id} has the acl {}", link.acl),
        )?;
        must(links.insert(link.association), || {
            format!("{id} shares its acl association")
        })?;
    }
    Ok(())
}

fn groups(region: &Region) -> Result<(), String> {
    let mut names = BTreeSet::new();
    let mut rules = BTreeSet::new();
    for (id, group) in &region.groups {
        must(region.vpcs.contains_key(&group.vpc), || {
            format!("{id} is of no vpc")
        })?;
        must(names.insert((&group.vpc, &group.name)), || {
            format!("two groups {}", group.name)
        })?;
        for (at, rule) in group.rules.iter().enumerate() {
            must(rules.insert(&rule.id), || format!("two rules {}", rule.id))?;
            let twice = group.rules[..at]
                .iter()
                .any(|one| one.egress == rule.egress && one.permission == rule.permission);
            must(!twice, || {
                format!("{id} allows {:?} twice", rule.permission)
            })?;
            // A group of another vpc may go, and leaves a stale rule, as on AWS.
            if let Peer::Group(peer) = &rule.permission.peer {
                must(peer.starts_with("sg-"), || format!("{id} names {peer}"))?;
            }
        }
    }
    for id in region.vpcs.keys() {
        must(names.contains(&(id, &"default".to_owned())), || {
            format!("{id} has no default group")
        })?;
    }
    Ok(())
}

fn machines(region: &Region) -> Result<(), String> {
    let mut addresses = BTreeSet::new();
    for (id, one) in &region.interfaces {
        let subnet = region.subnets.get(&one.subnet);
        must(subnet.is_some_and(|held| held.vpc == one.vpc), || {
            format!("{id} is in no subnet")
        })?;
        for group in &one.groups {
            let held = region.groups.get(group);
            must(held.is_some_and(|held| held.vpc == one.vpc), || {
                format!("{id} has no group {group}")
            })?;
        }
        must(addresses.insert((&one.subnet, &one.address)), || {
            format!("two have {}", one.address)
        })?;
        if let Some(instance) = &one.instance {
            must(region.instances.contains_key(instance), || {
                format!("{id} is of no instance")
            })?;
        }
    }
    for (id, one) in &region.instances {
        if one.state != InstanceState::Terminated {
            must(region.interfaces.contains_key(&one.interface), || {
                format!("{id} has no interface")
            })?;
        }
    }
    Ok(())
}

fn databases(region: &Region) -> Result<(), String> {
    let mut members = BTreeSet::new();
    let mut secrets = BTreeSet::new();
    for (id, cluster) in &region.clusters {
        must(
            region.subnet_groups.contains_key(&cluster.subnet_group),
            || format!("{id} has no subnet group {}", cluster.subnet_group),
        )?;
        for member in &cluster.members {
            let held = region.db_instances.get(member);
            must(held.is_some_and(|held| held.cluster == *id), || {
                format!("{id} has no {member}")
            })?;
            must(members.insert(member), || {
                format!("{member} is a member twice")
            })?;
        }
        if let Some(writer) = &cluster.writer {
            must(cluster.members.contains(writer), || {
                format!("{writer} writes to {id}")
            })?;
        }
        if let Some(arn) = &cluster.secret {
            must(region.secrets.contains_key(arn), || {
                format!("{id} has no secret")
            })?;
            secrets.insert(arn);
        }
    }
    for (id, instance) in &region.db_instances {
        must(members.contains(id), || format!("{id} is in no cluster"))?;
        must(region.interfaces.contains_key(&instance.interface), || {
            format!("{id} has no interface")
        })?;
    }
    for arn in region.secrets.keys() {
        must(secrets.contains(arn), || format!("{arn} is of no cluster"))?;
    }
    must(region.events.len() <= 500, || "too many events".to_owned())
}

fn peerings(world: &World) -> Result<(), String> {
    let mut pairs = BTreeSet::new();
    for (id, peering) in &world.peerings {
        let joined = peering.status.is_joined();
        if !joined && peering.status != PeeringStatus::PendingAcceptance {
            continue;
        }
        let mut ends = Vec::new();
        for side in [&peering.requester, &peering.accepter] {
            let vpc = world.region(&side.region).vpcs.get(&side.vpc);
            let vpc = vpc.ok_or_else(|| format!("{id} has no vpc {}", side.vpc))?;
            must(vpc.cidr == side.cidr, || format!("{id} has another range"))?;
            ends.push((&side.region, &side.vpc));
        }
        must(
            !overlaps(peering.requester.cidr, peering.accepter.cidr),
            || format!("{id} overlaps"),
        )?;
        ends.sort_unstable();
        must(!joined || pairs.insert(ends), || {
            format!("{id} joins two that are joined")
        })?;
    }
    Ok(())
}

/// What ties clusters to each other.
fn ties(world: &World) -> Result<(), String> {
    let is_there = |region: &str, id: &str| world.region(region).clusters.contains_key(id);
    let mut joined = BTreeSet::new();
    for (id, global) in &world.global_clusters {
        let writers = global.members.iter().filter(|one| one.writer).count();
        must(writers == usize::from(!global.members.is_empty()), || {
            format!("{id} has {writers} primaries")
        })?;
        for one in &global.members {
            must(is_there(&one.region, &one.cluster), || {
                format!("{id} has no {}", one.cluster)
            })?;
            must(joined.insert((&one.region, &one.cluster)), || {
                format!("{} is in two global clusters", one.cluster)
            })?;
        }
    }
    for (name, region) in &world.regions {
        for (id, cluster) in &region.clusters {
            let source = cluster.replica_of.as_deref().and_then(Arn::parse);
            let known = source.is_none_or(|arn| is_there(arn.region, &arn.name));
            must(known, || {
                format!("{id} replicates {:?}", cluster.replica_of)
            })?;
            must(!cluster.read_only || cluster.writer.is_none(), || {
                format!("{id} writes and is a secondary")
            })?;
        }
        for (id, one) in &region.deployments {
            let whole = is_there(name, &one.source) && is_there(name, &one.target);
            must(whole, || format!("{id} has lost a cluster"))?;
        }
    }
    Ok(())
}
