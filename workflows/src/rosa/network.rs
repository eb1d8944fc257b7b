//! What is known of a VPC, what was given and what the description says, put
//! together and held against each other.

use aws_sdk_ec2::types::{Subnet, Vpc, VpcCidrBlockStateCode};
use ipnet::Ipv4Net;

use super::RosaNetwork;
use super::cluster::Cluster;
use super::request::RosaRequest;
use crate::SurveyError;
use crate::aws::{Aws, ec2, tags};
use crate::input::InvalidInput;

/// The shortest prefix of a machine CIDR that is believed: what is wider would
/// open the database to, and lead the way to, more than a private network.
const WIDEST: u8 = 8;

/// Checks that the VPC is there and that ranges and subnets fit it.
pub(super) async fn check(
    aws: &Aws,
    region: &str,
    request: &RosaRequest,
    vpc_id: &str,
    cluster: Option<&Cluster>,
    found_by: String,
) -> Result<RosaNetwork, SurveyError> {
    // A filter finds nothing where an id would be an error.
    let filter = ec2::filter("vpc-id", vpc_id);
    let vpcs = aws
        .look(|| ec2::vpcs(aws, region, Some(filter.clone())))
        .await?;
    let Some(vpc) = vpcs.iter().find(|vpc| vpc.vpc_id() == Some(vpc_id)) else {
        return Err(InvalidInput {
            input: "rosa-vpc",
            value: vpc_id.to_owned(),
            problem: format!("is no VPC of the account in {region}"),
            allowed:
                "a VPC of the account in which rosa lives (--rosa-profile), in its region (--rosa-region)"
                    .to_owned(),
        }
        .into());
    };
    let vpc_cidrs = ranges(vpc);
    let machine_cidr = machine_cidr(request, cluster, vpc_id, &vpc_cidrs)?;
    let all = aws.look(|| ec2::subnets(aws, region, vpc_id)).await?;
    Ok(RosaNetwork {
        cluster: request.cluster.clone(),
        region: region.to_owned(),
        vpc_id: vpc_id.to_owned(),
        vpc_cidrs,
        machine_cidr,
        pod_cidr: request.pod_cidr.or(cluster.map(Cluster::pod_cidr)),
        service_cidr: request.service_cidr.or(cluster.map(Cluster::service_cidr)),
        subnets: subnets(request, cluster, vpc_id, &all)?,
        found_by,
    })
}

/// The ranges of a VPC, the first one first. One that was taken from it stays
/// on its list for a while, with that as its state.
fn ranges(vpc: &Vpc) -> Vec<Ipv4Net> {
    let further = vpc.cidr_block_association_set().iter().filter(|one| {
        one.cidr_block_state()
            .and_then(|state| state.state())
            .is_none_or(|state| *state == VpcCidrBlockStateCode::Associated)
    });
    let mut ranges: Vec<Ipv4Net> = Vec::new();
    for block in vpc
        .cidr_block()
        .into_iter()
        .chain(further.filter_map(|one| one.cidr_block()))
    {
        match block.parse() {
            Ok(block) if !ranges.contains(&block) => ranges.push(block),
            _ => {}
        }
    }
    ranges
}

