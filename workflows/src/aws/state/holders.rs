//! What holds a network: the things that have to go, or to let go, before it can
//! be deleted. `DependencyViolation` does not say which they are.

use std::collections::HashSet;

use aws_sdk_ec2::types::{Filter, NetworkInterface, SecurityGroup, VpcPeeringConnection};
use stepwell_engine::{BoxFuture, Fault};

use super::{Seen, database};
use crate::aws::ec2::{self, filter};
use crate::aws::parts::attached::{self, Attached};
use crate::aws::parts::{Standing, remedy, rules};
use crate::aws::{Aws, rds};

/// One thing that holds another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holder {
    /// What it is, with its id: `internet gateway igw-1 is in it`.
    pub(crate) what: String,
    /// The state of passage that it is in; none if no time takes it away.
    pub(crate) passing: Option<String>,
    /// What a person can do about it.
    pub(crate) hint: String,
}

impl Holder {
    /// One that no time takes away.
    pub(crate) fn lasting(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            passing: None,
            hint: hint.into(),
        }
    }
}

/// A look for one kind of thing that holds a VPC: the region and the VPC's id.
pub(crate) type Look =
    for<'a> fn(&'a Aws, &'a str, &'a str) -> BoxFuture<'a, Result<Vec<Holder>, Fault>>;

/// The looks at what holds a VPC. Another kind of thing is a line here.
const OF_VPC: &[Look] = &[
    |aws, region, vpc| Box::pin(interfaces_of_vpc(aws, region, vpc)),
    |aws, region, vpc| Box::pin(parts_of(aws, region, vpc)),
    |aws, region, vpc| Box::pin(peerings(aws, region, vpc)),
    |aws, region, vpc| Box::pin(parts(aws, region, vpc)),
    |aws, region, vpc| Box::pin(groups(aws, region, vpc)),
];

/// What holds a VPC.
pub(super) async fn of_vpc(aws: &Aws, region: &str, vpc: &str) -> Result<Vec<Holder>, Fault> {
    let mut holders = Vec::new();
    for look in OF_VPC {
        holders.extend(look(aws, region, vpc).await?);
    }
    let mut named = HashSet::new();
    holders.retain(|holder| named.insert(holder.what.clone()));
    Ok(holders)
}

/// What the holders together mean; nothing if there are none.
pub(super) fn verdict(holders: Vec<Holder>) -> Option<Seen> {
    let (passing, lasting): (Vec<_>, Vec<_>) =
        (holders.into_iter()).partition(|holder| holder.passing.is_some());
    let names = |holders: &[Holder]| {
        let names: Vec<_> = holders.iter().map(|one| one.what.as_str()).collect();
        names.join(", ")
    };
    if let [first, ..] = lasting.as_slice() {
        let mut hints: Vec<_> = lasting.iter().map(|one| one.hint.as_str()).collect();
        hints.dedup();
        let hint = match hints.as_slice() {
            [_] => first.hint.clone(),
            many => many.join("; "),
        };
        return Some(Seen::lasts(names(&lasting), hint));
    }
    (!passing.is_empty()).then(|| Seen::Passes(names(&passing)))
}

async fn interfaces_of_vpc(aws: &Aws, region: &str, vpc: &str) -> Result<Vec<Holder>, Fault> {
    interfaces(aws, region, filter("vpc-id", vpc)).await
}

