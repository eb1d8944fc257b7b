//! Finding clusters: the endpoint of one, and the list of all.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::Vpc;
use aws_sdk_rds::types::DbCluster;
use serde::Serialize;
use stepwell_engine::{Fault, FaultClass};

use super::create::steps::writer;
use crate::SurveyError;
use crate::aws::{Aws, ec2, rds, tags};

/// The engine of the clusters that are found.
const ENGINE: &str = "aurora-postgresql";

/// How a cluster is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// The writer's host name.
    pub writer: String,
    /// The readers' host name.
    pub reader: Option<String>,
    /// The port.
    pub port: i32,
    /// Whether an available instance serves it.
    pub serving: bool,
    /// The cluster's state.
    pub status: String,
    /// The engine's version.
    pub engine_version: Option<String>,
    /// The database made with the cluster, where RDS knows it.
    pub database: Option<String>,
    /// The master user.
    pub username: String,
    /// Where RDS keeps the password, if it does.
    pub password_secret: Option<String>,
}

/// Finds a cluster's endpoints. RDS shows them before anything serves them;
/// `serving` tells.
pub async fn endpoint(aws: &Aws, region: &str, cluster: &str) -> Result<Endpoint, SurveyError> {
    let region = crate::input::region(region)?;
    let name = crate::input::identifier("cluster", cluster, 63)?;
    // A read may miss a cluster that was asked for a moment ago.
    let found = aws.look_confirmed(|| rds::cluster(aws, &region, &name));
    let Some(found) = found.await? else {
        return Err(SurveyError::Refused {
            message: format!("there is no aurora cluster {name:?} in {region}"),
            hint: "`stepwell aurora list --all-regions` shows which there are".to_owned(),
        });
    };
    refuse_other_engine(&found, &name, &region)?;
    let instances = aws.look(|| rds::instances(aws, &region, &name)).await?;
    let available = instances
        .iter()
        .any(|instance| instance.db_instance_status() == Some("available"));
    let status = found.status().unwrap_or("unknown").to_owned();
    Ok(Endpoint {
        serving: available && writer(&found).is_some() && found.endpoint().is_some(),
        writer: found.endpoint().unwrap_or_default().to_owned(),
        reader: found.reader_endpoint().map(str::to_owned),
        port: found.port().unwrap_or(5432),
        status,
        engine_version: found.engine_version().map(str::to_owned),
        database: found.database_name().map(str::to_owned),
        username: found.master_username().unwrap_or_default().to_owned(),
        password_secret: found
            .master_user_secret()
            .and_then(|secret| secret.secret_arn())
            .map(str::to_owned),
    })
}

/// Refuses a cluster that is not Aurora PostgreSQL's: RDS gives names to those of
/// Aurora MySQL, DocumentDB and Neptune too, and lists them in one.
pub(crate) fn refuse_other_engine(
    cluster: &DbCluster,
    name: &str,
    region: &str,
) -> Result<(), SurveyError> {
    let engine = cluster.engine().unwrap_or("an unknown engine");
    if engine == ENGINE {
        return Ok(());
    }
    Err(SurveyError::Refused {
        message: format!("{name:?} in {region} is a cluster of {engine}, not of {ENGINE}"),
        hint: "`stepwell aurora list --all-regions` shows which there are".to_owned(),
    })
}

/// A cluster in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClusterSummary {
    /// Its name.
    pub cluster: String,
    /// Its region.
    pub region: String,
    /// Its state; `absent` where only a VPC is left of it.
    pub status: String,
    /// The writer's host name.
    pub endpoint: Option<String>,
    /// Its instances.
    pub instances: Vec<String>,
    /// The engine's version.
    pub engine_version: Option<String>,
    /// The VPCs tagged with its name.
    pub vpcs: Vec<String>,
    /// `stepwell`, `scripts` (only their tag), or `unknown` (no tag of either).
    pub made_by: &'static str,
}

/// A region that could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedRegion {
    /// Its name.
    pub region: String,
    /// Why.
    pub fault: Fault,
}

/// The Aurora clusters that were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// By region and name.
    pub clusters: Vec<ClusterSummary>,
    /// Regions that are not in the list.
    pub skipped: Vec<SkippedRegion>,
}

