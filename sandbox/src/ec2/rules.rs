//! The rules of security groups.

use super::describe::{Describe, one, tag_set};
use super::lookup::{Kind, find_any};
use super::permission::{given, quoted};
use super::tags::given_tags;
use crate::operations::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::network::{Peer, Rule};
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
    let group_id = given_group(context)?;
    let permissions = given(context)?;
    if permissions.is_empty() {
        return Err(ApiError::missing("ipPermissions"));
    }
    let tags = given_tags(context, Kind::Rule)?;
    let group = context.group(&group_id)?;
    for (index, (permission, _)) in permissions.iter().enumerate() {
        let held = group
            .rules
            .iter()
            .any(|rule| !rule.egress && rule.permission == *permission);
        if held {
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
    let new: Vec<Rule> = permissions
        .into_iter()
        .map(|(permission, description)| {
            let id = context.world.new_id("sgr");
            let visible_at = context.visible_at(&id);
            let tags = tags.clone();
            Rule {
                id,
                egress: false,
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

/// `RevokeSecurityGroupIngress`, by rule id or by permission: all of the rules or none.
pub(crate) fn revoke_ingress(context: &mut Context<'_>) -> ApiResult<String> {
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
        let held = group
            .rules
            .iter()
            .any(|rule| !rule.egress && rule.id == *id);
        if !held {
            return Err(Kind::Rule.not_found(id));
        }
        gone.push(id.clone());
    }
    for (permission, _) in &permissions {
        let held = group
            .rules
            .iter()
            .find(|rule| !rule.egress && rule.permission == *permission);
        match held {
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
                .text("isEgress", false)
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
