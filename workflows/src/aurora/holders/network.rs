//! What is in the VPCs of a cluster, and what keeps them from being deleted.

use aws_sdk_ec2::types::{
    SecurityGroup, Tag, VpcPeeringConnection, VpcPeeringConnectionStateReasonCode as Code,
};
use stepwell_engine::Fault;

use super::{Databases, Doomed, NamingRule, Obstacle, Part, Standing, Takes, ask, denied};
use super::{interfaces, remedy, rules};
use crate::aws::parts::attached::{self, Attached};
use crate::aws::{Aws, ec2};

/// The statement of the policy that allows these looks.
const STATEMENT: &str = "LookAtNetworks";

/// What a look at the VPCs found.
#[derive(Debug, Default)]
pub(crate) struct NetworkLook {
    /// What goes along.
    pub(crate) parts: Vec<Part>,
    /// The rules that have to go before the groups that they name.
    pub(crate) rules: Vec<NamingRule>,
    /// What is in the way.
    pub(crate) obstacles: Vec<Obstacle>,
}

/// Looks at the VPCs, and at the databases that may live in them.
pub(crate) async fn look(aws: &Aws, doomed: &Doomed) -> Result<NetworkLook, Fault> {
    if doomed.vpcs.is_empty() && doomed.subnet_groups.is_empty() {
        return Ok(NetworkLook::default());
    }
    let (databases, mut found) = tokio::try_join!(
        Databases::look(aws, &doomed.region),
        Box::pin(look_at_vpcs(aws, doomed))
    )?;
    found.obstacles.extend(databases.neighbours(doomed));
    Ok(found)
}

/// Looks at everything in the VPCs at once: each kind is one query for all.
pub(crate) async fn look_at_vpcs(aws: &Aws, doomed: &Doomed) -> Result<NetworkLook, Fault> {
    let (region, vpcs) = (doomed.region.as_str(), doomed.vpcs.as_slice());
    if vpcs.is_empty() {
        return Ok(NetworkLook::default());
    }
    let by = |name: &str| ec2::filter_any(name, vpcs);
    let seen = async {
        let seen = attached::look(aws, region, vpcs).await;
        seen.map_err(|fault| denied(STATEMENT, fault))
    };
    let (seen, network, groups, links) = tokio::try_join!(
        seen,
        ask(aws, STATEMENT, || ec2::network_interfaces(
            aws,
            region,
            by("vpc-id")
        )),
        ask(aws, STATEMENT, || ec2::security_groups_by(
            aws,
            region,
            by("vpc-id")
        )),
        ask(aws, STATEMENT, || ec2::peerings(aws, region)),
    )?;

    let mut found = NetworkLook::default();
    // What is gone is still listed for a while, and so are its interfaces.
    let (free, foreign) = interfaces::judge(doomed, &network, &seen);
    for one in &seen {
        judge(doomed, one, &mut found);
    }
    found.parts.extend(free);
    found.parts.sort();
    found.obstacles.extend(foreign);
    found
        .obstacles
        .extend(links.iter().filter_map(|link| peered(doomed, link)));
    let going: Vec<String> = (groups.iter())
        .filter(|group| goes(doomed, group))
        .filter_map(|group| group.group_id().map(str::to_owned))
        .collect();
    let (naming, others) = rules::look(aws, doomed, &going).await?;
    found.rules = naming;
    found.obstacles.extend(others);
    if doomed.takes != Takes::WhatIsTagged {
        found
            .obstacles
            .extend(strangers(aws, doomed, &groups).await?);
    }
    Ok(found)
}

/// Whether a part goes along, is on its way out, or is in the way.
fn judge(doomed: &Doomed, one: &Attached, found: &mut NetworkLook) {
    let (id, vpc) = (one.id.as_str(), one.vpc.as_str());
    match one.standing {
        Standing::Gone => {}
        // What was asked to go is waited for.
        _ if doomed.takes(id, &one.tags) => found.parts.push(Part {
            kind: one.kind,
            id: id.to_owned(),
            vpc: vpc.to_owned(),
        }),
        Standing::Going => {}
        Standing::There => {
            let words = one.kind.words();
            let message = format!("{words} {id} is in {vpc} and not the cluster's");
            let remedy = remedy::of_part(one.kind, id, vpc, &doomed.region);
            found
                .obstacles
                .push(Obstacle::new(words, id, message, remedy).taggable());
        }
    }
}

