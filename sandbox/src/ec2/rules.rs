//! The rules of security groups.

use super::*;
use crate::ec2::permission::{Given, given, quoted};
use crate::ec2::prefix_list::weight;
use crate::ec2::reference::{check_peer, describe_elsewhere};
use crate::world::network::Permission;

/// The group of a call. Only groups of a VPC exist, so it is named by id.
fn given_group(context: &Context<'_>) -> ApiResult<String> {
    let id = context.params.get("GroupId").ok_or_else(|| {
        if context.params.has("GroupName") {
            refusal!("VPCIdNotSpecified":
                "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.")
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
            refuse!("InvalidPermission.Duplicate":
                "the specified rule \"{}\" already exists", quoted(permission));
        }
        if permissions[..index]
            .iter()
            .any(|(earlier, _)| earlier == permission)
        {
            refuse!("InvalidParameterValue": "The same permission must not appear multiple times");
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
            RULE.write(xml, context, &rule.id, &(group_id.clone(), rule.clone()));
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
    Err(refusal!("RulesPerSecurityGroupLimitExceeded":
        "The maximum number of rules per security group has been reached."))
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
        refuse!("InvalidParameterCombination":
            "Either ipPermissions or securityGroupRuleIds should be provided");
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
            None => refuse!("InvalidPermission.NotFound":
                "The specified rule does not exist in this security group."),
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
            range(xml, &rule.permission.peer);
            xml.maybe("description", rule.description.as_ref());
        },
    );
    if let Some(group) = context.here_mut().groups.get_mut(&group_id) {
        group.rules.retain(|rule| !gone.contains(&rule.id));
    }
    Ok(xml.finish())
}

static RULE: Description<(String, Rule)> = Description {
    kind: Kind::Rule,
    ids: "SecurityGroupRuleId",
    elements: ("securityGroupRuleSet", ""),
    results: RESULTS,
    fields: fields! { v:
        "securityGroupRuleId" ["security-group-rule-id"] v.id;
        "groupId" ["group-id"] &v.0;
        "groupOwnerId" [] v.account();
        "isEgress" [] v.1.egress;
        "ipProtocol" [] &v.1.permission.protocol;
        "fromPort" [] v.1.permission.from.unwrap_or(-1);
        "toPort" [] v.1.permission.to.unwrap_or(-1);
        "" [] inside(|xml| match &v.1.permission.peer {
            Peer::Group(id) => {
                xml.node("referencedGroupInfo", |xml| {
                    xml.text("groupId", id).text("userId", v.account());
                    describe_elsewhere(xml, v.context, &v.0, id);
                });
            }
            peer => range(xml, peer),
        });
        "description" [] v.1.description.as_ref();
        "securityGroupRuleArn" [] v.context.ec2_arn("security-group-rule", v.id);
    },
};

/// With the id of its group.
impl Resource for (String, Rule) {
    fn visible_at(&self) -> u64 {
        self.1.visible_at
    }

    fn tags(&self, _: &str) -> &Tags {
        &self.1.tags
    }
}

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let groups = context.here().groups.iter();
    let groups = groups.filter(|(_, group)| context.now >= group.visible_at);
    let all: BTreeMap<String, (String, Rule)> = groups
        .flat_map(|(id, group)| {
            let rules = group.rules.iter();
            rules.map(|rule| (rule.id.clone(), (id.clone(), rule.clone())))
        })
        .collect();
    RULE.answer(context, &all)
}

fn range(xml: &mut Xml, peer: &Peer) {
    match peer {
        Peer::Cidr(cidr) => xml.text("cidrIpv4", cidr),
        Peer::Cidr6(text) => xml.text("cidrIpv6", text),
        Peer::PrefixList(id) => xml.text("prefixListId", id),
        Peer::Group(id) => xml.text("referencedGroupId", id),
    };
}