/// Who is behind the network interfaces that a filter finds: the databases of
/// their VPC, since RDS takes its interfaces away some minutes after them; the
/// gateway or endpoint that made one; else the interface itself.
pub(super) async fn interfaces(
    aws: &Aws,
    region: &str,
    filter: Filter,
) -> Result<Vec<Holder>, Fault> {
    let found = ec2::network_interfaces(aws, region, filter).await?;
    let Some(vpc) = found.first().and_then(|one| one.vpc_id()) else {
        return Ok(Vec::new());
    };
    let (of_rds, others): (Vec<_>, Vec<_>) = found.iter().partition(|one| attached::is_of_rds(one));
    let parts = match others.is_empty() {
        true => Vec::new(),
        false => attached::look(aws, region, &[vpc.to_owned()]).await?,
    };
    let behind = |one: &NetworkInterface| {
        let made = |part: &&Attached| attached::is_made_by(one, part);
        match parts.iter().find(made) {
            Some(part) => of_part(part, region),
            None => interface(one),
        }
    };
    let mut holders: Vec<Holder> = others.into_iter().map(behind).collect();
    if !of_rds.is_empty() {
        let databases = databases(aws, region, vpc).await?;
        if databases.iter().any(|one| one.passing.is_none()) {
            holders.extend(databases);
        } else {
            holders.extend(of_rds.into_iter().map(|one| Holder {
                passing: Some("being taken away by RDS".to_owned()),
                ..interface(one)
            }));
        }
    }
    Ok(holders)
}

fn interface(interface: &NetworkInterface) -> Holder {
    let id = interface.network_interface_id().unwrap_or_default();
    let attachment = interface.attachment();
    let owner = attachment
        .and_then(|attachment| attachment.instance_id())
        .or(interface.description())
        .filter(|owner| !owner.is_empty());
    let what = match owner {
        Some(owner) => format!("network interface {id} ({owner}) is in it"),
        None => format!("network interface {id} is in it"),
    };
    let detaching = attachment
        .and_then(|attachment| attachment.status())
        .filter(|status| status.as_str() == "detaching");
    Holder {
        passing: detaching.map(|status| status.as_str().to_owned()),
        ..Holder::lasting(what, "delete what the network interface belongs to")
    }
}

/// The databases in a VPC.
async fn databases(aws: &Aws, region: &str, vpc: &str) -> Result<Vec<Holder>, Fault> {
    let groups = rds::subnet_groups(aws, region).await?;
    let groups: Vec<String> = (groups.iter())
        .filter(|group| group.vpc_id() == Some(vpc))
        .filter_map(|group| group.db_subnet_group_name().map(str::to_owned))
        .collect();
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    database::users(aws, region, &groups).await
}

/// The gateways, endpoints, attachments and network ACLs of a VPC.
async fn parts_of(aws: &Aws, region: &str, vpc: &str) -> Result<Vec<Holder>, Fault> {
    let found = attached::look(aws, region, &[vpc.to_owned()]).await?;
    let held = found.iter().filter(|part| part.standing != Standing::Gone);
    Ok(held.map(|part| of_part(part, region)).collect())
}

fn of_part(part: &Attached, region: &str) -> Holder {
    let Attached { kind, id, vpc, .. } = part;
    let going = part.standing != Standing::There;
    Holder {
        passing: going.then(|| "deleting".to_owned()),
        ..Holder::lasting(
            format!("{} {id} is in it", kind.words()),
            remedy::of_part(*kind, id, vpc, region),
        )
    }
}

async fn peerings(aws: &Aws, region: &str, vpc: &str) -> Result<Vec<Holder>, Fault> {
    let found = ec2::peerings(aws, region).await?;
    let ends = |peering: &VpcPeeringConnection| {
        [
            peering.requester_vpc_info().and_then(|end| end.vpc_id()) == Some(vpc),
            peering.accepter_vpc_info().and_then(|end| end.vpc_id()) == Some(vpc),
        ]
    };
    Ok(found
        .iter()
        .filter(|peering| ends(peering).contains(&true))
        .filter_map(|peering| {
            let id = peering.vpc_peering_connection_id().unwrap_or_default();
            let state = state_of(peering);
            let passes = matches!(state, "initiating-request" | "deleting");
            (passes || matches!(state, "pending-acceptance" | "provisioning" | "active")).then(|| {
                Holder {
                    passing: passes.then(|| state.to_owned()),
                    ..Holder::lasting(
                        format!("peering {id} is {state}"),
                        format!(
                            "`aws ec2 delete-vpc-peering-connection --vpc-peering-connection-id {id} --region {region}` deletes it"
                        ),
                    )
                }
            })
        })
        .collect())
}

