//! The rules of security groups.

use super::describe::{Describe, RESULTS, one, tag_set};
use super::lookup::{Kind, find_any};
use super::permission::{Given, given, quoted};
use super::prefix_list::weight;
use super::reference::{check_peer, describe_elsewhere};
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::network::{Peer, Permission, Rule, SecurityGroup};
use std::collections::BTreeMap;

/// The group of a call. Only groups of a VPC exist, so it is named by id.
fn given_group(context: &Context<'_>) -> ApiResult<String> {
    let id = context.params.get("GroupId").ok_or_else(|| {
        if context.params.has("GroupName") {
            ApiError::new(
                "VPCIdNotSpecified",
                "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.",
            )
        } else {
            ApiError::missing("groupName or groupId")
        }
    })?;
    context.group(id)?;
    Ok(id.to_owned())
}

/// `AuthorizeSecurityGroupIngress`: all of the rules or none.
pub(crate) fn authorize_ingress(context: &mut Context<'_>) -> ApiResult<String> {
    authorize(context, false)
}

/// `AuthorizeSecurityGroupEgress`: all of the rules or none.
pub(crate) fn authorize_egress(context: &mut Context<'_>) -> ApiResult<String> {
    authorize(context, true)
}

fn authorize(context: &mut Context<'_>, egress: bool) -> ApiResult<String> {
    let group_id = given_group(context)?;
    let permissions = given(context)?;
    if permissions.is_empty() {
        return Err(ApiError::missing("ipPermissions"));
    }
    let tags = given_tags(context, Kind::Rule)?;
    let group = context.group(&group_id)?;
    for (index, (permission, _)) in permissions.iter().enumerate() {
        check_peer(context, &group.vpc, &permission.peer)?;
        if held(group, egress, permission).is_some() {
            return Err(ApiError::new(
                "InvalidPermission.Duplicate",
                format!(
                    "the specified rule \"{}\" already exists",
                    quoted(permission)
                ),
            ));
        }
        if permissions[..index]
            .iter()
            .any(|(earlier, _)| earlier == permission)
        {
            return Err(ApiError::value(
                "The same permission must not appear multiple times",
            ));
        }
    }
    check_quota(context, group, egress, &permissions)?;
    let new: Vec<Rule> = permissions
        .into_iter()
        .map(|(permission, description)| {
            let id = context.world.new_id("sgr");
            let visible_at = context.visible_at(&id);
            let tags = tags.clone();
            Rule {
                id,
                egress,
                permission,
                description,
                tags,
                visible_at,
            }
        })
        .collect();
    let mut xml = Xml::new();
    xml.text("return", true)
        .list("securityGroupRuleSet", "item", &new, |xml, rule| {
            describe_one(xml, context, &group_id, rule);
        });
    if let Some(group) = context.here_mut().groups.get_mut(&group_id) {
        group.rules.extend(new);
    }
    Ok(xml.finish())
}

/// The rule of that direction that allows just this.
fn held<'a>(group: &'a SecurityGroup, egress: bool, permission: &Permission) -> Option<&'a Rule> {
    let mut rules = group.rules.iter();
    rules.find(|rule| rule.egress == egress && rule.permission == *permission)
}

/// The quota is kept for each direction and for each of IPv4 and IPv6. A group counts for both, a
/// prefix list as many times as it may have entries.
fn check_quota(
    context: &Context<'_>,
    group: &SecurityGroup,
    egress: bool,
    new: &[Given],
) -> ApiResult<()> {
    let count = |peer: &Peer| match peer {
        Peer::Cidr(_) => (1, 0),
        Peer::Cidr6(_) => (0, 1),
        Peer::Group(_) => (1, 1),
        Peer::PrefixList(id) => match context.here().prefix_lists.get(id) {
            Some(list) if list.v6 => (0, list.max),
            _ => (weight(context, id), 0),
        },
    };
    let old = group.rules.iter().filter(|rule| rule.egress == egress);
    let all = old
        .map(|rule| &rule.permission)
        .chain(new.iter().map(|(permission, _)| permission));
    let (v4, v6) = all
        .map(|permission| count(&permission.peer))
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    if v4.max(v6) <= context.quotas.rules {
        return Ok(());
    }
    Err(ApiError::new(
        "RulesPerSecurityGroupLimitExceeded",
        "The maximum number of rules per security group has been reached.",
    ))
}

/// `RevokeSecurityGroupIngress`, by rule id or by permission: all of the rules or none.
pub(crate) fn revoke_ingress(context: &mut Context<'_>) -> ApiResult<String> {
    revoke(context, false)
}

/// `RevokeSecurityGroupEgress`, by rule id or by permission: all of the rules or none.
pub(crate) fn revoke_egress(context: &mut Context<'_>) -> ApiResult<String> {
    revoke(context, true)
}

