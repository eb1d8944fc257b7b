//! Security groups.

use super::*;
use crate::ec2::describe::tag_set;
use crate::ec2::permission::permission_set;
use crate::ec2::reference::is_named;
use crate::ec2::vpc::all_egress;

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let name = context.params.need("GroupName")?.to_owned();
    let description = context.params.need("GroupDescription")?.to_owned();
    check_text("groupName", &name)?;
    check_text("groupDescription", &description)?;
    if name.to_ascii_lowercase().starts_with("sg-") {
        refuse!("InvalidParameterValue":
            "invalid value for parameter groupName: {name}. Group names may not be in the format sg-*.");
    }
    if name == "default" {
        refuse!("InvalidGroup.Reserved": "The security group 'default' is reserved");
    }
    if context.params.get("VpcId").is_none() {
        refuse!("VPCIdNotSpecified": "No default VPC for this user");
    }
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::Group)?;
    // Consistent at once, unlike reads.
    let mut groups = context.here().groups.values();
    if groups.any(|group| group.vpc == vpc && group.name == name) {
        refuse!("InvalidGroup.Duplicate":
            "The security group '{name}' already exists for VPC '{vpc}'");
    }
    let id = context.world.new_id("sg");
    let visible_at = context.visible_at(&id);
    let rules = vec![all_egress(context, visible_at)];
    let mut xml = Xml::new();
    xml.text("groupId", &id)
        .text("securityGroupArn", context.ec2_arn("security-group", &id));
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
    Err(refusal!("InvalidParameterValue":
        "Value ({text}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported, and at most 255 characters are."))
}

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("GroupId")?.to_owned();
    let group = find_any(&context.here().groups, Kind::Group, &id)?;
    if group.name == "default" {
        refuse!("CannotDelete":
            "the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
    }
    if is_used(context.here(), &id) || is_named(context, &id) {
        refuse!("DependencyViolation": "resource {id} has a dependent object");
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

static GROUP: Description<SecurityGroup> = Description {
    kind: Kind::Group,
    ids: "GroupId",
    elements: ("securityGroupInfo", ""),
    results: RESULTS,
    fields: fields! { v:
        "ownerId" ["owner-id"] v.account();
        "groupId" ["group-id"] v.id;
        "groupName" ["group-name"] &v.name;
        "groupDescription" ["description"] &v.description;
        "vpcId" ["vpc-id"] &v.vpc;
        "securityGroupArn" [] v.context.ec2_arn("security-group", v.id);
        "" [] inside(|xml| {
            for (name, egress) in [("ipPermissions", false), ("ipPermissionsEgress", true)] {
                let shown = rules(v, egress).filter(|rule| v.context.now >= rule.visible_at);
                permission_set(xml, name, &shown.collect::<Vec<_>>(), v.context, v.id);
            }
        });
        ["ip-permission.cidr"] Each(rules(v, false).filter_map(cidr));
        ["ip-permission.from-port"] Each(rules(v, false).filter_map(|rule| rule.permission.from));
        ["ip-permission.group-id"] Each(rules(v, false).filter_map(group_id));
        ["ip-permission.ipv6-cidr"] Each(rules(v, false).filter_map(cidr6));
        ["ip-permission.prefix-list-id"] Each(rules(v, false).filter_map(prefix_list));
        ["ip-permission.protocol"] Each(rules(v, false).map(|rule| &rule.permission.protocol));
        ["ip-permission.to-port"] Each(rules(v, false).filter_map(|rule| rule.permission.to));
        ["egress.ip-permission.cidr"] Each(rules(v, true).filter_map(cidr));
        ["egress.ip-permission.from-port"] Each(rules(v, true).filter_map(|rule| rule.permission.from));
        ["egress.ip-permission.group-id"] Each(rules(v, true).filter_map(group_id));
        ["egress.ip-permission.ipv6-cidr"] Each(rules(v, true).filter_map(cidr6));
        ["egress.ip-permission.prefix-list-id"] Each(rules(v, true).filter_map(prefix_list));
        ["egress.ip-permission.protocol"] Each(rules(v, true).map(|rule| &rule.permission.protocol));
        ["egress.ip-permission.to-port"] Each(rules(v, true).filter_map(|rule| rule.permission.to));
    },
};

fn rules(group: &SecurityGroup, egress: bool) -> impl Iterator<Item = &Rule> {
    group.rules.iter().filter(move |rule| rule.egress == egress)
}

macro_rules! of_peer {
    ($($name:ident $peer:ident $kind:ty;)*) => {
        $(fn $name(rule: &Rule) -> Option<$kind> {
            match &rule.permission.peer {
                Peer::$peer(held) => Some(held.clone()),
                _ => None,
            }
        })*
    };
}

of_peer! { cidr Cidr Ipv4Net; cidr6 Cidr6 String; prefix_list PrefixList String; group_id Group String; }

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    if !context.params.list("GroupName").is_empty() {
        refuse!("VPCIdNotSpecified": "No default VPC for this user; use the filter group-name");
    }
    GROUP.answer(context, &context.here().groups)
}
