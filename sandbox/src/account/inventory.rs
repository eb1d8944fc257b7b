//! What the account holds, for comparisons.

use crate::ec2::interface::keeper;
use crate::ec2::lookup::Kind;
use crate::ec2::prefix_list::name_of;
use crate::world::edge::{Edge, EdgeSort};
use crate::world::network::{Destination, InstanceState, Interface, Peer, Rule, Target};
use crate::world::{Region, World};
use serde_json::{Map, Value, json};

/// [`crate::Account::inventory`]: resources refer to each other by range and name.
pub(crate) fn inventory(world: &World) -> Value {
    let regions: serde_json::Map<String, Value> = world
        .regions
        .keys()
        .map(|name| (name.clone(), Value::Object(region_inventory(world, name))))
        .filter(|(_, value)| value.as_object().is_some_and(|map| !map.is_empty()))
        .collect();
    let peerings = sorted(world.peerings.values().filter(|p| p.status.holds_vpcs()).map(|p| {
        let side = |side: &crate::world::peering::Side| {
            json!({ "region": side.region, "vpc": side.cidr, "tags": side.tags })
        };
        json!({
            "requester": side(&p.requester),
            "accepter": side(&p.accepter),
            "status": p.status.name(),
        })
    }));
    let mut all = json!({ "regions": regions, "peerings": peerings });
    if let Some(globals) = global_clusters(world) {
        all["global_clusters"] = globals;
    }
    all
}

fn region_inventory(world: &World, name: &str) -> serde_json::Map<String, Value> {
    let region = world.region(name);
    let cidr = |id: &String| region.subnets.get(id).map(|subnet| subnet.cidr);
    let groups = |ids: &[String]| {
        sorted(
            ids.iter()
                .map(|id| json!(region.groups.get(id).map(|group| &group.name))),
        )
    };
    let lists = [
        ("vpcs", sorted(region.vpcs.keys().map(|id| vpc_inventory(world, name, id)))),
        ("instances", sorted(region.instances.values().filter(|i| i.state != InstanceState::Terminated).map(|i| {
            json!({ "subnet": cidr(&i.subnet), "type": i.kind, "groups": groups(&i.groups), "tags": i.tags })
        }))),
        ("interfaces", sorted(region.interfaces.iter().map(|(id, i)| {
            let purpose = purpose(region, id, i);
            json!({ "subnet": cidr(&i.subnet), "groups": groups(&i.groups), "for": purpose, "tags": i.tags })
        }))),
        ("detached_gateways", sorted(region.gateways.values().filter(|g| g.vpc.is_none()).map(|g| json!(g.tags)))),
        ("subnet_groups", sorted(region.subnet_groups.iter().map(|(id, group)| {
            let subnets = sorted(group.subnets.iter().map(|id| json!(cidr(id))));
            json!({ "name": id, "description": group.description, "subnets": subnets, "tags": group.tags })
        }))),
        ("clusters", sorted(region.clusters.iter().map(|(id, c)| json!({
            "name": id, "status": c.state(), "engine": c.engine, "version": c.version,
            "username": c.username, "database": c.database, "port": c.port,
            "subnet_group": c.subnet_group, "groups": groups(&c.groups),
            "members": sorted(c.members.iter().map(|id| json!(id))), "writer": c.writer,
            "deletion_protection": c.deletion_protection,
            "managed_password": c.secret.is_some(), "backup_retention": c.backup_retention,
            "encrypted": c.encrypted, "tags": c.tags, "replica_of": c.replica_of.as_ref().map(|arn| arn.rsplit(':').next()),
            "deleting": c.deletion.is_some(),
        })))),
        ("db_instances", sorted(region.db_instances.iter().map(|(id, i)| json!({
            "name": id, "cluster": i.cluster, "class": i.class, "zone": i.zone,
            "status": i.state(), "tier": i.tier, "minor_upgrades": i.minor_upgrades,
            "performance_insights": i.performance_insights, "tags": i.tags,
        })))),
        ("blue_green_deployments", sorted(region.deployments.values().map(|d| {
            json!({ "name": d.name, "source": d.source, "tags": d.tags })
        }))),
        ("snapshots", sorted(region.snapshots.iter().map(|(id, s)| json!({
            "name": id, "cluster": s.cluster, "version": s.version, "tags": s.tags,
        })))),
        ("secrets", sorted(region.secrets.values().map(|s| json!({
            "username": s.username, "cluster": s.cluster_arn.rsplit(':').next(),
        })))),
    ];
    lists
        .into_iter()
        .chain(loose(region))
        .filter(|(_, list)| list.as_array().is_some_and(|list| !list.is_empty()))
        .map(|(key, list)| (key.to_owned(), list))
        .collect()
}

