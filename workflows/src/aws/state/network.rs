//! Looks at what EC2 has: why a VPC, a subnet, a security group, a route table or
//! a peering refuses.

use aws_sdk_ec2::types::{RouteTable, VpcState};
use stepwell_engine::Fault;

use super::holders::{self, Holder, state_of, verdict};
use super::{Aim, Seen};
use crate::aws::Aws;
use crate::aws::call::{fault, unless_gone};
use crate::aws::ec2::{self, filter};

/// Why a VPC refuses.
pub(super) async fn vpc(aws: &Aws, region: &str, id: &str, aim: Aim) -> Result<Seen, Fault> {
    let Some(vpc) = ec2::vpc(aws, region, id).await? else {
        return Ok(Seen::Nothing(format!("vpc {id} is not to be seen")));
    };
    if vpc.state() == Some(&VpcState::Pending) {
        return Ok(Seen::Passes(format!("vpc {id} is pending")));
    }
    let holders = match aim {
        Aim::Removal => holders::of_vpc(aws, region, id).await?,
        Aim::Use => Vec::new(),
    };
    Ok(held("vpc", id, holders))
}

/// Why a subnet refuses: the interfaces in it.
pub(super) async fn subnet(aws: &Aws, region: &str, id: &str) -> Result<Seen, Fault> {
    let holders = holders::interfaces(aws, region, filter("subnet-id", id)).await?;
    Ok(held("subnet", id, holders))
}

/// Why a security group refuses: the interfaces that have it, and the rules of
/// other groups that name it.
pub(super) async fn security_group(aws: &Aws, region: &str, id: &str) -> Result<Seen, Fault> {
    let mut holders = holders::naming(aws, region, &[id.to_owned()]).await?;
    holders.extend(holders::interfaces(aws, region, filter("group-id", id)).await?);
    Ok(held("security group", id, holders))
}

/// Why a route table refuses: it is the main one, or a subnet's.
pub(super) async fn route_table(aws: &Aws, region: &str, id: &str) -> Result<Seen, Fault> {
    let answer = aws
        .ec2(region)
        .describe_route_tables()
        .route_table_ids(id)
        .send()
        .await
        .map_err(|error| fault("DescribeRouteTables", error));
    let found =
        unless_gone(answer)?.and_then(|answer| answer.route_tables.unwrap_or_default().pop());
    let holders = found.as_ref().map(associations).unwrap_or_default();
    Ok(held("route table", id, holders))
}

fn associations(table: &RouteTable) -> Vec<Holder> {
    let mut holders = Vec::new();
    for association in table.associations() {
        if association.main() == Some(true) {
            holders.push(Holder::lasting(
                "it is the main route table of its vpc",
                "it goes with the vpc",
            ));
        } else if let Some(subnet) = association.subnet_id() {
            holders.push(Holder::lasting(
                format!("subnet {subnet} is associated with it"),
                "disassociate the subnet: `aws ec2 disassociate-route-table`",
            ));
        }
    }
    holders
}

/// Why a peering refuses: its state.
pub(super) async fn peering(aws: &Aws, region: &str, id: &str) -> Result<Seen, Fault> {
    let found = ec2::peerings(aws, region).await?;
    let found = found
        .iter()
        .find(|peering| peering.vpc_peering_connection_id() == Some(id));
    let Some(peering) = found else {
        return Ok(Seen::Nothing(format!("peering {id} is not to be seen")));
    };
    let state = state_of(peering);
    let is = format!("peering {id} is {state}");
    Ok(match state {
        "deleted" | "expired" | "failed" | "rejected" => Seen::lasts(
            is,
            "AWS forgets an ended peering by itself; ask for another one",
        ),
        "active" => Seen::Nothing(is),
        _ => Seen::Passes(is),
    })
}

fn held(kind: &str, id: &str, holders: Vec<Holder>) -> Seen {
    verdict(holders)
        .unwrap_or_else(|| Seen::Nothing(format!("nothing is to be seen that holds {kind} {id}")))
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::RouteTableAssociation;

    use super::*;

    #[test]
    fn what_holds_a_route_table_is_named() {
        let of_subnet = RouteTableAssociation::builder().subnet_id("subnet-1");
        let main = RouteTableAssociation::builder().main(true);
        let table = RouteTable::builder()
            .associations(of_subnet.build())
            .associations(main.build())
            .build();
        let names: Vec<_> = (associations(&table).into_iter())
            .map(|holder| holder.what)
            .collect();
        assert_eq!(
            names,
            [
                "subnet subnet-1 is associated with it",
                "it is the main route table of its vpc"
            ]
        );
    }
}
