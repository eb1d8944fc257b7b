//! Which engine version a create gets, and where it can be had.

use std::collections::BTreeSet;

use aws_sdk_rds::types::DbEngineVersion;
use stepwell_engine::Fault;

use crate::SurveyError;
use crate::aws::Aws;
use crate::aws::call::fault;
use crate::input::InvalidInput;

/// A version that can be ordered with a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The whole version, such as `17.5`.
    pub(crate) version: String,
    /// The zones in which the class can be had with it.
    pub(crate) zones: BTreeSet<String>,
}

/// The numbers of a version. Those of other kinds, such as `16.4-limitless`,
/// have none.
pub(crate) fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|part| part.parse().ok()).collect()
}

/// Whether a version is what is wanted: itself, or one of a major version.
pub(crate) fn is_wanted(version: &str, wanted: &str) -> bool {
    version == wanted || (!wanted.contains('.') && version.split('.').next() == Some(wanted))
}

/// The newest version that is wanted and can be ordered with the class in the
/// region: the one that is named, or the newest of a major version.
///
/// AWS retires minor versions, so one that was there yesterday may be none
/// today. Then what is wrong is the version, and else the class.
pub(crate) async fn offer(
    aws: &Aws,
    region: &str,
    engine: &str,
    wanted: &str,
    class: &str,
) -> Result<Offer, SurveyError> {
    let look = || newest(aws, region, engine, wanted, class);
    if let Some(offer) = aws.look(look).await? {
        return Ok(offer);
    }
    let known = aws.look(|| known(aws, region, engine)).await?;
    Err(refusal(region, engine, wanted, class, &known).into())
}

/// The newest of what can be ordered, if there is anything.
pub(crate) async fn newest(
    aws: &Aws,
    region: &str,
    engine: &str,
    wanted: &str,
    class: &str,
) -> Result<Option<Offer>, Fault> {
    let offers = offers(aws, region, engine, wanted, class).await?;
    Ok(offers
        .into_iter()
        .filter(|offer| is_wanted(&offer.version, wanted))
        .max_by_key(|offer| numbers(&offer.version)))
}

fn refusal(
    region: &str,
    engine: &str,
    wanted: &str,
    class: &str,
    known: &[String],
) -> InvalidInput {
    if known.iter().any(|version| is_wanted(version, wanted)) {
        return InvalidInput {
            input: "instance-class",
            value: class.to_owned(),
            problem: format!("is not offered for {engine} {wanted} in {region}"),
            allowed: format!(
                "a class and version that `aws rds describe-orderable-db-instance-options --engine {engine} --region {region}` lists"
            ),
        };
    }
    // Those of the same major version help most.
    let major = wanted.split('.').next().unwrap_or_default();
    let near: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|version| is_wanted(version, major))
        .collect();
    let all: Vec<&str> = known.iter().map(String::as_str).collect();
    InvalidInput {
        input: "engine-version",
        value: wanted.to_owned(),
        problem: format!("is no version of {engine} that {region} has"),
        allowed: if near.is_empty() { all } else { near }.join(", "),
    }
}

/// What can be ordered with a class, by version. A whole version is asked for
/// alone.
async fn offers(
    aws: &Aws,
    region: &str,
    engine: &str,
    wanted: &str,
    class: &str,
) -> Result<Vec<Offer>, Fault> {
    let options = aws
        .rds(region)
        .describe_orderable_db_instance_options()
        .engine(engine)
        .set_engine_version(wanted.contains('.').then(|| wanted.to_owned()))
        .db_instance_class(class)
        .vpc(true)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeOrderableDBInstanceOptions", error))?;
    let mut offers: Vec<Offer> = Vec::new();
    for option in &options {
        let Some(version) = option.engine_version().filter(|one| numbers(one).is_some()) else {
            continue;
        };
        let zones = option
            .availability_zones()
            .iter()
            .filter_map(|zone| zone.name().map(str::to_owned));
        // The same version comes once for each type of storage.
        match offers.iter_mut().find(|offer| offer.version == version) {
            Some(offer) => offer.zones.extend(zones),
            None => offers.push(Offer {
                version: version.to_owned(),
                zones: zones.collect(),
            }),
        }
    }
    Ok(offers)
}

/// The versions that are not retired, in order.
async fn known(aws: &Aws, region: &str, engine: &str) -> Result<Vec<String>, Fault> {
    let mut versions: Vec<String> = describe(aws, region, engine, None)
        .await?
        .iter()
        .filter_map(|version| version.engine_version().map(str::to_owned))
        .filter(|version| numbers(version).is_some())
        .collect();
    versions.sort_by_key(|version| numbers(version));
    versions.dedup();
    Ok(versions)
}

/// What RDS says of its versions: of all that are not retired, or of one.
pub(super) async fn describe(
    aws: &Aws,
    region: &str,
    engine: &str,
    version: Option<&str>,
) -> Result<Vec<DbEngineVersion>, Fault> {
    aws.rds(region)
        .describe_db_engine_versions()
        .engine(engine)
        .set_engine_version(version.map(str::to_owned))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeDBEngineVersions", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_major_version_stands_for_its_minor_ones() {
        assert!(is_wanted("17.5", "17"));
        assert!(is_wanted("17.5", "17.5"));
        assert!(!is_wanted("17.10", "17.1"));
        assert!(!is_wanted("17.5", "1"));
        assert!(numbers("17.10") > numbers("17.9"));
        assert_eq!(numbers("16.4-limitless"), None);
    }

    #[test]
    fn a_refusal_names_what_is_wrong() {
        let known = ["16.9", "17.4", "17.5"].map(str::to_owned);
        let of = |wanted: &str| refusal("eu-west-1", "aurora-postgresql", wanted, "db.x", &known);
        assert_eq!(of("17.5").input, "instance-class");
        assert_eq!(of("16").input, "instance-class");
        assert_eq!(of("17.3").input, "engine-version");
        assert_eq!(of("17.3").allowed, "17.4, 17.5");
        assert_eq!(of("12").allowed, "16.9, 17.4, 17.5");
    }
}