fn vpc_inventory(world: &World, name: &str, id: &str) -> Value {
    let region = world.region(name);
    let vpc = &region.vpcs[id];
    let subnets = region.subnets.values().filter(|subnet| subnet.vpc == id);
    let tables = region.route_tables.values().filter(|table| table.vpc == id);
    let groups = region.groups.values().filter(|group| group.vpc == id);
    let gateways = region.gateways.values();
    let gateways = gateways.filter(|gateway| gateway.vpc.as_deref() == Some(id));
    let mut all = json!({
        "cidr": vpc.cidr,
        "tags": vpc.tags,
        "dns": [vpc.dns_support, vpc.dns_hostnames],
        "subnets": sorted(subnets.map(|s| json!({ "cidr": s.cidr, "zone": s.zone, "tags": s.tags }))),
        "route_tables": sorted(tables.map(|table| json!({
            "main": table.is_main(),
            "tags": table.tags,
            "routes": sorted(table.routes.iter().map(|route| {
                let to = destination(world, name, &route.destination);
                json!({ "to": to, "via": target(world, name, id, &route.target) })
            })),
            "subnets": sorted(table.associations.iter().filter_map(|a| a.subnet.as_ref()).map(|id| {
                json!(region.subnets.get(id).map(|subnet| subnet.cidr))
            })),
        }))),
        "security_groups": sorted(groups.map(|group| json!({
            "name": group.name,
            "description": group.description,
            "tags": group.tags,
            "rules": sorted(group.rules.iter().map(|rule| rule_inventory(region, rule))),
        }))),
        "gateways": sorted(gateways.map(|gateway| json!(gateway.tags))),
    });
    if let Value::Object(all) = &mut all {
        add_edges(region, id, all);
    }
    all
}

fn target(world: &World, region: &str, vpc: &str, target: &Target) -> Value {
    match target {
        Target::Gateway(_) => json!("internet-gateway"),
        Target::Edge(id) => match world.region(region).edges.get(id) {
            Some(edge) if edge.state.serves() => json!(kind_of(id)),
            _ => json!("blackhole"),
        },
        Target::Peering(id) => match world.peerings.get(id) {
            Some(peering) if peering.status.is_live() => {
                let here = &peering.requester;
                let requester = here.region == region && here.vpc == vpc;
                let other = if requester { &peering.accepter } else { here };
                json!({ "peer_region": other.region, "peer": other.cidr })
            }
            _ => json!("blackhole"),
        },
    }
}

fn rule_inventory(region: &Region, rule: &Rule) -> Value {
    let peer = match &rule.permission.peer {
        Peer::Cidr(cidr) => json!(cidr),
        Peer::Cidr6(text) => json!(text),
        Peer::PrefixList(id) => json!(region.prefix_lists.get(id).map(|list| &list.name)),
        Peer::Group(id) => json!(region.groups.get(id).map(|group| &group.name)),
    };
    json!({
        "egress": rule.egress,
        "protocol": rule.permission.protocol,
        "ports": [rule.permission.from, rule.permission.to],
        "peer": peer,
        "description": rule.description,
        "tags": rule.tags,
    })
}

/// An array in the order of its elements' text.
fn sorted(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_cached_key(Value::to_string);
    Value::Array(values)
}

/// The global clusters for a comparison; `None` if there are none.
fn global_clusters(world: &World) -> Option<Value> {
    let globals = world.global_clusters.iter().map(|(id, global)| {
        json!({
            "name": id, "version": global.version, "tags": global.tags,
            "deletion_protection": global.deletion_protection,
            "members": sorted(global.members.iter().map(|one| {
                json!({ "region": one.region, "cluster": one.cluster, "writer": one.writer })
            })),
        })
    });
    (!world.global_clusters.is_empty()).then(|| sorted(globals))
}

fn kind_of(id: &str) -> &'static str {
    Kind::of_id(id).map_or("", Kind::resource_type)
}

fn living(region: &Region) -> impl Iterator<Item = (&String, &Edge)> {
    region.edges.iter().filter(|(_, edge)| edge.state.holds())
}

