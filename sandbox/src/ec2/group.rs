//! Security groups.

use super::describe::{Describe, RESULTS, one, tag_set};
use super::lookup::{Kind, find_any};
use super::permission::permission_set;
use super::reference::is_named;
use super::tags::given_tags;
use super::vpc::all_egress;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::Region;
use crate::world::network::{Peer, Rule, SecurityGroup};

/// `CreateSecurityGroup`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let name = context.params.need("GroupName")?.to_owned();
    let description = context.params.need("GroupDescription")?.to_owned();
    check_text("groupName", &name)?;
    check_text("groupDescription", &description)?;
    if name.to_ascii_lowercase().starts_with("sg-") {
        return Err(ApiError::value(format!(
            "invalid value for parameter groupName: {name}. Group names may not be in the format sg-*."
        )));
    }
    if name == "default" {
        return Err(ApiError::new(
            "InvalidGroup.Reserved",
            "The security group 'default' is reserved",
        ));
    }
    if context.params.get("VpcId").is_none() {
        return Err(ApiError::new(
            "VPCIdNotSpecified",
            "No default VPC for this user",
        ));
    }
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::Group)?;
    // Consistent at once, unlike reads.
    if context
        .here()
        .groups
        .values()
        .any(|group| group.vpc == vpc && group.name == name)
    {
        return Err(ApiError::new(
            "InvalidGroup.Duplicate",
            format!("The security group '{name}' already exists for VPC '{vpc}'"),
        ));
    }
    let id = context.world.new_id("sg");
    let visible_at = context.visible_at(&id);
    let rules = vec![all_egress(context, visible_at)];
    let mut xml = Xml::new();
    xml.text("groupId", &id)
        .text("securityGroupArn", arn(context, &id));
    tag_set(&mut xml, &tags);
    let group = SecurityGroup {
        vpc,
        name,
        description,
        tags,
        rules,
        visible_at,
    };
    context.here_mut().groups.insert(id, group);
    Ok(xml.finish())
}

fn check_text(parameter: &str, text: &str) -> ApiResult<()> {
    let legal = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.len() <= 255 && text.chars().all(legal) {
        return Ok(());
    }
    Err(ApiError::value(format!(
        "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported, and at most 255 characters are."
    )))
}

fn arn(context: &Context<'_>, id: &str) -> String {
    format!(
        "arn:aws:ec2:{}:{}:security-group/{id}",
        context.region, context.world.account_id
    )
}

/// `DeleteSecurityGroup`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("GroupId")?.to_owned();
    let group = find_any(&context.here().groups, Kind::Group, &id)?;
    if group.name == "default" {
        return Err(ApiError::new(
            "CannotDelete",
            format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user"),
        ));
    }
    if is_used(context.here(), &id) || is_named(context, &id) {
        return Err(ApiError::dependency(format!(
            "resource {id} has a dependent object"
        )));
    }
    context.here_mut().groups.remove(&id);
    let mut xml = Xml::new();
    xml.text("return", true).text("groupId", &id);
    Ok(xml.finish())
}

fn is_used(region: &Region, id: &str) -> bool {
    let mut interfaces = region.interfaces.values();
    interfaces.any(|one| one.groups.iter().any(|group| group == id))
}

/// `DescribeSecurityGroups`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let names = context.params.list("GroupName");
    if !names.is_empty() {
        return Err(ApiError::new(
            "VPCIdNotSpecified",
            "No default VPC for this user; use the filter group-name",
        ));
    }
    let (groups, next) = Describe {
        kind: Kind::Group,
        ids: "GroupId",
        results: RESULTS,
        filters: &[
            "description",
            "egress.ip-permission.cidr",
            "egress.ip-permission.from-port",
            "egress.ip-permission.group-id",
            "egress.ip-permission.ipv6-cidr",
            "egress.ip-permission.prefix-list-id",
            "egress.ip-permission.protocol",
            "egress.ip-permission.to-port",
            "group-id",
            "group-name",
            "ip-permission.cidr",
            "ip-permission.from-port",
            "ip-permission.group-id",
            "ip-permission.ipv6-cidr",
            "ip-permission.prefix-list-id",
            "ip-permission.protocol",
            "ip-permission.to-port",
            "owner-id",
            "vpc-id",
        ],
        values: &|name, id, group: &SecurityGroup| values(&account, name, id, group),
        tags: &|group| &group.tags,
    }
    .select(
        context,
        context
            .here()
            .groups
            .iter()
            .map(|(id, one)| (id.as_str(), one)),
    )?;
    let mut xml = Xml::new();
    xml.list("securityGroupInfo", "item", groups, |xml, (id, group)| {
        describe_one(xml, context, id, group);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn values(account: &str, name: &str, id: &str, group: &SecurityGroup) -> Vec<String> {
    match name {
        "description" => one(&group.description),
        "group-id" => one(id),
        "group-name" => one(&group.name),
        "owner-id" => one(account),
        "vpc-id" => one(&group.vpc),
        _ => {
            let egress = name.starts_with("egress.");
            let wanted = name.rsplit('.').next().unwrap_or_default();
            let rules = group.rules.iter().filter(|rule| rule.egress == egress);
            rules.filter_map(|rule| of_rule(wanted, rule)).collect()
        }
    }
}

/// What a filter for permissions compares with in a rule.
fn of_rule(wanted: &str, rule: &Rule) -> Option<String> {
    let one = &rule.permission;
    match (wanted, &one.peer) {
        ("cidr", Peer::Cidr(cidr)) => Some(cidr.to_string()),
        ("ipv6-cidr", Peer::Cidr6(text))
        | ("prefix-list-id", Peer::PrefixList(text))
        | ("group-id", Peer::Group(text)) => Some(text.clone()),
        ("from-port", _) => one.from.map(|port| port.to_string()),
        ("to-port", _) => one.to.map(|port| port.to_string()),
        ("protocol", _) => Some(one.protocol.clone()),
        _ => None,
    }
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, group: &SecurityGroup) {
    let account = &context.world.account_id;
    let shown = |egress| -> Vec<&Rule> {
        group
            .rules
            .iter()
            .filter(|rule| rule.egress == egress && context.now >= rule.visible_at)
            .collect()
    };
    xml.text("ownerId", account)
        .text("groupId", id)
        .text("groupName", &group.name)
        .text("groupDescription", &group.description)
        .text("vpcId", &group.vpc)
        .text("securityGroupArn", arn(context, id));
    permission_set(xml, "ipPermissions", &shown(false), context, id);
    permission_set(xml, "ipPermissionsEgress", &shown(true), context, id);
    tag_set(xml, &group.tags);
}