fn machine_cidr(
    request: &RosaRequest,
    cluster: Option<&Cluster>,
    vpc: &str,
    ranges: &[Ipv4Net],
) -> Result<Ipv4Net, SurveyError> {
    let shown = || {
        let texts: Vec<String> = ranges.iter().map(Ipv4Net::to_string).collect();
        texts.join(", ")
    };
    if let Some(given) = request.machine_cidr {
        if ranges.iter().any(|range| range.contains(&given)) {
            return Ok(given);
        }
        return Err(InvalidInput {
            input: "rosa-machine-cidr",
            value: given.to_string(),
            problem: format!("does not lie within {vpc}"),
            allowed: format!("a block within {}", shown()),
        }
        .into());
    }
    match (cluster.and_then(Cluster::machine_cidr), ranges) {
        // The installer wants the subnets within the machine CIDR, which may
        // be larger than the VPC.
        (Some(said), _) if said.prefix_len() < WIDEST => Err(SurveyError::Refused {
            message: format!("the machine CIDR of the cluster, {said}, is no range of machines"),
            hint: "give the range of its machines with --rosa-machine-cidr".to_owned(),
        }),
        (Some(said), _) => {
            let meets = |range: &Ipv4Net| range.contains(&said) || said.contains(range);
            if ranges.iter().any(meets) {
                Ok(said)
            } else {
                Err(SurveyError::Refused {
                    message: format!(
                        "the machine CIDR of the cluster, {said}, shares no address with {vpc} ({})",
                        shown()
                    ),
                    hint: "give the range of its machines with --rosa-machine-cidr, or the right VPC with --rosa-vpc".to_owned(),
                })
            }
        }
        (None, [only]) => Ok(*only),
        (None, _) => Err(SurveyError::Refused {
            message: format!(
                "nobody says which of the ranges of {vpc} the machines are in: {}",
                shown()
            ),
            hint: "give it with --rosa-machine-cidr".to_owned(),
        }),
    }
}

/// The subnets of the machines: those given; else those that the description
/// names; else those that the installer tagged; else all.
fn subnets(
    request: &RosaRequest,
    cluster: Option<&Cluster>,
    vpc: &str,
    all: &[Subnet],
) -> Result<Vec<String>, InvalidInput> {
    let mut ids: Vec<&str> = all.iter().filter_map(Subnet::subnet_id).collect();
    ids.sort_unstable();
    if let Some(wrong) = request
        .subnets
        .iter()
        .find(|id| !ids.contains(&id.as_str()))
    {
        return Err(InvalidInput {
            input: "rosa-subnets",
            value: wrong.clone(),
            problem: format!("is no subnet of {vpc}"),
            allowed: ids.join(", "),
        });
    }
    if !request.subnets.is_empty() {
        return Ok(request.subnets.clone());
    }
    let those = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        let some = ids.iter().filter(|id| wanted(id));
        some.map(|id| (*id).to_owned()).collect()
    };
    let named = cluster.map(Cluster::subnet_ids).unwrap_or_default();
    let known = those(&|id| named.iter().any(|one| one == id));
    if !known.is_empty() {
        return Ok(known);
    }
    if let Some(infra) = cluster.and_then(Cluster::infra_id) {
        let key = format!("kubernetes.io/cluster/{infra}");
        let marked = those(&|id| {
            all.iter().any(|subnet| {
                subnet.subnet_id() == Some(id) && tags::value(subnet.tags(), &key).is_some()
            })
        });
        if !marked.is_empty() {
            return Ok(marked);
        }
    }
    Ok(those(&|_| true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rosa::RosaOptions;

    /// What a random description brought to light: such a range would open the
    /// database to everybody.
    #[test]
    fn a_range_of_machines_is_no_wider_than_a_private_network() {
        let request = RosaOptions {
            cluster: Some("rosa-1".to_owned()),
            ..RosaOptions::default()
        };
        let request = request.validate().expect("valid");
        let ranges = ["10.0.0.0/16".parse().expect("a range")];
        let of = |text: &str| {
            let text = json!({ "name": "rosa-1", "network": { "machine_cidr": text } });
            let cluster = Cluster::read(text.to_string().as_bytes()).expect("a cluster");
            machine_cidr(&request, Some(&cluster), "vpc-1", &ranges)
        };
        assert_eq!(of("10.0.0.0/16").expect("a range"), ranges[0]);
        for text in ["0.0.0.0/0", "10.0.0.0/1"] {
            let error = of(text).expect_err("too wide").to_string();
            assert!(error.contains("is no range of machines"), "{error}");
        }
        let error = of("10.7.0.0/16").expect_err("elsewhere").to_string();
        assert!(error.contains("shares no address"), "{error}");
    }
}
