//! The snapshot that a cluster is restored from: its form, and what RDS says
//! of it.

use aws_sdk_rds::types::DbClusterSnapshot;
use stepwell_engine::Fault;

use super::parameters::CreateRequest;
use super::versions::numbers;
use crate::SurveyError;
use crate::aws::Aws;
use crate::aws::call::{fault, unless_gone};
use crate::input::{self, InvalidInput};

/// What a snapshot brings with it.
pub(super) struct Snapshot {
    pub(super) engine_version: String,
    pub(super) username: String,
}

const ALLOWED: &str = "the name of a DB cluster snapshot in the region, or its ARN (arn:aws:rds:…:cluster-snapshot:…)";

fn invalid(value: &str, problem: impl Into<String>, allowed: impl Into<String>) -> InvalidInput {
    InvalidInput {
        input: "snapshot",
        value: value.to_owned(),
        problem: problem.into(),
        allowed: allowed.into(),
    }
}

/// A snapshot's name or ARN by its form. Names of automated ones begin with
/// `rds:`, of those that AWS Backup takes with `awsbackup:`.
pub(super) fn identifier(region: &str, value: &str) -> Result<String, InvalidInput> {
    let mut name = value;
    if value.starts_with("arn:") {
        let parts: Vec<&str> = value.splitn(7, ':').collect();
        let [_, _, "rds", place, account, kind, last] = parts[..] else {
            return Err(invalid(value, "is not a snapshot's ARN", ALLOWED));
        };
        if kind != "cluster-snapshot" || account.is_empty() {
            return Err(invalid(
                value,
                "is not a DB cluster snapshot's ARN",
                ALLOWED,
            ));
        }
        if place != region {
            return Err(invalid(
                value,
                format!("is in {}", input::shown(place)),
                format!("a snapshot in {region}; `aws rds copy-db-cluster-snapshot` copies one"),
            ));
        }
        name = last;
    }
    let bare = ["rds:", "awsbackup:"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix));
    input::identifier("snapshot", bare.unwrap_or(name), 255).map_err(|error| InvalidInput {
        value: value.to_owned(),
        ..error
    })?;
    Ok(if name == value {
        value.to_ascii_lowercase()
    } else {
        value.to_owned()
    })
}

/// Looks at the snapshot and refuses what can't be restored: before any effect.
pub(super) async fn survey(
    aws: &Aws,
    request: &CreateRequest,
    id: &str,
    version: Option<&str>,
) -> Result<Snapshot, SurveyError> {
    let region = &request.region;
    let Some(found) = aws.look(|| describe(aws, region, id)).await? else {
        return Err(invalid(
            id,
            format!("does not exist in {region}"),
            format!("one that `aws rds describe-db-cluster-snapshots --region {region}` lists"),
        )
        .into());
    };
    let engine = found.engine().unwrap_or("unknown");
    if engine != request.engine {
        let problem = format!("is one of {engine}");
        return Err(invalid(id, problem, format!("a snapshot of {}", request.engine)).into());
    }
    let status = found.status().unwrap_or("unknown");
    if status != "available" {
        return Err(SurveyError::Refused {
            message: format!(
                "snapshot {id:?} is {status} ({} percent)",
                found.percent_progress().unwrap_or_default()
            ),
            hint: "wait until it is available".to_owned(),
        });
    }
    let own = found.engine_version().unwrap_or_default();
    if let Some(version) = version.filter(|version| is_older(version, own)) {
        return Err(InvalidInput {
            input: "engine-version",
            value: version.to_owned(),
            problem: format!("is older than the snapshot's, {own}"),
            allowed: format!("{own} or a later one; leave it out to keep {own}"),
        }
        .into());
    }
    Ok(Snapshot {
        engine_version: own.to_owned(),
        username: found.master_username().unwrap_or_default().to_owned(),
    })
}

async fn describe(aws: &Aws, region: &str, id: &str) -> Result<Option<DbClusterSnapshot>, Fault> {
    // An automated snapshot is found only by its type as well, and one that
    // another account shares only where shared ones are asked for (RDS API
    // reference, `DescribeDBClusterSnapshots`).
    let automated = id.starts_with("rds:").then(|| "automated".to_owned());
    let shared = id.starts_with("arn:").then_some(true);
    let answer = aws
        .rds(region)
        .describe_db_cluster_snapshots()
        .db_cluster_snapshot_identifier(id)
        .set_snapshot_type(automated)
        .set_include_shared(shared)
        .send()
        .await
        .map_err(|error| fault("DescribeDBClusterSnapshots", error));
    Ok(unless_gone(answer)?
        .and_then(|answer| answer.db_cluster_snapshots.unwrap_or_default().pop()))
}

/// Whether a version is older than another, as far as both say: `17` stands
/// for the newest 17.
fn is_older(version: &str, other: &str) -> bool {
    let (Some(one), Some(other)) = (numbers(version), numbers(other)) else {
        return false;
    };
    let both = one.len().min(other.len());
    one[..both] < other[..both]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_by_their_form() {
        let region = "eu-west-1";
        let arn = "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:nightly";
        for good in [
            "nightly-1",
            "rds:keycloak-2026-01-02-03-04",
            "awsbackup:job-6f3a",
            arn,
        ] {
            assert_eq!(identifier(region, good).unwrap(), good);
        }
        assert_eq!(identifier(region, "Nightly").unwrap(), "nightly");
        for bad in [
            "",
            "-x",
            "a b",
            "arn:aws:rds:eu-west-1:123456789012:snapshot:of-an-instance",
            "arn:aws:rds:eu-west-1",
            "arn:aws:s3:eu-west-1:123456789012:cluster-snapshot:x",
        ] {
            assert!(identifier(region, bad).is_err(), "{bad:?} is taken");
        }
        let elsewhere = identifier("us-east-1", arn).unwrap_err();
        assert!(elsewhere.problem.contains("eu-west-1"), "{elsewhere}");
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(is_older("16.9", "16.10"));
        assert!(is_older("9.6", "16.4"));
        assert!(!is_older("17", "17.5"));
        assert!(!is_older("17.5", "17.5"));
        assert!(!is_older("17.5.1", "17.5"));
        assert!(is_older("16", "17.5"));
    }
}