/// Whether a security group goes: EC2 deletes the default one with its VPC.
fn goes(doomed: &Doomed, group: &SecurityGroup) -> bool {
    let id = group.group_id().unwrap_or_default();
    group.group_name() != Some("default")
        && (doomed.takes == Takes::WhatIsTagged || doomed.takes(id, group.tags()))
}

/// A peering that holds on to a VPC and does not go before.
fn peered(doomed: &Doomed, link: &VpcPeeringConnection) -> Option<Obstacle> {
    let (id, code) = (link.vpc_peering_connection_id()?, link.status()?.code()?);
    let lives = matches!(
        code,
        Code::Active | Code::InitiatingRequest | Code::PendingAcceptance | Code::Provisioning
    );
    if !lives || doomed.peerings.iter().any(|one| one == id) {
        return None;
    }
    let ends = [link.requester_vpc_info()?, link.accepter_vpc_info()?];
    let own = |vpc: Option<&str>| doomed.vpcs.iter().any(|one| Some(one.as_str()) == vpc);
    let other = match ends.map(|end| own(end.vpc_id())) {
        [false, false] => return None,
        [true, _] => ends[1],
        [false, true] => ends[0],
    };
    let (cluster, region) = (&doomed.cluster, &doomed.region);
    let vpc = other.vpc_id().unwrap_or_default();
    let there = other.region().unwrap_or(region);
    Some(Obstacle::new(
        "peering",
        id,
        format!(
            "cluster {cluster:?} is still peered: {id} ({}) with {vpc} in {there}",
            code.as_str()
        ),
        format!(
            "remove the peering first: `stepwell peering delete --cluster {cluster} --region {region} --rosa-vpc {vpc} --rosa-region {there}`, or say --with-peerings to have each removed with the cluster"
        ),
    ))
}

/// Subnets, tables and groups in the VPCs that do not go: a rollback leaves what
/// its run did not make, and a deletion what came after its survey.
async fn strangers(
    aws: &Aws,
    doomed: &Doomed,
    groups: &[SecurityGroup],
) -> Result<Vec<Obstacle>, Fault> {
    let region = doomed.region.as_str();
    let (why, remedy) = match doomed.takes {
        Takes::MadeBy(_) => (
            "was not made by the run",
            "remove it first, or delete the cluster with everything in its network: `stepwell aurora delete`",
        ),
        _ => (
            "came after the deletion was begun",
            "remove it, or run `stepwell aurora delete` again, which takes it along",
        ),
    };
    let mut found = Vec::new();
    let mut add = |kind: &'static str, id: Option<&str>, labels: &[Tag], vpc: &str| {
        let id = id.unwrap_or_default();
        if !doomed.takes(id, labels) {
            let message = format!("{kind} {id} is in {vpc} and {why}");
            found.push(Obstacle::new(kind, id, message, remedy));
        }
    };
    for one in groups
        .iter()
        .filter(|one| one.group_name() != Some("default"))
    {
        let vpc = one.vpc_id().unwrap_or_default();
        add("security group", one.group_id(), one.tags(), vpc);
    }
    for vpc in &doomed.vpcs {
        let (subnets, tables) = tokio::try_join!(
            ask(aws, STATEMENT, || ec2::subnets(aws, region, vpc)),
            ask(aws, STATEMENT, || ec2::route_tables(aws, region, vpc)),
        )?;
        for one in &subnets {
            add("subnet", one.subnet_id(), one.tags(), vpc);
        }
        for one in tables.iter().filter(|one| !ec2::is_main(one)) {
            add("route table", one.route_table_id(), one.tags(), vpc);
        }
    }
    Ok(found)
}
