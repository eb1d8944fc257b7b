//! Regions and availability zones.

use super::describe::{checked_filters, matches_any};
use super::subnet::this_region;
use super::*;
use crate::field::{self, Field, View};
use crate::world::regions::{REGIONS, RegionInfo};

static REGION: &[Field<RegionInfo>] = fields! { v:
    "regionName" ["region-name"] v.name;
    "regionEndpoint" ["endpoint"] format!("ec2.{}.amazonaws.com", v.name);
    "optInStatus" ["opt-in-status"] v.opt_in;
};

/// `DescribeRegions`: the enabled ones unless `AllRegions` is set.
pub(crate) fn describe_regions(context: &mut Context<'_>) -> ApiResult<String> {
    let all = context.params.is_set("AllRegions")?;
    let names = context.params.list("RegionName");
    let known = |name: &&String| REGIONS.iter().any(|region| region.name == name.as_str());
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        refuse!("InvalidParameterValue":
            "Invalid region provided: {unknown}, regions must be valid");
    }
    let shown = REGIONS.iter().filter(|region| match names.is_empty() {
        true => all || region.is_enabled(context.regions),
        false => names.iter().any(|name| name == region.name),
    });
    answer(context, "regionInfo", REGION, shown)
}

struct Zone {
    region: &'static str,
    id: String,
    name: String,
}

static ZONE: &[Field<Zone>] = fields! { v:
    "zoneName" ["zone-name"] &v.name;
    "zoneId" ["zone-id"] &v.one.id;
    "zoneState" ["state" "zone-state"] "available";
    "regionName" ["region-name"] v.region;
    "groupName" ["group-name"] format!("{}-zg-1", v.region);
    "networkBorderGroup" [] v.region;
    "zoneType" ["zone-type"] "availability-zone";
    "optInStatus" ["opt-in-status"] "opt-in-not-required";
    "messageSet" [] "";
};

pub(crate) fn describe_zones(context: &mut Context<'_>) -> ApiResult<String> {
    let region = this_region(context)?;
    let names = context.params.list("ZoneName");
    let ids = context.params.list("ZoneId");
    let zone = |name: String| Zone {
        region: region.name,
        id: region.zone_id(&name),
        name,
    };
    let zones: Vec<Zone> = region.zone_names().map(zone).collect();
    let is_name = |given: &&String| zones.iter().any(|zone| zone.name == **given);
    let is_id = |given: &&String| zones.iter().any(|zone| zone.id == **given);
    let unknown = names.iter().find(|given| !is_name(given));
    if let Some(unknown) = unknown.or_else(|| ids.iter().find(|given| !is_id(given))) {
        refuse!("InvalidParameterValue": "Invalid availability zone: [{unknown}]");
    }
    let shown = zones.iter().filter(|zone| {
        (names.is_empty() || names.contains(&zone.name))
            && (ids.is_empty() || ids.contains(&zone.id))
    });
    answer(context, "availabilityZoneInfo", ZONE, shown)
}

fn answer<'a, T: 'a>(
    context: &'a Context<'_>,
    set: &str,
    fields: &[Field<T>],
    all: impl Iterator<Item = &'a T>,
) -> ApiResult<String> {
    let filters = checked_filters(context, |name| field::knows(fields, name))?;
    let id = "";
    let shown = all.map(|one| View { context, id, one }).filter(|view| {
        let values = |name: &str| field::values(fields, view, name);
        let mut filters = filters.iter();
        filters.all(|filter| matches_any(filter, &values(&filter.name)))
    });
    let mut xml = Xml::new();
    xml.list(set, "item", shown, |xml, view| {
        field::write(fields, &view, xml);
    });
    Ok(xml.finish())
}
