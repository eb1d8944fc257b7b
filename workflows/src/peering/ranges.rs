//! The address ranges behind a peering. AWS tells them with the peering only
//! while it is active (EC2 API reference, `VpcPeeringConnectionVpcInfo`), so
//! else the VPC itself is asked, where the credentials reach it.

use ipnet::Ipv4Net;
use stepwell_engine::Fault;

use super::end::{Access, End};
use super::link::LinkEnd;
use crate::aurora::blocks;
use crate::aws::{Aws, ec2};

/// The ranges of an end's VPC; none if the VPC is gone.
pub(crate) async fn of_vpc(aws: &Aws, end: &End) -> Result<Vec<Ipv4Net>, Fault> {
    let vpc = ec2::vpc(end.aws(aws), &end.region, &end.vpc_id).await?;
    Ok(vpc
        .map(|vpc| blocks(&vpc, &end.region))
        .unwrap_or_default()
        .into_iter()
        .map(|taken| taken.block)
        .collect())
}

/// The ranges of an end of a peering: what the peering tells, else what the VPC
/// tells. None at all if nobody can be asked; `access` says whose credentials
/// reach it.
pub(crate) async fn of_end(
    aws: &Aws,
    end: &LinkEnd,
    access: Option<Access>,
) -> Result<Option<Vec<Ipv4Net>>, Fault> {
    if !end.cidrs.is_empty() {
        return Ok(Some(end.cidrs.clone()));
    }
    match access {
        Some(access) => of_vpc(aws, &end.reached_by(access)).await.map(Some),
        None => Ok(None),
    }
}