/// What belongs to no VPC: lists of the inventory of a region.
fn loose(region: &Region) -> [(&'static str, Value); 2] {
    let edges = living(region).filter(|(_, edge)| home(edge).is_none());
    [
        (
            "loose_edges",
            sorted(edges.map(|(id, edge)| edge_inventory(region, id, edge))),
        ),
        (
            "prefix_lists",
            sorted(region.prefix_lists.values().map(|list| {
                json!({ "name": list.name, "max": list.max, "entries": list.entries, "tags": list.tags })
            })),
        ),
    ]
}

/// The VPC that it belongs or is attached to.
fn home(edge: &Edge) -> Option<&String> {
    edge.attachment()
        .map(|held| &held.vpc)
        .or(edge.vpc.as_ref())
}

/// Adds what the VPC has of these to its inventory; what it has none of is left out.
fn add_edges(region: &Region, vpc: &str, inventory_of_vpc: &mut Map<String, Value>) {
    let edges = living(region).filter(|(_, edge)| home(edge).is_some_and(|home| home == vpc));
    let edges = sorted(edges.map(|(id, edge)| edge_inventory(region, id, edge)));
    let acls = region.acls.iter().filter(|(_, acl)| acl.vpc == vpc);
    let acls = sorted(acls.map(|(id, acl)| {
        let holders = region.subnets.values();
        let subnets = holders.filter(|one| one.acl.as_ref().is_some_and(|link| link.acl == *id));
        json!({ "tags": acl.tags, "subnets": sorted(subnets.map(|one| json!(one.cidr))) })
    }));
    for (name, list) in [("edges", edges), ("acls", acls)] {
        if list.as_array().is_some_and(|list| !list.is_empty()) {
            inventory_of_vpc.insert(name.to_owned(), list);
        }
    }
    if let Some(vpc) = region.vpcs.get(vpc) {
        if !vpc.more.is_empty() {
            let ranges = vpc.more.iter().map(|block| json!(block.range));
            inventory_of_vpc.insert("more_ranges".to_owned(), sorted(ranges));
        }
        // Amazon chooses IPv6 ranges, so they differ between accounts that are the same.
        if !vpc.v6.is_empty() {
            inventory_of_vpc.insert("ipv6_ranges".to_owned(), json!(vpc.v6.len()));
        }
    }
    if let Some(vpc) = region.vpcs.get(vpc).filter(|vpc| !vpc.acl_tags.is_empty()) {
        inventory_of_vpc.insert("default_acl_tags".to_owned(), json!(vpc.acl_tags));
    }
}

fn edge_inventory(region: &Region, id: &str, edge: &Edge) -> Value {
    let subnets = edge.subnets.iter().map(|id| json!(cidr(region, id)));
    let mut all = json!({
        "kind": kind_of(id),
        "state": edge.shown_state(),
        "subnets": sorted(subnets),
        "tags": edge.tags,
    });
    match &edge.sort {
        EdgeSort::Nat { allocation } => all["public"] = json!(allocation.is_some()),
        EdgeSort::Endpoint(endpoint) => {
            let names = endpoint.groups.iter().map(|id| {
                let group = region.groups.get(id);
                json!(group.map(|group| &group.name))
            });
            all["service"] = json!(endpoint.service);
            all["groups"] = sorted(names);
            all["tables"] = json!(endpoint.tables.len());
        }
        EdgeSort::Vpn { asn, .. } => all["asn"] = json!(asn),
        EdgeSort::Transit { description, asn } => {
            all["asn"] = json!(asn);
            all["description"] = json!(description);
        }
        EdgeSort::EgressOnly | EdgeSort::TransitAttachment { .. } | EdgeSort::Carrier => {}
    }
    all
}

fn cidr(region: &Region, subnet: &str) -> Option<String> {
    region.subnets.get(subnet).map(|one| one.cidr.to_string())
}

/// What an interface is for: its description, but for those that AWS keeps, which has an id in it.
fn purpose(region: &Region, id: &str, interface: &Interface) -> String {
    match keeper(region, id) {
        Some(keeper) => kind_of(keeper).to_owned(),
        None => interface.description.clone(),
    }
}

/// What a route is for; prefix lists go by their names.
fn destination(world: &World, region: &str, destination: &Destination) -> String {
    match destination {
        Destination::PrefixList(id) => name_of(world, region, id).unwrap_or_default(),
        other => other.to_string(),
    }
}
