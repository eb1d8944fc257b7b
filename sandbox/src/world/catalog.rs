//! Engine versions and instance classes, and where the classes can be had.

pub(crate) const ENGINE: &str = "aurora-postgresql";

/// The version of a cluster that asks for none.
pub(crate) const DEFAULT_VERSION: &str = "16.6";

pub(crate) static VERSIONS: &[&str] = &[
    "13.15", "13.18", "13.20", "13.21", "13.22", "14.12", "14.15", "14.17", "14.18", "14.19",
    "15.7", "15.10", "15.12", "15.13", "15.14", "16.3", "16.4", "16.6", "16.8", "16.9", "16.10",
    "17.4", "17.5", "17.6", "17.7",
];

/// The minor version of each major one that a cluster gets which asks for the major one alone; not
/// the newest (`DescribeDBEngineVersions` with `DefaultOnly` tells it).
static DEFAULTS: &[&str] = &["13.20", "14.17", "15.12", DEFAULT_VERSION, "17.5"];

/// Versions that AWS has retired: told only to those who ask for all, and never made again.
pub(crate) static RETIRED: &[&str] = &["13.9", "14.6", "15.2", "16.1"];

/// Other engines whose clusters RDS describes, each with its versions, its default the last of
/// them. Their instances are not simulated.
static OTHER_ENGINES: &[(&str, &[&str], i64)] = &[
    (
        "aurora-mysql",
        &["5.7.mysql_aurora.2.12.5", "8.0.mysql_aurora.3.08.2"],
        3306,
    ),
    ("docdb", &["4.0.0", "5.0.0"], 27017),
    ("neptune", &["1.3.5.0", "1.4.5.0"], 8182),
];

pub(crate) struct Class {
    pub(crate) name: &'static str,
    /// The oldest major version that runs on it.
    since: u32,
    /// The oldest minor version of those major ones of which not every one runs on it.
    least: &'static [(u32, u32)],
    /// The version from which on it is not offered any more.
    gone_from: Option<(u32, u32)>,
    /// Zones that do not offer it.
    missing: &'static [&'static str],
}

const fn class(name: &'static str) -> Class {
    Class {
        name,
        since: 13,
        least: &[],
        gone_from: None,
        missing: &[],
    }
}

const fn without(name: &'static str, missing: &'static [&'static str]) -> Class {
    Class {
        missing,
        ..class(name)
    }
}

/// A class that new versions do not run on.
const fn until(name: &'static str, gone_from: (u32, u32)) -> Class {
    Class {
        gone_from: Some(gone_from),
        ..class(name)
    }
}

/// Graviton 4: from some minor version of each major one on.
const fn r8g(name: &'static str) -> Class {
    Class {
        since: 14,
        least: &[(14, 15), (15, 10), (16, 6)],
        ..without(name, NO_R8G)
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

pub(crate) static CLASSES: &[Class] = &[
    until("db.r5.large", (17, 6)),
    until("db.r5.xlarge", (17, 6)),
    class("db.r6g.large"),
    class("db.r6g.xlarge"),
    class("db.r6g.2xlarge"),
    class("db.r6g.4xlarge"),
    without("db.r6i.large", &["us-east-1f"]),
    without("db.r6i.xlarge", &["us-east-1f"]),
    without("db.r7g.large", NO_R7G),
    without("db.r7g.xlarge", NO_R7G),
    without("db.r7g.2xlarge", NO_R7G),
    without("db.r7g.4xlarge", NO_R7G),
    r8g("db.r8g.large"),
    r8g("db.r8g.xlarge"),
    class("db.serverless"),
    until("db.t3.medium", (17, 7)),
    class("db.t4g.medium"),
    class("db.t4g.large"),
];

pub(crate) fn find_class(name: &str) -> Option<&'static Class> {
    CLASSES.iter().find(|class| class.name == name)
}

impl Class {
    pub(crate) fn is_offered(&self, version: &str, zone: &str) -> bool {
        let (major, minor) = parts(version);
        let mut least = self.least.iter();
        let old = least.any(|(of, least)| *of == major && minor < *least);
        let gone = self.gone_from.is_some_and(|from| (major, minor) >= from);
        major >= self.since && !old && !gone && !self.missing.contains(&zone)
    }
}

pub(crate) fn is_engine(name: &str) -> bool {
    name == ENGINE || OTHER_ENGINES.iter().any(|(engine, ..)| *engine == name)
}

/// The port of a cluster of this engine that asks for none.
pub(crate) fn default_port(engine: &str) -> i64 {
    let mut others = OTHER_ENGINES.iter();
    let found = others.find(|(name, ..)| *name == engine);
    found.map_or(5432, |(_, _, port)| *port)
}

/// The family of parameter groups of a version: `aurora-postgresql17`, `aurora-mysql8.0`.
pub(crate) fn family(engine: &str, version: &str) -> String {
    let (major, minor) = parts(version);
    match engine {
        ENGINE => format!("{engine}{major}"),
        _ => format!("{engine}{major}.{minor}"),
    }
}

/// The version of another engine than [`ENGINE`]: the one given, or its default.
pub(crate) fn other_version(engine: &str, given: Option<&str>) -> Option<&'static str> {
    let mut others = OTHER_ENGINES.iter();
    let (_, versions, _) = others.find(|(name, ..)| *name == engine)?;
    match given {
        None => versions.last().copied(),
        Some(given) => versions.iter().copied().find(|known| *known == given),
    }
}

pub(crate) fn parts(version: &str) -> (u32, u32) {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The full version for what a caller gave: a full version, or a major one for its default.
pub(crate) fn resolve(version: &str) -> Option<&'static str> {
    let known = if version.contains('.') {
        VERSIONS
    } else {
        DEFAULTS
    };
    let is_meant = |known: &&str| *known == version || known.split('.').next() == Some(version);
    known.iter().copied().find(is_meant)
}
