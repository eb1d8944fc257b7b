//! Network ACLs. Every VPC has a default one, which exists as long as the VPC and has an id that
//! follows from the VPC's; subnets have it until they are given another.

use super::*;
use crate::ec2::lookup::resources;
use crate::world::network::{Acl, AclLink, Subnet};

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

resources!(View);

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

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::Acl)?;
    let held = context.here().acls.values().filter(|one| one.vpc == vpc);
    // The default one counts.
    if held.count() + 1 >= context.quotas.acls {
        refuse!("NetworkAclLimitExceeded":
            "You have reached the limit on the number of network ACLs in VPC '{vpc}'");
    }
    let id = context.world.new_id("acl");
    let visible_at = context.visible_at(&id);
    let acl = Acl {
        vpc,
        tags,
        visible_at,
    };
    context.here_mut().acls.insert(id.clone(), acl);
    Ok(ACL.single(context, &id, &all(context.here())[&id]))
}

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("NetworkAclId")?.to_owned();
    let views = all(context.here());
    let view = find_any(&views, Kind::Acl, &id)?;
    if view.is_default {
        refuse!("InvalidParameterValue": "cannot delete default network ACL {id}");
    }
    if !view.subnets.is_empty() {
        refuse!("DependencyViolation":
            "The networkAcl '{id}' has dependencies and cannot be deleted.");
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
        refuse!("InvalidAssociationID.NotFound":
            "The association ID '{association}' does not exist");
    };
    if held_vpc != vpc {
        refuse!("InvalidParameterValue":
            "Network ACL {acl} and subnet {subnet} belong to different networks");
    }
    let association = context.world.new_id("aclassoc");
    let mut xml = Xml::new();
    xml.text("newAssociationId", &association);
    if let Some(subnet) = context.here_mut().subnets.get_mut(&subnet) {
        subnet.acl = Some(AclLink { association, acl });
    }
    Ok(xml.finish())
}

static ACL: Description<View> = Description {
    kind: Kind::Acl,
    ids: "NetworkAclId",
    elements: ("networkAclSet", "networkAcl"),
    results: RESULTS,
    fields: fields! { v:
        "networkAclId" ["network-acl-id"] v.id;
        "vpcId" ["vpc-id"] &v.vpc;
        "default" ["default"] v.is_default;
        "ownerId" ["owner-id"] v.account();
        "entrySet" [] inside(|xml| entries(xml, v.is_default));
        "associationSet" [] inside(|xml| for (subnet, association) in &v.subnets {
            xml.node("item", |xml| {
                xml.text("networkAclAssociationId", association)
                    .text("networkAclId", v.id)
                    .text("subnetId", subnet);
            });
        });
        ["association.association-id"] Each(v.subnets.iter().map(|one| &one.1));
        ["association.network-acl-id"] Each(v.subnets.iter().map(|_| v.id));
        ["association.subnet-id"] Each(v.subnets.iter().map(|one| &one.0));
    },
};

/// The default one lets everything through; a new one has only the rule that denies.
fn entries(xml: &mut Xml, is_default: bool) {
    for egress in [true, false] {
        let allow = is_default.then_some((100, "allow"));
        for (number, action) in allow.into_iter().chain([(32767, "deny")]) {
            xml.node("item", |xml| {
                xml.text("ruleNumber", number)
                    .text("protocol", "-1")
                    .text("ruleAction", action)
                    .text("egress", egress)
                    .text("cidrBlock", "0.0.0.0/0");
            });
        }
    }
}

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    ACL.answer(context, &all(context.here()))
}
