//! What the status and the inventory tell of RDS beyond clusters and instances.

use super::status::{Resource, resource, sorted};
use crate::world::{Region, World};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where a global cluster without members is listed: it belongs to no region.
const NO_REGION: &str = "aws-global";

/// Adds the global clusters, each in the regions of its members.
pub(super) fn list_global(world: &World, regions: &mut BTreeMap<String, Vec<Resource>>) {
    for (id, global) in &world.global_clusters {
        let mut places: Vec<&str> = global
            .members
            .iter()
            .map(|one| one.region.as_str())
            .collect();
        if places.is_empty() {
            places.push(NO_REGION);
        }
        for place in places {
            let one = resource("db-global-cluster", id, id, "available", &global.tags);
            regions.entry(place.to_owned()).or_default().push(one);
        }
    }
}

/// The blue/green deployments of a region.
pub(super) fn deployments(region: &Region, now: u64) -> impl Iterator<Item = Resource> {
    region.deployments.iter().map(move |(id, one)| {
        let state = if now < one.available_at {
            "PROVISIONING"
        } else {
            "AVAILABLE"
        };
        resource("blue-green-deployment", id, &one.name, state, &one.tags)
    })
}

/// The global clusters for a comparison; `None` if there are none.
pub(super) fn global_inventory(world: &World) -> Option<Value> {
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

/// The blue/green deployments of a region for a comparison.
pub(super) fn deployment_inventory(region: &Region) -> Value {
    sorted(
        region
            .deployments
            .values()
            .map(|one| json!({ "name": one.name, "source": one.source, "tags": one.tags })),
    )
}
