//! The regions and their zones.

pub(crate) struct RegionInfo {
    pub(crate) name: &'static str,
    pub(crate) zones: &'static str,
    pub(crate) zone_id: &'static str,
    /// Whether the account has opted in, or need not to.
    pub(crate) enabled: bool,
    pub(crate) opt_in: &'static str,
}

impl RegionInfo {
    /// Whether calls to it are answered, where only the `chosen` regions are enabled.
    pub(crate) fn is_enabled(&self, chosen: Option<&[String]>) -> bool {
        self.enabled && chosen.is_none_or(|names| names.iter().any(|name| name == self.name))
    }

    pub(crate) fn zone_names(&self) -> impl Iterator<Item = String> + '_ {
        self.zones
            .chars()
            .map(|letter| format!("{}{letter}", self.name))
    }

    /// The id of one of its zones. Real accounts map letters to ids each in their own way.
    pub(crate) fn zone_id(&self, zone: &str) -> String {
        let letter = zone.chars().last().unwrap_or('a');
        let index = self.zones.find(letter).unwrap_or(0) + 1;
        format!("{}-az{index}", self.zone_id)
    }
}

const fn region(name: &'static str, zones: &'static str, zone_id: &'static str) -> RegionInfo {
    RegionInfo {
        name,
        zones,
        zone_id,
        enabled: true,
        opt_in: "opt-in-not-required",
    }
}

pub(crate) static REGIONS: &[RegionInfo] = &[
    RegionInfo {
        name: "af-south-1",
        zones: "abc",
        zone_id: "afs1",
        enabled: false,
        opt_in: "not-opted-in",
    },
    region("ap-northeast-1", "acd", "apne1"),
    region("ap-south-1", "abc", "aps1"),
    region("ap-southeast-1", "abc", "apse1"),
    region("ap-southeast-2", "abc", "apse2"),
    region("ca-central-1", "abd", "cac1"),
    region("eu-central-1", "abc", "euc1"),
    region("eu-north-1", "abc", "eun1"),
    region("eu-west-1", "abc", "euw1"),
    region("eu-west-2", "abc", "euw2"),
    region("eu-west-3", "abc", "euw3"),
    region("sa-east-1", "abc", "sae1"),
    region("us-east-1", "abcdf", "use1"),
    region("us-east-2", "abc", "use2"),
    region("us-west-1", "ac", "usw1"),
    region("us-west-2", "abcd", "usw2"),
];

pub(crate) fn find(name: &str) -> Option<&'static RegionInfo> {
    REGIONS.iter().find(|region| region.name == name)
}

pub(crate) fn has_zone(region: &str, zone: &str) -> bool {
    find(region).is_some_and(|region| region.zone_names().any(|name| name == zone))
}