/// Lists the clusters of a region, or of all that are enabled; `home` is the
/// region that is asked which these are.
///
/// A region that fails does not keep the others from being listed, except for
/// faults that would meet every region, such as expired credentials.
pub async fn list(aws: &Aws, region: Option<&str>, home: &str) -> Result<Listing, Fault> {
    let regions = match region {
        Some(region) => vec![region.to_owned()],
        None => aws.look(|| ec2::regions(aws, home)).await?,
    };
    let mut listing = Listing {
        clusters: Vec::new(),
        skipped: Vec::new(),
    };
    for name in regions {
        match list_region(aws, &name).await {
            Ok(clusters) => listing.clusters.extend(clusters),
            Err(fault) if region.is_some() => return Err(fault),
            Err(fault) if name == home && fault.class == FaultClass::Operator => return Err(fault),
            Err(fault) => listing.skipped.push(SkippedRegion {
                region: name,
                fault,
            }),
        }
    }
    Ok(listing)
}

async fn list_region(aws: &Aws, region: &str) -> Result<Vec<ClusterSummary>, Fault> {
    let filter = || ec2::filter("tag-key", tags::CLUSTER);
    let vpcs = aws.look(|| ec2::vpcs(aws, region, Some(filter()))).await?;
    // EC2 keeps tags as they were typed, and RDS names in lower case.
    let name_of = |vpc: &Vpc| Some(tags::value(vpc.tags(), tags::CLUSTER)?.to_ascii_lowercase());
    let tagged = |name: &str| -> Vec<&Vpc> {
        vpcs.iter()
            .filter(|vpc| name_of(vpc).as_deref() == Some(name))
            .collect()
    };
    let mut summaries = Vec::new();
    for cluster in aws.look(|| rds::clusters(aws, region)).await? {
        if cluster.engine() != Some(ENGINE) {
            continue;
        }
        let name = cluster.db_cluster_identifier().unwrap_or_default();
        let own = tags::rds_value(cluster.tag_list(), tags::DEPLOYMENT).is_some();
        let vpcs = tagged(name);
        summaries.push(ClusterSummary {
            cluster: name.to_owned(),
            region: region.to_owned(),
            status: cluster.status().unwrap_or("unknown").to_owned(),
            endpoint: cluster.endpoint().map(str::to_owned),
            instances: cluster
                .db_cluster_members()
                .iter()
                .filter_map(|member| member.db_instance_identifier().map(str::to_owned))
                .collect(),
            engine_version: cluster.engine_version().map(str::to_owned),
            made_by: match (own, vpcs.is_empty()) {
                (true, _) => "stepwell",
                (false, false) => "scripts",
                (false, true) => "unknown",
            },
            vpcs: ids(&vpcs),
        });
    }
    // What is left of clusters that are gone should not go unseen.
    let orphans: BTreeSet<String> = vpcs
        .iter()
        .filter_map(name_of)
        .filter(|name| !summaries.iter().any(|summary| summary.cluster == *name))
        .collect();
    for name in orphans {
        let vpcs = tagged(&name);
        let own = vpcs
            .iter()
            .any(|vpc| tags::value(vpc.tags(), tags::DEPLOYMENT).is_some());
        summaries.push(ClusterSummary {
            cluster: name,
            region: region.to_owned(),
            status: "absent".to_owned(),
            endpoint: None,
            instances: Vec::new(),
            engine_version: None,
            vpcs: ids(&vpcs),
            made_by: if own { "stepwell" } else { "scripts" },
        });
    }
    summaries.sort_by(|one, other| one.cluster.cmp(&other.cluster));
    Ok(summaries)
}

fn ids(vpcs: &[&Vpc]) -> Vec<String> {
    vpcs.iter()
        .filter_map(|vpc| vpc.vpc_id().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_of_another_engine_is_refused_by_name() {
        let of = |engine: &str| {
            let cluster = DbCluster::builder().engine(engine).build();
            refuse_other_engine(&cluster, "keycloak", "eu-west-1")
        };
        assert!(of(ENGINE).is_ok());
        for engine in ["aurora-mysql", "docdb", "neptune"] {
            let error = of(engine).expect_err("refused").to_string();
            assert!(
                error.contains(engine) && error.contains("keycloak"),
                "{error}"
            );
        }
    }
}
