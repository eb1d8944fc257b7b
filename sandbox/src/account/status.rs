//! What the account holds, for people.

use crate::ec2::listing::{self, Listed};
use crate::wire::timestamp::iso;
use crate::world::{Region, Tags, World};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub account_id: String,
    /// Simulated time, as `2026-01-02T03:04:05.006Z`.
    pub time: String,
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
    pub tags: BTreeMap<String, String>,
}

/// Where a global cluster without members is listed: it belongs to no region.
const NO_REGION: &str = "aws-global";

impl Resource {
    fn new(kind: &str, id: &str, name: &str, state: &str, tags: &Tags) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.to_owned(),
            name: name.to_owned(),
            state: state.to_owned(),
            tags: tags.clone(),
        }
    }

    fn of(one: &Listed<'_>) -> Self {
        let tag = one.tags.get("Name").map(String::as_str);
        let name = one.name.or(tag).unwrap_or_default();
        let kind = one.kind.resource_type();
        Self::new(kind, &one.id, name, one.state, one.tags)
    }
}

/// [`crate::Account::status`].
pub(crate) fn status(world: &World, now: u64) -> Status {
    let mut regions: BTreeMap<String, Vec<Resource>> = BTreeMap::new();
    for (name, region) in &world.regions {
        let listed = listing::in_region(region, now);
        let counted = listed.iter().filter(|one| one.counts).map(Resource::of);
        let resources = counted.chain(databases(region, now)).collect();
        regions.insert(name.clone(), resources);
    }
    let sides = world.peerings.values();
    for side in sides.flat_map(|one| [&one.requester, &one.accepter]) {
        regions.entry(side.region.clone()).or_default();
    }
    for (name, resources) in &mut regions {
        let peerings = listing::peerings(world, name).filter(|one| one.counts);
        resources.extend(peerings.map(|one| Resource::of(&one)));
    }
    for (id, global) in &world.global_clusters {
        let one = Resource::new("db-global-cluster", id, id, "available", &global.tags);
        let members = global.members.iter().map(|one| one.region.as_str());
        let nowhere = global.members.is_empty().then_some(NO_REGION);
        for place in members.chain(nowhere) {
            let resources = regions.entry(place.to_owned()).or_default();
            resources.push(one.clone());
        }
    }
    regions.retain(|_, resources| !resources.is_empty());
    Status {
        account_id: world.account_id.clone(),
        time: iso(now),
        faults: world.faults.len(),
        regions,
    }
}

fn databases(region: &Region, now: u64) -> Vec<Resource> {
    let mut all = Vec::new();
    let mut add = |kind: &str, id: &str, name: &str, state: &str, tags: &Tags| {
        all.push(Resource::new(kind, id, name, state, tags));
    };
    for (id, one) in &region.subnet_groups {
        add("db-subnet-group", id, id, "Complete", &one.tags);
    }
    for (id, one) in &region.clusters {
        add("db-cluster", id, id, one.state(), &one.tags);
    }
    for (id, one) in &region.db_instances {
        add("db-instance", id, id, one.state(), &one.tags);
    }
    for (id, one) in &region.snapshots {
        add("db-cluster-snapshot", id, id, one.status(now), &one.tags);
    }
    for (arn, one) in &region.secrets {
        add("secret", arn, &one.name, one.status(now), &Tags::new());
    }
    for (id, one) in &region.deployments {
        let state = one.status(now);
        add("blue-green-deployment", id, &one.name, state, &one.tags);
    }
    all
}