/// The state of a peering, as AWS writes it.
pub(super) fn state_of(peering: &VpcPeeringConnection) -> &str {
    let code = peering.status().and_then(|status| status.code());
    code.map_or("unknown", |code| code.as_str())
}

/// The subnets and the route tables other than the main one that are still there.
async fn parts(aws: &Aws, region: &str, vpc: &str) -> Result<Vec<Holder>, Fault> {
    let subnets = ec2::subnets(aws, region, vpc).await?;
    let tables = ec2::route_tables(aws, region, vpc).await?;
    let subnets = (subnets.iter()).filter_map(|subnet| subnet.subnet_id());
    let tables = (tables.iter())
        .filter(|table| !ec2::is_main(table))
        .filter_map(|table| table.route_table_id());
    Ok(subnets
        .map(|id| format!("subnet {id} is in it"))
        .chain(tables.map(|id| format!("route table {id} is in it")))
        .map(|what| Holder::lasting(what, "delete the subnets and route tables of the vpc"))
        .collect())
}

/// The security groups other than the default one that are still there, and the
/// rules anywhere that name one of the VPC's, the default one included.
async fn groups(aws: &Aws, region: &str, vpc: &str) -> Result<Vec<Holder>, Fault> {
    let groups = ec2::security_groups(aws, region, vpc).await?;
    let ids: Vec<String> = (groups.iter())
        .filter_map(|group| group.group_id().map(str::to_owned))
        .collect();
    let mut holders = naming(aws, region, &ids).await?;
    for group in &groups {
        if group.group_name() != Some("default") {
            holders.push(Holder::lasting(
                format!("security group {} is in it", called(group)),
                "delete the security groups of the vpc",
            ));
        }
    }
    Ok(holders)
}

/// The rules of other groups that name one of `ids`.
pub(super) async fn naming(aws: &Aws, region: &str, ids: &[String]) -> Result<Vec<Holder>, Fault> {
    let found = rules::naming(aws, region, ids).await?;
    Ok(found
        .iter()
        .map(|rule| {
            let id = rule.security_group_rule_id().unwrap_or_default();
            let group = rule.group_id().unwrap_or_default();
            let named = rules::referenced(rule).unwrap_or_default();
            Holder::lasting(
                format!("rule {id} of security group {group} names {named}"),
                remedy::of_rule(group, id, rule.is_egress() == Some(true), region),
            )
        })
        .collect())
}

/// `sg-1 ("other")`
fn called(group: &SecurityGroup) -> String {
    let id = group.group_id().unwrap_or_default();
    format!("{id} ({:?})", group.group_name().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_goes_before_what_passes() {
        let going = Holder {
            passing: Some("deleting".to_owned()),
            ..Holder::lasting("peering pcx-1 is deleting", "wait")
        };
        let gateway = Holder::lasting("internet gateway igw-1 is in it", "detach it");
        assert_eq!(verdict(Vec::new()), None);
        let passes = verdict(vec![going.clone()]);
        assert_eq!(
            passes,
            Some(Seen::Passes("peering pcx-1 is deleting".to_owned()))
        );
        let table = Holder::lasting("route table rtb-1 is in it", "delete it");
        let lasts = verdict(vec![going, gateway, table]);
        let expected = Seen::lasts(
            "internet gateway igw-1 is in it, route table rtb-1 is in it",
            "detach it; delete it",
        );
        assert_eq!(lasts, Some(expected));
    }

    #[test]
    fn an_interface_is_named_with_what_it_belongs_to() {
        let of_lambda = NetworkInterface::builder()
            .network_interface_id("eni-1")
            .description("AWS Lambda VPC ENI-reports")
            .build();
        assert!(
            interface(&of_lambda)
                .what
                .contains("eni-1 (AWS Lambda VPC ENI-reports)")
        );
    }
}
