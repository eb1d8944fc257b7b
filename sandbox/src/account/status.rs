//! What the account holds, for people and for comparisons.

use super::databases;
use super::outline;
use crate::ec2::interface;
use crate::wire::timestamp::iso;
use crate::world::network::{InstanceState, Peer, Rule, Target};
use crate::world::{Region, Tags, World};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What the account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The twelve digits of the account.
    pub account_id: String,
    /// Simulated time, as `2026-01-02T03:04:05.006Z`.
    pub time: String,
    /// How many faults are planted.
    pub faults: usize,
    /// The resources of each region that has any. What AWS makes with a VPC (main route table,
    /// default security group) and what has ended but is still shown is left out.
    pub regions: BTreeMap<String, Vec<Resource>>,
}

impl Status {
    /// Whether the account holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.regions.is_empty()
    }
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// `vpc`, `subnet`, `route-table`, `security-group`, `internet-gateway`, `instance`,
    /// `network-interface`, `network-acl`, `prefix-list`, `natgateway`, `vpc-endpoint`,
    /// `egress-only-internet-gateway`, `vpn-gateway`, `transit-gateway`,
    /// `transit-gateway-attachment`, `carrier-gateway`, `vpc-peering-connection`,
    /// `db-subnet-group`, `db-cluster`, `db-instance`, `db-cluster-snapshot`,
    /// `db-global-cluster`, `blue-green-deployment` or `secret`.
    pub kind: String,
    /// The AWS id, or the identifier for RDS.
    pub id: String,
    /// The `Name` tag, the group name or the identifier; empty if there is none.
    pub name: String,
    /// The state as AWS spells it.
    pub state: String,
    /// The tags.
    pub tags: BTreeMap<String, String>,
}

/// [`crate::Account::status`].
pub(crate) fn status(world: &World, now: u64) -> Status {
    let mut regions: BTreeMap<String, Vec<Resource>> = world
        .regions
        .iter()
        .map(|(name, region)| (name.clone(), resources(region, now)))
        .collect();
    for (id, peering) in &world.peerings {
        if !peering.status.holds_vpcs() {
            continue;
        }
        let mut sides = vec![&peering.requester, &peering.accepter];
        sides.dedup_by_key(|side| &side.region);
        for side in sides {
            let resource = named(
                "vpc-peering-connection",
                id,
                peering.status.code(),
                &side.tags,
            );
            regions
                .entry(side.region.clone())
                .or_default()
                .push(resource);
        }
    }
    databases::list_global(world, &mut regions);
    regions.retain(|_, resources| !resources.is_empty());
    Status {
        account_id: world.account_id.clone(),
        time: iso(now),
        faults: world.faults.len(),
        regions,
    }
}

fn resources(region: &Region, now: u64) -> Vec<Resource> {
    let young = |available_at| {
        if now < available_at {
            "pending"
        } else {
            "available"
        }
    };
    let mut all = Vec::new();
    for (id, vpc) in &region.vpcs {
        all.push(named("vpc", id, young(vpc.available_at), &vpc.tags));
    }
    for (id, subnet) in &region.subnets {
        all.push(named(
            "subnet",
            id,
            young(subnet.available_at),
            &subnet.tags,
        ));
    }
    for (id, table) in region
        .route_tables
        .iter()
        .filter(|(_, table)| !table.is_main())
    {
        all.push(named("route-table", id, "available", &table.tags));
    }
    for (id, group) in region
        .groups
        .iter()
        .filter(|(_, group)| group.name != "default")
    {
        all.push(resource(
            "security-group",
            id,
            &group.name,
            "available",
            &group.tags,
        ));
    }
    for (id, gateway) in &region.gateways {
        let state = if gateway.vpc.is_some() {
            "attached"
        } else {
            "detached"
        };
        all.push(named("internet-gateway", id, state, &gateway.tags));
    }
    for (id, instance) in &region.instances {
        if instance.state != InstanceState::Terminated {
            all.push(named("instance", id, instance.state.name(), &instance.tags));
        }
    }
    for (id, interface) in &region.interfaces {
        let name = &interface.description;
        all.push(resource(
            "network-interface",
            id,
            name,
            interface::status(interface),
            &interface.tags,
        ));
    }
    all.extend(outline::resources(region, now));
    for (id, group) in &region.subnet_groups {
        all.push(resource("db-subnet-group", id, id, "Complete", &group.tags));
    }
    for (id, cluster) in &region.clusters {
        all.push(resource(
            "db-cluster",
            id,
            id,
            cluster.state(),
            &cluster.tags,
        ));
    }
    for (id, instance) in &region.db_instances {
        all.push(resource(
            "db-instance",
            id,
            id,
            instance.state(),
            &instance.tags,
        ));
    }
    for (id, snapshot) in &region.snapshots {
        let state = if now < snapshot.available_at {
            "creating"
        } else {
            "available"
        };
        all.push(resource(
            "db-cluster-snapshot",
            id,
            id,
            state,
            &snapshot.tags,
        ));
    }
    for (arn, secret) in &region.secrets {
        all.push(resource(
            "secret",
            arn,
            &secret.name,
            secret.status(now),
            &Tags::new(),
        ));
    }
    all.extend(databases::deployments(region, now));
    all
}

pub(super) fn named(kind: &str, id: &str, state: &str, tags: &Tags) -> Resource {
    let name = tags.get("Name").map_or("", String::as_str);
    resource(kind, id, name, state, tags)
}

pub(super) fn resource(kind: &str, id: &str, name: &str, state: &str, tags: &Tags) -> Resource {
    Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
        name: name.to_owned(),
        state: state.to_owned(),
        tags: tags.clone(),
    }
}

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
            "status": p.status.code(),
        })
    }));
    let mut all = json!({ "regions": regions, "peerings": peerings });
    if let Some(globals) = databases::global_inventory(world) {
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
            let purpose = outline::purpose(region, id, i);
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
        ("blue_green_deployments", databases::deployment_inventory(region)),
        ("snapshots", sorted(region.snapshots.iter().map(|(id, s)| json!({
            "name": id, "cluster": s.cluster, "version": s.version, "tags": s.tags,
        })))),
        ("secrets", sorted(region.secrets.values().map(|s| json!({
            "username": s.username, "cluster": s.cluster_arn.rsplit(':').next(),
        })))),
    ];
    lists
        .into_iter()
        .chain(outline::loose(region))
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
    let gateways = region
        .gateways
        .values()
        .filter(|gateway| gateway.vpc.as_deref() == Some(id));
    let mut all = json!({
        "cidr": vpc.cidr,
        "tags": vpc.tags,
        "dns": [vpc.dns_support, vpc.dns_hostnames],
        "subnets": sorted(subnets.map(|s| json!({ "cidr": s.cidr, "zone": s.zone, "tags": s.tags }))),
        "route_tables": sorted(tables.map(|table| json!({
            "main": table.is_main(),
            "tags": table.tags,
            "routes": sorted(table.routes.iter().map(|route| {
                let to = outline::destination(world, name, &route.destination);
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
        outline::add(region, id, all);
    }
    all
}

fn target(world: &World, region: &str, vpc: &str, target: &Target) -> Value {
    match target {
        Target::Gateway(_) => json!("internet-gateway"),
        Target::Edge(id) => outline::target(world.region(region), id),
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
pub(super) fn sorted(values: impl Iterator<Item = Value>) -> Value {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_cached_key(Value::to_string);
    Value::Array(values)
}
