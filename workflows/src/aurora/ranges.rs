//! Address ranges: which there are, and which are taken.

use std::net::Ipv4Addr;

use aws_sdk_ec2::types::Vpc;
use ipnet::Ipv4Net;
use stepwell_engine::{Attempt, Fault, FaultClass};

use crate::aws::poll::patiently;
use crate::aws::{Aws, ec2, tags};

/// A range that is in use.
pub(crate) struct Taken {
    pub(crate) block: Ipv4Net,
    /// Whose it is, for a message.
    pub(crate) owner: String,
    /// The VPC, where it is one's.
    pub(crate) vpc: Option<String>,
}

/// The ranges that VPCs for Aurora are cut from: `192.168.x.0/24`.
pub(crate) fn all() -> impl Iterator<Item = Ipv4Net> {
    (0..=255).filter_map(|x| Ipv4Net::new(Ipv4Addr::new(192, 168, x, 0), 24).ok())
}

/// Whether two ranges share an address.
pub(crate) fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

/// Every range that a new VPC must keep clear of: of all VPCs of the region,
/// of Aurora VPCs in every enabled region (one ROSA cluster may be peered with
/// several of them), and of the networks peered with any of them. The
/// cluster's own VPC, left by an earlier run, does not count.
///
/// A region that can't be asked is left out and said so: it must not keep the
/// others from being used.
pub(crate) async fn taken(
    at: &Attempt<Aws>,
    region: &str,
    cluster: &str,
) -> Result<Vec<Taken>, Fault> {
    let aws = at.context();
    let mut taken = Vec::new();
    for vpc in patiently(at, || ec2::vpcs(aws, region, None)).await? {
        if tags::value(vpc.tags(), tags::CLUSTER) != Some(cluster) {
            taken.extend(blocks(&vpc, region));
        }
    }
    for peering in patiently(at, || ec2::peerings(aws, region)).await? {
        for side in [peering.requester_vpc_info(), peering.accepter_vpc_info()]
            .into_iter()
            .flatten()
        {
            let owner = side.vpc_id().unwrap_or("a peered network");
            let block = side.cidr_block().and_then(|block| block.parse().ok());
            let own = taken
                .iter()
                .any(|other: &Taken| other.vpc.as_deref() == Some(owner));
            if let (Some(block), false) = (block, own) {
                taken.push(Taken {
                    block,
                    owner: owner.to_owned(),
                    vpc: None,
                });
            }
        }
    }
    taken.extend(aurora_elsewhere(at, region).await?);
    Ok(taken)
}

/// The ranges of Aurora VPCs in the other enabled regions.
pub(crate) async fn aurora_elsewhere(at: &Attempt<Aws>, home: &str) -> Result<Vec<Taken>, Fault> {
    let aws = at.context();
    let mut taken = Vec::new();
    for region in patiently(at, || ec2::regions(aws, home)).await? {
        if region == home {
            continue;
        }
        let filter = || ec2::filter("tag-key", tags::CLUSTER);
        match patiently(at, || ec2::vpcs(aws, &region, Some(filter()))).await {
            Ok(vpcs) => taken.extend(vpcs.iter().flat_map(|vpc| blocks(vpc, &region))),
            // What passes by itself is worth another attempt at the whole step.
            Err(fault) if matches!(fault.class, FaultClass::Transient) => return Err(fault),
            Err(fault) => at.progress(format!("{region} left out: {fault}")),
        }
    }
    Ok(taken)
}

/// All blocks of a VPC.
pub(crate) fn blocks(vpc: &Vpc, region: &str) -> Vec<Taken> {
    let id = vpc.vpc_id().unwrap_or_default();
    let mut blocks: Vec<&str> = vpc
        .cidr_block_association_set()
        .iter()
        .filter_map(|association| association.cidr_block())
        .chain(vpc.cidr_block())
        .collect();
    blocks.sort_unstable();
    blocks.dedup();
    blocks
        .into_iter()
        .filter_map(|block| block.parse().ok())
        .map(|block| Taken {
            block,
            owner: format!("{id} in {region}"),
            vpc: Some(id.to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_256_ranges_and_none_overlap() {
        let all: Vec<_> = all().collect();
        assert_eq!(all.len(), 256);
        assert!(all.windows(2).all(|pair| !overlap(pair[0], pair[1])));
    }

    #[test]
    fn a_block_overlaps_what_holds_it() {
        let block = |text: &str| text.parse::<Ipv4Net>().unwrap();
        assert!(overlap(block("192.168.0.0/16"), block("192.168.7.0/24")));
        assert!(overlap(block("192.168.7.0/24"), block("192.168.0.0/16")));
        assert!(!overlap(block("10.0.0.0/16"), block("192.168.7.0/24")));
    }
}
