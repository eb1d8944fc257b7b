//! Address ranges: which there are, and which are taken.

use aws_sdk_ec2::types::Vpc;
use ipnet::Ipv4Net;
use stepwell_engine::{Attempt, Fault, FaultClass};

use crate::aws::poll::patiently;
use crate::aws::{Aws, ec2, tags};

/// A range that is in use.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) block: Ipv4Net,
    /// Whose it is, for a message.
    pub(crate) owner: String,
    /// The VPC, where it is one's.
    pub(crate) vpc: Option<String>,
}

/// Ranges that a VPC for Aurora may be cut from, and what of them to leave out.
struct Pool {
    block: [u8; 4],
    prefix: u8,
    except: &'static [([u8; 4], u8)],
}

/// Where VPCs for Aurora are cut from, the preferred first: the scripts take
/// `192.168.x.0/24`; the other private ranges (RFC 1918) follow. Left out is
/// what ROSA's machines, pods and services have by default (Red Hat, "Network
/// definitions" of ROSA: 10.0.0.0/16, 10.128.0.0/14, 172.30.0.0/16), what
/// default VPCs have (172.31.0.0/16) and what Docker bridges have
/// (172.17.0.0/16). 100.64.0.0/10 is no choice: OpenShift uses it inside.
const POOLS: [Pool; 3] = [
    Pool {
        block: [192, 168, 0, 0],
        prefix: 16,
        except: &[],
    },
    Pool {
        block: [10, 0, 0, 0],
        prefix: 8,
        except: &[([10, 0, 0, 0], 16), ([10, 128, 0, 0], 14)],
    },
    Pool {
        block: [172, 16, 0, 0],
        prefix: 12,
        except: &[
            ([172, 17, 0, 0], 16),
            ([172, 30, 0, 0], 16),
            ([172, 31, 0, 0], 16),
        ],
    },
];

/// The size of a VPC for Aurora.
const SIZE: u8 = 24;

fn net((address, prefix): ([u8; 4], u8)) -> Option<Ipv4Net> {
    Ipv4Net::new(address.into(), prefix).ok()
}

impl Pool {
    fn blocks(&self) -> impl Iterator<Item = Ipv4Net> {
        let except: Vec<Ipv4Net> = self.except.iter().copied().filter_map(net).collect();
        net((self.block, self.prefix))
            .and_then(|whole| whole.subnets(SIZE).ok())
            .into_iter()
            .flatten()
            .filter(move |block| !is_in(*block, except.iter().copied()))
    }
}

/// Whether two ranges share an address.
pub(crate) fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

fn is_in(block: Ipv4Net, mut others: impl Iterator<Item = Ipv4Net>) -> bool {
    others.any(|other| overlap(block, other))
}

/// The free ranges of each pool, the preferred pool first.
pub(crate) fn free<'a>(
    taken: impl Fn() -> Box<dyn Iterator<Item = &'a Taken> + 'a>,
) -> impl Iterator<Item = Vec<Ipv4Net>> {
    POOLS.iter().map(move |pool| {
        pool.blocks()
            .filter(|block| !is_in(*block, taken().map(|other| other.block)))
            .collect()
    })
}

/// Whether any range is free.
pub(crate) fn is_any_free(taken: &[Taken]) -> bool {
    free(|| Box::new(taken.iter())).any(|blocks| !blocks.is_empty())
}

/// Why a range can't be had that a person wants, if it can't.
pub(crate) fn refusal(wanted: Ipv4Net, taken: &[Taken]) -> Option<String> {
    taken
        .iter()
        .find(|other| overlap(other.block, wanted))
        .map(|other| {
            format!(
                "the address range {wanted} overlaps {} of {}",
                other.block, other.owner
            )
        })
}

/// What a person can do who wants a range that is taken.
pub(crate) const LEAVE_OUT: &str = "leave --vpc-cidr out to have a free range chosen";

