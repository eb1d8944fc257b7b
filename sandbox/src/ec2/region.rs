//! Regions and availability zones.

use super::*;
use crate::ec2::describe::{checked_filters, matches_any, one};
use crate::ec2::subnet::this_region;
use crate::world::regions::{REGIONS, RegionInfo};

fn endpoint(region: &RegionInfo) -> String {
    format!("ec2.{}.amazonaws.com", region.name)
}

/// `DescribeRegions`: the enabled ones unless `AllRegions` is set.
pub(crate) fn describe_regions(context: &mut Context<'_>) -> ApiResult<String> {
    let all = context.params.flag("AllRegions")?.unwrap_or(false);
    let names = context.params.list("RegionName");
    if let Some(unknown) = names
        .iter()
        .find(|name| !REGIONS.iter().any(|region| region.name == name.as_str()))
    {
        refuse!("InvalidParameterValue":
            "Invalid region provided: {unknown}, regions must be valid");
    }
    let filters = checked_filters(context, |name| {
        ["endpoint", "opt-in-status", "region-name"].contains(&name)
    })?;
    let regions = REGIONS.iter().filter(|region| {
        (all || region.is_enabled(context.regions) || names.iter().any(|name| name == region.name))
            && (names.is_empty() || names.iter().any(|name| name == region.name))
            && filters.iter().all(|filter| {
                let values = match filter.name.as_str() {
                    "endpoint" => one(endpoint(region)),
                    "opt-in-status" => one(region.opt_in),
                    "region-name" => one(region.name),
                    _ => Vec::new(),
                };
                matches_any(filter, &values)
            })
    });
    let mut xml = Xml::new();
    xml.list("regionInfo", "item", regions, |xml, region| {
        xml.text("regionName", region.name)
            .text("regionEndpoint", endpoint(region))
            .text("optInStatus", region.opt_in);
    });
    Ok(xml.finish())
}

pub(crate) fn describe_zones(context: &mut Context<'_>) -> ApiResult<String> {
    let region = this_region(context)?;
    let names = context.params.list("ZoneName");
    let ids = context.params.list("ZoneId");
    let zones: Vec<(String, String)> = region
        .zone_names()
        .map(|name| (region.zone_id(&name), name))
        .collect();
    for (given, known) in [
        (
            &names,
            zones.iter().map(|(_, name)| name).collect::<Vec<_>>(),
        ),
        (&ids, zones.iter().map(|(id, _)| id).collect()),
    ] {
        if let Some(unknown) = given.iter().find(|one| !known.contains(one)) {
            refuse!("InvalidParameterValue": "Invalid availability zone: [{unknown}]");
        }
    }
    let filters = checked_filters(context, |name| {
        [
            "group-name",
            "opt-in-status",
            "region-name",
            "state",
            "zone-id",
            "zone-name",
            "zone-state",
            "zone-type",
        ]
        .contains(&name)
    })?;
    let shown = zones.iter().filter(|(id, name)| {
        (names.is_empty() || names.contains(name))
            && (ids.is_empty() || ids.contains(id))
            && filters.iter().all(|filter| {
                let values = match filter.name.as_str() {
                    "group-name" => one(format!("{}-zg-1", region.name)),
                    "opt-in-status" => one("opt-in-not-required"),
                    "region-name" => one(region.name),
                    "state" | "zone-state" => one("available"),
                    "zone-id" => one(id),
                    "zone-name" => one(name),
                    "zone-type" => one("availability-zone"),
                    _ => Vec::new(),
                };
                matches_any(filter, &values)
            })
    });
    let mut xml = Xml::new();
    xml.list("availabilityZoneInfo", "item", shown, |xml, (id, name)| {
        xml.text("zoneName", name)
            .text("zoneId", id)
            .text("zoneState", "available")
            .text("regionName", region.name)
            .text("groupName", format_args!("{}-zg-1", region.name))
            .text("networkBorderGroup", region.name)
            .text("zoneType", "availability-zone")
            .text("optInStatus", "opt-in-not-required")
            .text("messageSet", "");
    });
    Ok(xml.finish())
}
