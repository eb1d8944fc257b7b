//! DB subnet groups.

use super::*;
use crate::field::items;
use crate::world::database::SubnetGroup;
use std::collections::BTreeSet;

/// The subnet group of that name, whatever its case, if reads show it yet.
pub(crate) fn seen<'a>(
    context: &'a Context<'_>,
    name: &str,
) -> ApiResult<(String, &'a SubnetGroup)> {
    match find(context, name) {
        Ok((_, group)) if context.now < group.visible_at => Err(not_found(name)),
        found => found,
    }
}

/// The subnet group of that name, whatever its case and however young.
pub(crate) fn find<'a>(
    context: &'a Context<'_>,
    name: &str,
) -> ApiResult<(String, &'a SubnetGroup)> {
    let key = name.to_ascii_lowercase();
    match context.here().subnet_groups.get(&key) {
        Some(group) => Ok((key, group)),
        None => Err(not_found(name)),
    }
}

fn not_found(name: &str) -> ApiError {
    refusal!("DBSubnetGroupNotFoundFault": "DB subnet group '{name}' does not exist.")
}

pub(crate) fn zones(context: &Context<'_>, group: &SubnetGroup) -> Vec<String> {
    let subnets = &context.here().subnets;
    let zones: BTreeSet<&String> = group
        .subnets
        .iter()
        .filter_map(|id| Some(&subnets.get(id)?.zone))
        .collect();
    zones.into_iter().cloned().collect()
}

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let name = params.need("DBSubnetGroupName")?.to_ascii_lowercase();
    let legal = |c: char| c.is_ascii_alphanumeric() || " ._-".contains(c);
    let begun = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begun || name.len() > 255 || !name.chars().all(legal) || name == "default" {
        refuse!("InvalidParameterValue":
            "The parameter DBSubnetGroupName is not valid: up to 255 letters, digits, spaces, periods, underscores and hyphens, a letter first, and not 'default'.");
    }
    let description = params.need("DBSubnetGroupDescription")?.to_owned();
    let subnets = params.wrapped_list("SubnetIds", "SubnetIdentifier");
    if subnets.is_empty() {
        return Err(ApiError::missing("SubnetIds"));
    }
    let tags = given_tags(params)?;
    if context.here().subnet_groups.contains_key(&name) {
        refuse!("DBSubnetGroupAlreadyExists": "The DB subnet group '{name}' already exists.");
    }
    if context.here().subnet_groups.len() >= context.quotas.subnet_groups {
        refuse!("DBSubnetGroupQuotaExceeded":
            "The request would result in the user exceeding the allowed number of DB subnet groups.");
    }
    if subnets.len() > context.quotas.group_subnets {
        refuse!("DBSubnetQuotaExceededFault":
            "The request would result in the user exceeding the allowed number of subnets in a DB subnet groups.");
    }
    let vpc = common_vpc(context, &subnets)?;
    let group = SubnetGroup {
        description,
        vpc,
        subnets,
        tags,
        visible_at: context.visible_at(&format!("subgrp:{name}:{}", context.now)),
    };
    let covered = zones(context, &group).len();
    if covered < 2 {
        refuse!("DBSubnetGroupDoesNotCoverEnoughAZs":
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: {covered}. Add subnets to cover at least 2 AZs.");
    }
    let body = SUBNET_GROUP.single(context, &name, &group);
    context.here_mut().subnet_groups.insert(name, group);
    Ok(body)
}

/// The VPC of all the subnets. One that RDS does not know, or not yet, is `InvalidParameterValue`
/// (logged in terraform-provider-aws pull request 49846); `InvalidSubnet` is for those of several VPCs.
fn common_vpc(context: &Context<'_>, subnets: &[String]) -> ApiResult<String> {
    let here = context.here();
    let unknown: Vec<&str> = (subnets.iter())
        .filter(|id| {
            let known = here.subnets.get(*id);
            known.is_none_or(|one| !context.is_known_to_rds(id, one.visible_at))
        })
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let unknown = unknown.join(", ");
        refuse!("InvalidParameterValue": "Some input subnets in :[{unknown}] are invalid.");
    }
    let mut vpc: Option<&str> = None;
    for (index, id) in subnets.iter().enumerate() {
        let Some(subnet) = here.subnets.get(id) else {
            continue;
        };
        if subnets[..index].contains(id) {
            refuse!("InvalidParameterValue": "The subnet {id} is listed twice");
        }
        match vpc {
            Some(vpc) if vpc != subnet.vpc => {
                refuse!("InvalidSubnet": "The specified subnets are not all in the same VPC.")
            }
            _ => vpc = Some(&subnet.vpc),
        }
    }
    Ok(vpc.unwrap_or_default().to_owned())
}

static SUBNET_GROUP: Description<SubnetGroup> = Description {
    elements: ("DBSubnetGroups", "DBSubnetGroup"),
    matches: by_name,
    fields: fields! { v:
        "DBSubnetGroupName" [] v.id;
        "DBSubnetGroupDescription" [] &v.description;
        "VpcId" [] &v.vpc;
        "SubnetGroupStatus" [] "Complete";
        "Subnets" [] inside(|xml| for id in &v.subnets {
            let zone = v.here().subnets.get(id).map(|subnet| &subnet.zone);
            xml.node("Subnet", |xml| {
                xml.text("SubnetIdentifier", id)
                    .node("SubnetAvailabilityZone", |xml| {
                        xml.maybe("Name", zone);
                    })
                    .node("SubnetOutpost", |_| ())
                    .text("SubnetStatus", "Active");
            });
        });
        "DBSubnetGroupArn" [] v.context.rds_arn("subgrp", v.id);
        "SupportedNetworkTypes" [] items("member", ["IPV4"]);
    },
};

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let groups = context.here().subnet_groups.iter();
    let shown = groups.filter(|(_, group)| context.now >= group.visible_at);
    SUBNET_GROUP.answer(context, shown, || {
        let name = context.params.get("DBSubnetGroupName");
        name.map(|name| Ok(seen(context, name)?.0)).transpose()
    })
}

pub(crate) fn write(xml: &mut Xml, context: &Context<'_>, id: &str, one: &SubnetGroup) {
    field::write(SUBNET_GROUP.fields, &View { context, id, one }, xml);
}

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let (name, _) = find(context, context.params.need("DBSubnetGroupName")?)?;
    let mut clusters = context.here().clusters.iter();
    let user = clusters.find(|(_, one)| one.subnet_group == name);
    if let Some((cluster, _)) = user {
        refuse!("InvalidDBSubnetGroupStateFault":
            "Cannot delete the subnet group '{name}' because at least one database cluster: {cluster} is still using it.");
    }
    context.here_mut().subnet_groups.remove(&name);
    Ok(String::new())
}