fn revoke(context: &mut Context<'_>, egress: bool) -> ApiResult<String> {
    let group_id = context.params.need("GroupId")?.to_owned();
    let group = find_any(&context.here().groups, Kind::Group, &group_id)?;
    let ids = context.params.list("SecurityGroupRuleId");
    let permissions = given(context)?;
    if ids.is_empty() == permissions.is_empty() {
        return Err(ApiError::combination(
            "Either ipPermissions or securityGroupRuleIds should be provided",
        ));
    }
    let mut gone = Vec::new();
    for id in &ids {
        Kind::Rule.check_form(id)?;
        let mut rules = group.rules.iter();
        if !rules.any(|rule| rule.egress == egress && rule.id == *id) {
            return Err(Kind::Rule.not_found(id));
        }
        gone.push(id.clone());
    }
    for (permission, _) in &permissions {
        match held(group, egress, permission) {
            Some(rule) => gone.push(rule.id.clone()),
            None => {
                return Err(ApiError::new(
                    "InvalidPermission.NotFound",
                    "The specified rule does not exist in this security group.",
                ));
            }
        }
    }
    let mut xml = Xml::new();
    let revoked = group.rules.iter().filter(|rule| gone.contains(&rule.id));
    xml.text("return", true).list(
        "revokedSecurityGroupRuleSet",
        "item",
        revoked,
        |xml, rule| {
            xml.text("securityGroupRuleId", &rule.id)
                .text("groupId", &group_id)
                .text("isEgress", egress)
                .text("ipProtocol", &rule.permission.protocol)
                .text("fromPort", rule.permission.from.unwrap_or(-1))
                .text("toPort", rule.permission.to.unwrap_or(-1));
            match &rule.permission.peer {
                Peer::Cidr(cidr) => xml.text("cidrIpv4", cidr),
                Peer::Cidr6(text) => xml.text("cidrIpv6", text),
                Peer::PrefixList(id) => xml.text("prefixListId", id),
                Peer::Group(id) => xml.text("referencedGroupId", id),
            };
            xml.maybe("description", rule.description.as_ref());
        },
    );
    if let Some(group) = context.here_mut().groups.get_mut(&group_id) {
        group.rules.retain(|rule| !gone.contains(&rule.id));
    }
    Ok(xml.finish())
}

/// `DescribeSecurityGroupRules`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let now = context.now;
    let groups = context
        .here()
        .groups
        .iter()
        .filter(|(_, group)| now >= group.visible_at);
    let all: BTreeMap<&str, (&str, &Rule)> = groups
        .flat_map(|(id, group)| {
            group
                .rules
                .iter()
                .map(move |rule| (rule.id.as_str(), (id.as_str(), rule)))
        })
        .collect();
    let (rules, next) = Describe {
        kind: Kind::Rule,
        ids: "SecurityGroupRuleId",
        results: RESULTS,
        filters: &["group-id", "security-group-rule-id"],
        values: &|name, id, _: &Rule| match name {
            "group-id" => all
                .get(id)
                .map(|(group, _)| (*group).to_owned())
                .into_iter()
                .collect(),
            "security-group-rule-id" => one(id),
            _ => Vec::new(),
        },
        tags: &|rule| &rule.tags,
    }
    .select(context, all.iter().map(|(id, (_, rule))| (*id, *rule)))?;
    let mut xml = Xml::new();
    xml.list("securityGroupRuleSet", "item", rules, |xml, (id, rule)| {
        describe_one(xml, context, all[id].0, rule);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, group: &str, rule: &Rule) {
    let account = &context.world.account_id;
    let one = &rule.permission;
    xml.text("securityGroupRuleId", &rule.id)
        .text("groupId", group)
        .text("groupOwnerId", account)
        .text("isEgress", rule.egress)
        .text("ipProtocol", &one.protocol)
        .text("fromPort", one.from.unwrap_or(-1))
        .text("toPort", one.to.unwrap_or(-1));
    match &one.peer {
        Peer::Cidr(cidr) => {
            xml.text("cidrIpv4", cidr);
        }
        Peer::Cidr6(text) => {
            xml.text("cidrIpv6", text);
        }
        Peer::PrefixList(id) => {
            xml.text("prefixListId", id);
        }
        Peer::Group(id) => {
            xml.node("referencedGroupInfo", |xml| {
                xml.text("groupId", id).text("userId", account);
                describe_elsewhere(xml, context, group, id);
            });
        }
    }
    xml.maybe("description", rule.description.as_ref()).text(
        "securityGroupRuleArn",
        format_args!(
            "arn:aws:ec2:{}:{account}:security-group-rule/{}",
            context.region, rule.id
        ),
    );
    tag_set(xml, &rule.tags);
}
