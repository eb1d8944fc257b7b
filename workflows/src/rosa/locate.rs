//! From a description to the VPC, by AWS's own records and without a login to
//! the cluster.

use aws_sdk_ec2::types::Vpc;
use stepwell_engine::Fault;

use super::cluster::Cluster;
use crate::SurveyError;
use crate::aws::call::fault;
use crate::aws::{Aws, ec2, tags};

/// A trace that leads to a VPC.
enum Trace {
    /// Subnets lie in it.
    Subnets(Vec<String>),
    /// The VPC carries a tag.
    Tag(String, String),
    /// Running instances in it carry a tag.
    Instances(String, String),
    /// Its first range is this one.
    Cidr(String),
}

/// Finds the VPC of a cluster, and says by what. The surest trace comes first;
/// one that leads nowhere gives way to the next, and one that leads to several
/// VPCs is not guessed about.
pub(super) async fn vpc(
    aws: &Aws,
    region: &str,
    name: &str,
    cluster: &Cluster,
    source: &str,
) -> Result<(String, String), SurveyError> {
    let mut tried = Vec::new();
    for (trace, what) in traces(name, cluster, source) {
        let vpcs = aws.look(|| follow(aws, region, &trace)).await?;
        match vpcs.as_slice() {
            [] => tried.push(what),
            [vpc] => return Ok((vpc.clone(), what)),
            several => {
                let list = aws.look(|| list(aws, region, several)).await?;
                return Err(SurveyError::Refused {
                    message: format!(
                        "rosa cluster {name:?} may live in any of {} VPCs of {region}, by {what}: {list}",
                        several.len()
                    ),
                    hint: "name the right one with --rosa-vpc".to_owned(),
                });
            }
        }
    }
    if let Some(owner) = cluster.shared_by() {
        return Err(SurveyError::Refused {
            message: format!(
                "the VPC of rosa cluster {name:?} is not found in {region}: it is one that aws account {owner} shares, by the roles in the cluster's description; looked for by {}",
                tried.join(", by ")
            ),
            hint: format!(
                "name it with --rosa-vpc and --rosa-region, and with --rosa-profile a profile of account {owner}"
            ),
        });
    }
    Err(SurveyError::Refused {
        message: format!(
            "the VPC of rosa cluster {name:?} is not found in {region}; looked for by {}",
            tried.join(", by ")
        ),
        hint: "are these the account and the region in which rosa lives (--rosa-profile, --rosa-region)? else name the VPC with --rosa-vpc".to_owned(),
    })
}

/// The traces of a cluster, in order, each with its name for people.
fn traces(name: &str, cluster: &Cluster, source: &str) -> Vec<(Trace, String)> {
    let mut traces = Vec::new();
    let subnets = cluster.subnet_ids();
    if !subnets.is_empty() {
        let what = format!("aws.subnet_ids of {source}");
        traces.push((Trace::Subnets(subnets.to_vec()), what));
    }
    // What the installer made is tagged as owned; subnets that it was given are
    // tagged as shared, and so is not their VPC.
    if let Some(infra) = cluster.infra_id().filter(|_| !cluster.hosted()) {
        let key = format!("kubernetes.io/cluster/{infra}");
        let what = format!("the VPC's tag {key}=owned");
        traces.push((Trace::Tag(key, "owned".to_owned()), what));
    }
    if let Some(id) = cluster.id() {
        let key = "api.openshift.com/id".to_owned();
        let what = format!("the running instances tagged {key}={id}");
        traces.push((Trace::Instances(key, id.to_owned()), what));
    }
    let called = format!("{}-vpc", cluster.name().unwrap_or(name));
    let what = format!("the VPC's tag Name={called}");
    traces.push((Trace::Tag("Name".to_owned(), called), what));
    if let Some(block) = cluster.machine_cidr() {
        let what = format!("the VPC's range {block}, the machine CIDR");
        traces.push((Trace::Cidr(block.to_string()), what));
    }
    traces
}

/// The VPCs that a trace leads to.
async fn follow(aws: &Aws, region: &str, trace: &Trace) -> Result<Vec<String>, Fault> {
    let of = |vpcs: Vec<Vpc>| vpcs.into_iter().filter_map(|vpc| vpc.vpc_id).collect();
    let mut found: Vec<String> = match trace {
        Trace::Subnets(ids) => subnets_vpcs(aws, region, ids).await?,
        Trace::Tag(key, value) => {
            let filter = ec2::filter(format!("tag:{key}"), value);
            of(ec2::vpcs(aws, region, Some(filter)).await?)
        }
        Trace::Instances(key, value) => instances_vpcs(aws, region, key, value).await?,
        Trace::Cidr(block) => of(ec2::vpcs(aws, region, Some(ec2::filter("cidr", block))).await?),
    };
    found.sort();
    found.dedup();
    Ok(found)
}

/// The VPCs of those of the subnets that there are. Asked for by a filter: an
/// id that is not there is an error otherwise.
async fn subnets_vpcs(aws: &Aws, region: &str, ids: &[String]) -> Result<Vec<String>, Fault> {
    let filter = aws_sdk_ec2::types::Filter::builder()
        .name("subnet-id")
        .set_values(Some(ids.to_vec()))
        .build();
    let subnets = aws
        .ec2(region)
        .describe_subnets()
        .filters(filter)
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeSubnets", error))?;
    Ok(subnets
        .into_iter()
        .filter_map(|subnet| subnet.vpc_id)
        .collect())
}

async fn instances_vpcs(
    aws: &Aws,
    region: &str,
    key: &str,
    value: &str,
) -> Result<Vec<String>, Fault> {
    let reservations = aws
        .ec2(region)
        .describe_instances()
        .filters(ec2::filter(format!("tag:{key}"), value))
        .filters(ec2::filter("instance-state-name", "running"))
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| fault("DescribeInstances", error))?;
    Ok(reservations
        .iter()
        .flat_map(|reservation| reservation.instances())
        .filter_map(|instance| instance.vpc_id().map(str::to_owned))
        .collect())
}

/// VPCs as a person tells them apart.
async fn list(aws: &Aws, region: &str, ids: &[String]) -> Result<String, Fault> {
    let vpcs = ec2::vpcs(aws, region, None).await?;
    let lines: Vec<String> = ids
        .iter()
        .map(|id| {
            let vpc = vpcs.iter().find(|vpc| vpc.vpc_id() == Some(id));
            let block = vpc.and_then(Vpc::cidr_block).unwrap_or("range unknown");
            match vpc.and_then(|vpc| tags::value(vpc.tags(), "Name")) {
                Some(name) => format!("{id} ({block}, {name:?})"),
                None => format!("{id} ({block})"),
            }
        })
        .collect();
    Ok(lines.join(", "))
}
