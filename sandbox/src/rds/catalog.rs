//! What can be ordered: engine versions and instance classes.

use super::*;
use crate::rds::page::{filters, matches, page, page_of};
use crate::world::catalog::{CLASSES, DEFAULT_VERSION, RETIRED, VERSIONS, family, is_engine};
use crate::world::regions;

pub(crate) fn describe_orderable(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let engine = params.need("Engine")?;
    let wanted_version = params.get("EngineVersion");
    let wanted_class = params.get("DBInstanceClass");
    let vpc = params.flag("Vpc")?;
    filters(context, |_| false)?;
    let zones: Vec<String> = regions::find(context.region)
        .map(|region| region.zone_names().collect())
        .unwrap_or_default();
    if !is_engine(engine) && !matches!(engine, "mysql" | "mariadb" | "postgres") {
        refuse!("InvalidParameterValue": "Invalid DB engine: {engine}");
    }
    let options = VERSIONS
        .iter()
        .filter(|version| wanted_version.is_none_or(|wanted| wanted == **version))
        .flat_map(|version| CLASSES.iter().map(move |class| (*version, class)))
        .filter(|_| engine == ENGINE && vpc != Some(false))
        .filter(|(_, class)| wanted_class.is_none_or(|wanted| wanted == class.name))
        .map(|(version, class)| {
            let offered = zones.iter().filter(|zone| class.is_offered(version, zone));
            let key = format!(
                "{:>4} {:>4} {}",
                parts(version).0,
                parts(version).1,
                class.name
            );
            (key, (version, class, offered.collect::<Vec<_>>()))
        })
        .filter(|(_, (_, _, offered))| !offered.is_empty());
    let mut sorted: Vec<_> = options.collect();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    let (options, marker) = page_of(context, sorted, 1000)?;
    let mut xml = Xml::new();
    xml.list(
        "OrderableDBInstanceOptions",
        "OrderableDBInstanceOption",
        options,
        |xml, (version, class, offered)| {
            xml.text("Engine", ENGINE)
                .text("EngineVersion", version)
                .text("DBInstanceClass", class.name)
                .text("LicenseModel", "postgresql-license")
                .list(
                    "AvailabilityZones",
                    "AvailabilityZone",
                    offered,
                    |xml, zone| {
                        xml.text("Name", zone);
                    },
                )
                .text("MultiAZCapable", false)
                .text("ReadReplicaCapable", false)
                .text("Vpc", true)
                .text("SupportsStorageEncryption", true)
                .text("StorageType", "aurora")
                .text("SupportsIops", false)
                .text("SupportsEnhancedMonitoring", true)
                .text("SupportsIAMDatabaseAuthentication", true)
                .text("SupportsPerformanceInsights", true)
                .texts("SupportedEngineModes", "member", ["provisioned"])
                .text("SupportsStorageAutoscaling", false)
                .text("SupportsKerberosAuthentication", true)
                .text("OutpostCapable", false)
                .text("SupportsGlobalDatabases", true)
                .text("SupportsClusters", true)
                .texts("SupportedNetworkTypes", "member", ["IPV4"]);
        },
    )
    .maybe("Marker", marker);
    Ok(xml.finish())
}

pub(crate) fn describe_versions(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let engine = params.get("Engine");
    let version = params.get("EngineVersion");
    let wanted_family = params.get("DBParameterGroupFamily");
    let retired = match params.flag("IncludeAll")? {
        Some(true) => RETIRED,
        _ => &[],
    };
    let default_only = params.is_set("DefaultOnly")?;
    let filters = filters(context, |name| {
        [
            "db-parameter-group-family",
            "engine",
            "engine-mode",
            "engine-version",
            "status",
        ]
        .contains(&name)
    })?;
    let mut all: Vec<&str> = VERSIONS.iter().chain(retired).copied().collect();
    all.sort_by_key(|version| parts(version));
    let shown = all
        .into_iter()
        .filter(|_| engine.is_none_or(|engine| engine == ENGINE))
        .filter(|known| {
            version.is_none_or(|wanted| wanted == *known || known.split('.').next() == Some(wanted))
        })
        .filter(|known| wanted_family.is_none_or(|wanted| wanted == family(ENGINE, known)))
        .filter(|known| !default_only || is_default(known, version))
        .filter(|known| {
            filters.iter().all(|filter| match filter.name.as_str() {
                "engine" => matches(filter, ENGINE),
                "engine-version" => matches(filter, known),
                "engine-mode" => matches(filter, "provisioned"),
                "db-parameter-group-family" => matches(filter, &family(ENGINE, known)),
                _ if RETIRED.contains(known) => matches(filter, "deprecated"),
                _ => matches(filter, "available"),
            })
        })
        .map(|known| {
            (
                format!("{:>4} {:>4}", parts(known).0, parts(known).1),
                known,
            )
        });
    let (versions, marker) = page(context, shown)?;
    let mut xml = Xml::new();
    xml.list(
        "DBEngineVersions",
        "DBEngineVersion",
        versions,
        |xml, version| {
            let major = parts(version).0;
            let later = VERSIONS
                .iter()
                .filter(|other| parts(other) > parts(version));
            let status = if RETIRED.contains(&version) {
                "deprecated"
            } else {
                "available"
            };
            xml.text("Engine", ENGINE)
                .text("MajorEngineVersion", major)
                .text("EngineVersion", version)
                .text("DBParameterGroupFamily", family(ENGINE, version))
                .text("DBEngineDescription", "Aurora (PostgreSQL)")
                .text(
                    "DBEngineVersionDescription",
                    format_args!("Aurora PostgreSQL {version}"),
                )
                .list(
                    "ValidUpgradeTarget",
                    "UpgradeTarget",
                    later,
                    |xml, target| {
                        xml.text("Engine", ENGINE)
                            .text("EngineVersion", target)
                            .text("AutoUpgrade", false)
                            .text("IsMajorVersionUpgrade", parts(target).0 != major);
                    },
                )
                .texts("SupportedEngineModes", "member", ["provisioned"])
                .text("SupportsLogExportsToCloudwatchLogs", true)
                .text("SupportsReadReplica", false)
                .text("Status", status)
                .text("SupportsParallelQuery", false)
                .text("SupportsGlobalDatabases", true)
                .text("SupportsBabelfish", true);
        },
    )
    .maybe("Marker", marker);
    Ok(xml.finish())
}

/// The default version, or the default of the major version that was asked for.
fn is_default(version: &str, wanted: Option<&str>) -> bool {
    match wanted {
        Some(wanted) => crate::world::catalog::resolve(wanted) == Some(version),
        None => version == DEFAULT_VERSION,
    }
}
