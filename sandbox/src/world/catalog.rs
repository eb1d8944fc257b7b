//! Engine versions and instance classes, and where the classes can be had.

/// The one engine.
pub(crate) const ENGINE: &str = "aurora-postgresql";

/// The version of a cluster that asks for none.
pub(crate) const DEFAULT_VERSION: &str = "16.6";

/// Versions in ascending order.
pub(crate) static VERSIONS: &[&str] = &[
    "13.15", "13.18", "13.20", "14.12", "14.15", "14.18", "15.7", "15.10", "15.13", "16.3", "16.4",
    "16.6", "16.9", "17.4", "17.5",
];

/// An instance class.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    /// The oldest major version that runs on it.
    pub(crate) since: u32,
    /// Zones that do not offer it.
    pub(crate) missing: &'static [&'static str],
    pub(crate) performance_insights: bool,
}

const fn class(
    name: &'static str,
    since: u32,
    missing: &'static [&'static str],
    performance_insights: bool,
) -> Class {
    Class {
        name,
        since,
        missing,
        performance_insights,
    }
}

/// Graviton 3 is missing from one zone each of two regions, so that a choice of zones that does
/// not ask for the class fails there.
const NO_R7G: &[&str] = &["us-east-1f", "us-west-2d"];
const NO_R8G: &[&str] = &[
    "us-east-1f",
    "us-east-1d",
    "us-west-1a",
    "us-west-1c",
    "ca-central-1d",
];

/// Every class.
pub(crate) static CLASSES: &[Class] = &[
    class("db.r5.large", 13, &[], true),
    class("db.r5.xlarge", 13, &[], true),
    class("db.r6g.large", 13, &[], true),
    class("db.r6g.xlarge", 13, &[], true),
    class("db.r6g.2xlarge", 13, &[], true),
    class("db.r6g.4xlarge", 13, &[], true),
    class("db.r6i.large", 13, &["us-east-1f"], true),
    class("db.r6i.xlarge", 13, &["us-east-1f"], true),
    class("db.r7g.large", 13, NO_R7G, true),
    class("db.r7g.xlarge", 13, NO_R7G, true),
    class("db.r7g.2xlarge", 13, NO_R7G, true),
    class("db.r7g.4xlarge", 13, NO_R7G, true),
    class("db.r8g.large", 14, NO_R8G, true),
    class("db.r8g.xlarge", 14, NO_R8G, true),
    class("db.serverless", 13, &[], true),
    class("db.t3.medium", 13, &[], true),
    class("db.t4g.medium", 13, &[], true),
    class("db.t4g.large", 13, &[], true),
];

/// The class of that name.
pub(crate) fn find_class(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name == name)
}

impl Class {
    /// Whether `zone` offers it for `version`.
    pub(crate) fn is_offered(&self, version: &str, zone: &str) -> bool {
        parts(version).0 >= self.since && !self.missing.contains(&zone)
    }
}

/// Major and minor number of a version.
pub(crate) fn parts(version: &str) -> (u32, u32) {
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    (major.parse().unwrap_or(0), minor.parse().unwrap_or(0))
}

/// The full version for what a caller gave: a full version, or a major one for its newest.
pub(crate) fn resolve(version: &str) -> Option<&'static str> {
    VERSIONS.iter().rev().copied().find(|known| {
        *known == version || (!version.contains('.') && known.split('.').next() == Some(version))
    })
}
