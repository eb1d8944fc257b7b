//! Peering connections as AWS describes them, from either end.

use aws_sdk_ec2::types::{Tag, VpcPeeringConnection, VpcPeeringConnectionVpcInfo};
use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::end::{Access, End};
use crate::aws::call::{fault, unless_gone};
use crate::aws::{Aws, ec2};

/// A peering connection.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) state: String,
    /// What AWS says about the state.
    pub(crate) message: String,
    pub(crate) requester: LinkEnd,
    pub(crate) accepter: LinkEnd,
    /// The tags of the side that was asked; each side has its own.
    pub(crate) tags: Vec<Tag>,
}

/// One end of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkEnd {
    pub(crate) owner: String,
    pub(crate) region: String,
    pub(crate) vpc_id: String,
    /// Its ranges. AWS tells them only while the peering is active.
    pub(crate) cidrs: Vec<Ipv4Net>,
}

/// The states in which a peering holds on to its VPCs, or may come to: AWS
/// answers a repeated request with one of these (VPC Peering Guide, "VPC
/// peering connection lifecycle").
const LIVE: [&str; 4] = [
    "initiating-request",
    "pending-acceptance",
    "provisioning",
    "active",
];

impl Link {
    fn new(peering: &VpcPeeringConnection) -> Option<Self> {
        let status = peering.status();
        Some(Self {
            id: peering.vpc_peering_connection_id()?.to_owned(),
            state: status
                .and_then(|status| status.code())
                .map_or_else(|| "unknown".to_owned(), |code| code.as_str().to_owned()),
            message: status
                .and_then(|status| status.message())
                .unwrap_or("no reason given")
                .to_owned(),
            requester: LinkEnd::new(peering.requester_vpc_info()?)?,
            accepter: LinkEnd::new(peering.accepter_vpc_info()?)?,
            tags: peering.tags().to_vec(),
        })
    }

    /// Whether it has not ended and is not ending.
    pub(crate) fn is_live(&self) -> bool {
        LIVE.contains(&self.state.as_str())
    }

    /// Whether it is on its way out.
    pub(crate) fn is_going(&self) -> bool {
        self.state == "deleting"
    }

    /// Both ends, the requester first.
    pub(crate) fn ends(&self) -> [&LinkEnd; 2] {
        [&self.requester, &self.accepter]
    }

    /// Whether a VPC is at one of the ends.
    pub(crate) fn touches(&self, vpc: &str) -> bool {
        self.ends().iter().any(|end| end.vpc_id == vpc)
    }

    /// Whether it joins two VPCs, in whatever direction.
    pub(crate) fn joins(&self, one: &str, other: &str) -> bool {
        self.touches(one) && self.touches(other)
    }

    /// How far it has come, for a choice among several.
    pub(crate) fn progress(&self) -> usize {
        LIVE.iter()
            .position(|state| *state == self.state)
            .map_or(0, |place| place + 1)
    }
}

impl LinkEnd {
    /// As a step works on it.
    pub(crate) fn reached_by(&self, access: Access) -> End {
        End {
            access,
            owner: self.owner.clone(),
            region: self.region.clone(),
            vpc_id: self.vpc_id.clone(),
        }
    }

    fn new(info: &VpcPeeringConnectionVpcInfo) -> Option<Self> {
        let mut cidrs: Vec<Ipv4Net> = info
            .cidr_block_set()
            .iter()
            .filter_map(|block| block.cidr_block())
            .chain(info.cidr_block())
            .filter_map(|block| block.parse().ok())
            .collect();
        cidrs.sort_unstable();
        cidrs.dedup();
        Some(Self {
            owner: info.owner_id().unwrap_or_default().to_owned(),
            region: info.region().unwrap_or_default().to_owned(),
            vpc_id: info.vpc_id()?.to_owned(),
            cidrs,
        })
    }
}

/// The peerings of a region, from either side, in any state.
pub(crate) async fn all(aws: &Aws, region: &str) -> Result<Vec<Link>, Fault> {
    let mut links: Vec<Link> = ec2::peerings(aws, region)
        .await?
        .iter()
        .filter_map(Link::new)
        .collect();
    for link in &mut links {
        // Within one region some stand-ins for AWS leave the region out.
        for end in [&mut link.requester, &mut link.accepter] {
            if end.region.is_empty() {
                end.region = region.to_owned();
            }
        }
    }
    links.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(links)
}

/// One peering as seen from a region, if it is seen there.
pub(crate) async fn one(aws: &Aws, region: &str, id: &str) -> Result<Option<Link>, Fault> {
    let answer = aws
        .ec2(region)
        .describe_vpc_peering_connections()
        .vpc_peering_connection_ids(id)
        .send()
        .await
        .map_err(|error| fault("DescribeVpcPeeringConnections", error));
    Ok(unless_gone(answer)?.and_then(|answer| {
        answer
            .vpc_peering_connections()
            .iter()
            .find_map(Link::new)
            .filter(|link| link.id == id)
    }))
}

/// One peering as seen from an end.
pub(crate) async fn from(aws: &Aws, end: &End, id: &str) -> Result<Option<Link>, Fault> {
    one(end.aws(aws), &end.region, id).await
}