/// Every range that a new VPC must keep clear of: those of all VPCs of the
/// region and of the networks peered with any of them. The cluster's own VPC,
/// left by an earlier run, does not count.
pub(crate) async fn taken(aws: &Aws, region: &str, cluster: &str) -> Result<Vec<Taken>, Fault> {
    let mut taken = Vec::new();
    for vpc in ec2::vpcs(aws, region, None).await? {
        if !is_of(&vpc, cluster) {
            taken.extend(blocks(&vpc, region));
        }
    }
    for peering in ec2::peerings(aws, region).await? {
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
    Ok(taken)
}

/// Whether a VPC is tagged with a cluster's name, however that was typed.
fn is_of(vpc: &Vpc, cluster: &str) -> bool {
    tags::value(vpc.tags(), tags::CLUSTER).is_some_and(|name| name.eq_ignore_ascii_case(cluster))
}

/// The ranges of Aurora VPCs in the other enabled regions.
pub(crate) async fn aurora_elsewhere(at: &Attempt<Aws>, home: &str) -> Result<Vec<Taken>, Fault> {
    of_others(at, home, |vpc| {
        tags::value(vpc.tags(), tags::CLUSTER).is_some()
    })
    .await
}

/// The ranges of the VPCs in the other enabled regions. A new VPC keeps clear of
/// them while others are free, because it may be peered with any of them one
/// day; they are never a reason to refuse.
pub(crate) async fn elsewhere(at: &Attempt<Aws>, home: &str) -> Result<Vec<Taken>, Fault> {
    of_others(at, home, |_| true).await
}

/// The ranges of VPCs in the other enabled regions. A region that can't be asked
/// is left out and said so: it must not keep the others from being used.
async fn of_others(
    at: &Attempt<Aws>,
    home: &str,
    counts: impl Fn(&Vpc) -> bool,
) -> Result<Vec<Taken>, Fault> {
    let aws = at.context();
    let mut taken = Vec::new();
    for region in patiently(at, || ec2::regions(aws, home)).await? {
        if region == home {
            continue;
        }
        match patiently(at, || ec2::vpcs(aws, &region, None)).await {
            Ok(vpcs) => {
                let counted = vpcs.iter().filter(|vpc| counts(vpc));
                taken.extend(counted.flat_map(|vpc| blocks(vpc, &region)));
            }
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

    fn block(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    fn taken(blocks: &[&str]) -> Vec<Taken> {
        let taken = |text: &&str| Taken {
            block: block(text),
            owner: "somebody".to_owned(),
            vpc: None,
        };
        blocks.iter().map(taken).collect()
    }

    fn free_of(blocks: &[&str]) -> Vec<usize> {
        let taken = taken(blocks);
        free(|| Box::new(taken.iter()))
            .map(|free| free.len())
            .collect()
    }

    #[test]
    fn other_private_ranges_follow_where_one_has_no_room() {
        assert_eq!(free_of(&[]), [256, 65_536 - 256 - 1024, 4096 - 3 * 256]);
        assert_eq!(free_of(&["192.168.0.0/16"])[0], 0);
        assert_eq!(free_of(&["192.168.7.0/24"])[0], 255);
        assert_eq!(free_of(&["10.0.0.0/8"])[1], 0);
        let all = taken(&["192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"]);
        assert!(!is_any_free(&all));
        assert!(is_any_free(&all[..2]));
    }

    #[test]
    fn what_rosa_uses_by_default_is_never_drawn() {
        let drawn: Vec<Ipv4Net> = free(|| Box::new([].iter())).flatten().collect();
        for used in ["10.0.0.0/16", "10.128.0.0/14", "172.30.0.0/16"] {
            assert!(!is_in(block(used), drawn.iter().copied()), "{used}");
        }
        assert!(drawn.windows(2).all(|pair| !overlap(pair[0], pair[1])));
    }

    #[test]
    fn a_block_overlaps_what_holds_it() {
        assert!(overlap(block("192.168.0.0/16"), block("192.168.7.0/24")));
        assert!(overlap(block("192.168.7.0/24"), block("192.168.0.0/16")));
        assert!(!overlap(block("10.0.0.0/16"), block("192.168.7.0/24")));
    }
}
