//! Network ACLs. Every VPC has a default one, which exists as long as the VPC and has an id that
//! follows from the VPC's; subnets have it until they are given another.

use super::describe::{Describe, RESULTS, done, one, tag_set};
use super::lookup::{Kind, Seen, find, find_any};
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::network::{Acl, AclLink, Subnet};
use crate::world::{Millis, Region, Tags};
use std::collections::BTreeMap;

/// The id of the VPC's default network ACL.
pub(crate) fn default_of(vpc: &str) -> String {
    vpc.replacen("vpc-", "acl-", 1)
}

/// The VPC whose default network ACL would have this id.
pub(crate) fn default_owner(acl: &str) -> Option<String> {
    Some(format!("vpc-{}", acl.strip_prefix("acl-")?))
}

/// The network ACL of a subnet, and the id of their association.
pub(crate) fn link(id: &str, subnet: &Subnet) -> AclLink {
    subnet.acl.clone().unwrap_or_else(|| AclLink {
        association: id.replacen("subnet-", "aclassoc-", 1),
        acl: default_of(&subnet.vpc),
    })
}

/// Whether the VPC has network ACLs besides its default one.
pub(crate) fn has_other(region: &Region, vpc: &str) -> bool {
    region.acls.values().any(|one| one.vpc == vpc)
}

/// A network ACL as reads show it.
struct View {
    vpc: String,
    is_default: bool,
    tags: Tags,
    /// Subnets, with the ids of the associations.
    subnets: Vec<(String, String)>,
    visible_at: Millis,
}

impl Seen for View {
    fn visible_at(&self) -> Millis {
        self.visible_at
    }
}

/// Every network ACL of the region, by id.
fn all(region: &Region) -> BTreeMap<String, View> {
    let made = region.acls.iter().map(|(id, acl)| {
        let Acl {
            vpc,
            tags,
            visible_at,
        } = acl.clone();
        (id.clone(), (vpc, tags, visible_at, false))
    });
    let defaults = region.vpcs.iter().map(|(id, vpc)| {
        let tags = vpc.acl_tags.clone();
        (default_of(id), (id.clone(), tags, vpc.visible_at, true))
    });
    let view = |(id, (vpc, tags, visible_at, is_default))| {
        let view = View {
            vpc,
            is_default,
            tags,
            subnets: Vec::new(),
            visible_at,
        };
        (id, view)
    };
    let mut all: BTreeMap<String, View> = made.chain(defaults).map(view).collect();
    for (id, subnet) in &region.subnets {
        let link = link(id, subnet);
        if let Some(view) = all.get_mut(&link.acl) {
            view.subnets.push((id.clone(), link.association));
        }
    }
    all
}

/// `CreateNetworkAcl`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::Acl)?;
    let held = context.here().acls.values().filter(|one| one.vpc == vpc);
    // The default one counts.
    if held.count() + 1 >= context.quotas.acls {
        return Err(ApiError::new(
            "NetworkAclLimitExceeded",
            format!("You have reached the limit on the number of network ACLs in VPC '{vpc}'"),
        ));
    }
    let id = context.world.new_id("acl");
    let visible_at = context.visible_at(&id);
    let acl = Acl {
        vpc,
        tags,
        visible_at,
    };
    context.here_mut().acls.insert(id.clone(), acl);
    let views = all(context.here());
    let mut xml = Xml::new();
    xml.node("networkAcl", |xml| {
        describe_one(xml, context, &id, &views[&id]);
    });
    Ok(xml.finish())
}

/// `DeleteNetworkAcl`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("NetworkAclId")?.to_owned();
    let views = all(context.here());
    let view = find_any(&views, Kind::Acl, &id)?;
    if view.is_default {
        return Err(ApiError::value(format!(
            "cannot delete default network ACL {id}"
        )));
    }
    if !view.subnets.is_empty() {
        return Err(ApiError::dependency(format!(
            "The networkAcl '{id}' has dependencies and cannot be deleted."
        )));
    }
    context.here_mut().acls.remove(&id);
    done()
}

/// `ReplaceNetworkAclAssociation`: gives the subnet of an association another network ACL.
pub(crate) fn replace_association(context: &mut Context<'_>) -> ApiResult<String> {
    let association = context.params.need("AssociationId")?.to_owned();
    let acl = context.params.need("NetworkAclId")?.to_owned();
    let views = all(context.here());
    let vpc = &find(&views, Kind::Acl, &acl, context.now)?.vpc;
    let held = views.values().find_map(|view| {
        let (subnet, _) = (view.subnets.iter()).find(|(_, one)| *one == association)?;
        Some((subnet.clone(), &view.vpc))
    });
    let Some((subnet, held_vpc)) = held else {
        return Err(ApiError::new(
            "InvalidAssociationID.NotFound",
            format!("The association ID '{association}' does not exist"),
        ));
    };
    if held_vpc != vpc {
        return Err(ApiError::value(format!(
            "Network ACL {acl} and subnet {subnet} belong to different networks"
        )));
    }
    let association = context.world.new_id("aclassoc");
    let mut xml = Xml::new();
    xml.text("newAssociationId", &association);
    if let Some(subnet) = context.here_mut().subnets.get_mut(&subnet) {
        subnet.acl = Some(AclLink { association, acl });
    }
    Ok(xml.finish())
}

/// `DescribeNetworkAcls`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let views = all(context.here());
    let (acls, next) = Describe {
        kind: Kind::Acl,
        ids: "NetworkAclId",
        results: RESULTS,
        filters: &[
            "association.association-id",
            "association.network-acl-id",
            "association.subnet-id",
            "default",
            "network-acl-id",
            "owner-id",
            "vpc-id",
        ],
        values: &|name, id, view: &View| match name {
            "association.association-id" => view.subnets.iter().map(|one| one.1.clone()).collect(),
            "association.network-acl-id" if view.subnets.is_empty() => Vec::new(),
            "association.network-acl-id" | "network-acl-id" => one(id),
            "association.subnet-id" => view.subnets.iter().map(|one| one.0.clone()).collect(),
            "default" => one(view.is_default),
            "owner-id" => one(&account),
            "vpc-id" => one(&view.vpc),
            _ => Vec::new(),
        },
        tags: &|view| &view.tags,
    }
    .select(context, views.iter().map(|(id, view)| (id.as_str(), view)))?;
    let mut xml = Xml::new();
    xml.list("networkAclSet", "item", acls, |xml, (id, view)| {
        describe_one(xml, context, id, view);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, view: &View) {
    // The default one lets everything through; a new one has only the rule that denies.
    let mut entries = Vec::new();
    for egress in [true, false] {
        if view.is_default {
            entries.push((egress, 100, "allow"));
        }
        entries.push((egress, 32767, "deny"));
    }
    xml.text("networkAclId", id)
        .text("vpcId", &view.vpc)
        .text("default", view.is_default)
        .text("ownerId", &context.world.account_id)
        .list(
            "entrySet",
            "item",
            entries,
            |xml, (egress, number, action)| {
                xml.text("ruleNumber", number)
                    .text("protocol", "-1")
                    .text("ruleAction", action)
                    .text("egress", egress)
                    .text("cidrBlock", "0.0.0.0/0");
            },
        )
        .list(
            "associationSet",
            "item",
            &view.subnets,
            |xml, (subnet, association)| {
                xml.text("networkAclAssociationId", association)
                    .text("networkAclId", id)
                    .text("subnetId", subnet);
            },
        );
    tag_set(xml, &view.tags);
}
