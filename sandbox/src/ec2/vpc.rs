//! VPCs.

use super::describe::{Describe, RESULTS, done, one, pending_until, tag_set};
use super::lookup::{Kind, find, find_any};
use super::tags::given_tags;
use super::{acl, block};
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::cidr;
use crate::world::network::{Association, Peer, Permission, RouteTable, Rule, SecurityGroup, Vpc};
use crate::world::{Region, Tags, timing};
use ipnet::Ipv4Net;

/// `CreateVpc`: with main route table and default security group.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let cidr = given_range(context)?;
    if !(16..=28).contains(&cidr.prefix_len()) {
        return Err(ApiError::new(
            "InvalidVpc.Range",
            format!("The CIDR '{cidr}' is invalid."),
        ));
    }
    let tenancy = context
        .params
        .get("InstanceTenancy")
        .unwrap_or("default")
        .to_owned();
    if !matches!(tenancy.as_str(), "default" | "dedicated" | "host") {
        return Err(ApiError::value(format!(
            "Value ({tenancy}) for parameter instanceTenancy is invalid."
        )));
    }
    let v6 = context.params.flag("AmazonProvidedIpv6CidrBlock")? == Some(true);
    let tags = given_tags(context, Kind::Vpc)?;
    if context.here().vpcs.len() >= context.quotas.vpcs {
        return Err(ApiError::new(
            "VpcLimitExceeded",
            "The maximum number of VPCs has been reached.",
        ));
    }
    let id = context.world.new_id("vpc");
    let visible_at = context.visible_at(&id);
    let v6 = match v6 {
        true => vec![block::amazon(context)],
        false => Vec::new(),
    };
    let vpc = Vpc {
        cidr,
        more: Vec::new(),
        v6,
        tags,
        tenancy,
        dns_support: true,
        dns_hostnames: false,
        address_metrics: false,
        acl_tags: Tags::new(),
        available_at: context.now + timing::NETWORK_PENDING,
        visible_at,
    };
    let mut xml = Xml::new();
    xml.node("vpc", |xml| describe_one(xml, context, &id, &vpc));
    context.here_mut().vpcs.insert(id.clone(), vpc);
    add_main_route_table(context, &id, visible_at);
    add_default_group(context, &id, visible_at);
    Ok(xml.finish())
}

fn add_main_route_table(context: &mut Context<'_>, vpc: &str, visible_at: u64) {
    let id = context.world.new_id("rtb");
    let association = Association {
        id: context.world.new_id("rtbassoc"),
        subnet: None,
    };
    let table = RouteTable {
        vpc: vpc.to_owned(),
        tags: Tags::new(),
        routes: Vec::new(),
        associations: vec![association],
        visible_at,
    };
    context.here_mut().route_tables.insert(id, table);
}

fn add_default_group(context: &mut Context<'_>, vpc: &str, visible_at: u64) {
    let id = context.world.new_id("sg");
    let mut rules = vec![all_egress(context, visible_at)];
    rules.push(Rule {
        id: context.world.new_id("sgr"),
        egress: false,
        permission: everything(Peer::Group(id.clone())),
        description: None,
        tags: Tags::new(),
        visible_at,
    });
    let group = SecurityGroup {
        vpc: vpc.to_owned(),
        name: "default".into(),
        description: "default VPC security group".into(),
        tags: Tags::new(),
        rules,
        visible_at,
    };
    context.here_mut().groups.insert(id, group);
}

/// The rule that every new group has: all traffic may leave.
pub(crate) fn all_egress(context: &mut Context<'_>, visible_at: u64) -> Rule {
    let anywhere = Ipv4Net::default();
    Rule {
        id: context.world.new_id("sgr"),
        egress: true,
        permission: everything(Peer::Cidr(anywhere)),
        description: None,
        tags: Tags::new(),
        visible_at,
    }
}

fn everything(peer: Peer) -> Permission {
    Permission {
        protocol: "-1".into(),
        from: None,
        to: None,
        peer,
    }
}

/// The range in the parameter `CidrBlock`.
pub(crate) fn given_range(context: &Context<'_>) -> ApiResult<Ipv4Net> {
    let text = context.params.need("CidrBlock")?;
    cidr::v4(text).ok_or_else(|| {
        ApiError::value(format!(
            "Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        ))
    })
}

/// `DescribeVpcs`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let now = context.now;
    let (vpcs, next) = Describe {
        kind: Kind::Vpc,
        ids: "VpcId",
        results: RESULTS,
        filters: &[
            "cidr",
            "cidr-block",
            "cidrBlock",
            "cidr-block-association.association-id",
            "cidr-block-association.cidr-block",
            "cidr-block-association.state",
            "dhcp-options-id",
            "ipv6-cidr-block-association.association-id",
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "ipv6-cidr-block-association.state",
            "is-default",
            "isDefault",
            "owner-id",
            "state",
            "vpc-id",
        ],
        values: &|name, id, vpc: &Vpc| match name {
            "cidr" | "cidr-block" | "cidrBlock" => one(vpc.cidr),
            "cidr-block-association.association-id" => (vpc.more.iter())
                .map(|one| one.association.clone())
                .chain([block::first_association(id)])
                .collect(),
            "cidr-block-association.cidr-block" => {
                vpc.ranges().iter().map(ToString::to_string).collect()
            }
            "cidr-block-association.state" => one("associated"),
            "ipv6-cidr-block-association.association-id" => {
                vpc.v6.iter().map(|one| one.association.clone()).collect()
            }
            "ipv6-cidr-block-association.ipv6-cidr-block" => {
                vpc.v6.iter().map(|one| one.range.to_string()).collect()
            }
            "ipv6-cidr-block-association.state" if !vpc.v6.is_empty() => one("associated"),
            "dhcp-options-id" => one("default"),
            "is-default" | "isDefault" => one(false),
            "owner-id" => one(&account),
            "state" => one(pending_until(vpc.available_at, now)),
            "vpc-id" => one(id),
            _ => Vec::new(),
        },
        tags: &|vpc| &vpc.tags,
    }
    .select(
        context,
        context
            .here()
            .vpcs
            .iter()
            .map(|(id, vpc)| (id.as_str(), vpc)),
    )?;
    let mut xml = Xml::new();
    xml.list("vpcSet", "item", vpcs, |xml, (id, vpc)| {
        describe_one(xml, context, id, vpc)
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, vpc: &Vpc) {
    xml.text("vpcId", id)
        .text("ownerId", &context.world.account_id)
        .text("state", pending_until(vpc.available_at, context.now))
        .text("cidrBlock", vpc.cidr);
    block::describe_all(xml, context, id, vpc);
    xml.text("dhcpOptionsId", "default")
        .text("instanceTenancy", &vpc.tenancy)
        .text("isDefault", false);
    tag_set(xml, &vpc.tags);
}

/// `DeleteVpc`. What AWS made with the VPC goes with it.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("VpcId")?.to_owned();
    find_any(&context.here().vpcs, Kind::Vpc, &id)?;
    let peered = context
        .world
        .peerings
        .values()
        .any(|peering| peering.status.holds_vpcs() && peering.touches(context.region, &id));
    if peered || is_used(context.here(), &id) {
        return Err(ApiError::dependency(format!(
            "The vpc '{id}' has dependencies and cannot be deleted."
        )));
    }
    let here = context.here_mut();
    here.vpcs.remove(&id);
    here.route_tables.retain(|_, table| table.vpc != id);
    here.groups.retain(|_, group| group.vpc != id);
    done()
}

fn is_used(region: &Region, vpc: &str) -> bool {
    region.subnets.values().any(|one| one.vpc == vpc)
        || region
            .route_tables
            .values()
            .any(|one| one.vpc == vpc && !one.is_main())
        || region
            .groups
            .values()
            .any(|one| one.vpc == vpc && one.name != "default")
        || region
            .gateways
            .values()
            .any(|one| one.vpc.as_deref() == Some(vpc))
        || region.interfaces.values().any(|one| one.vpc == vpc)
        || region.edges.values().any(|one| one.holds(vpc))
        || acl::has_other(region, vpc)
}

/// `ModifyVpcAttribute`: exactly one attribute a call, as on AWS.
pub(crate) fn modify_attribute(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.given_vpc()?.0.to_owned();
    let support = context.params.flag("EnableDnsSupport.Value")?;
    let hostnames = context.params.flag("EnableDnsHostnames.Value")?;
    let metrics = context
        .params
        .flag("EnableNetworkAddressUsageMetrics.Value")?;
    let given = [support, hostnames, metrics].iter().flatten().count();
    if given != 1 {
        return Err(ApiError::combination(
            "Exactly one attribute must be specified in a ModifyVpcAttribute request",
        ));
    }
    if let Some(vpc) = context.here_mut().vpcs.get_mut(&id) {
        vpc.dns_support = support.unwrap_or(vpc.dns_support);
        vpc.dns_hostnames = hostnames.unwrap_or(vpc.dns_hostnames);
        vpc.address_metrics = metrics.unwrap_or(vpc.address_metrics);
    }
    done()
}

/// `DescribeVpcAttribute`.
pub(crate) fn describe_attribute(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("VpcId")?;
    let vpc = find(&context.here().vpcs, Kind::Vpc, id, context.now)?;
    let attribute = context.params.need("Attribute")?;
    let value = match attribute {
        "enableDnsSupport" => vpc.dns_support,
        "enableDnsHostnames" => vpc.dns_hostnames,
        "enableNetworkAddressUsageMetrics" => vpc.address_metrics,
        _ => {
            return Err(ApiError::value(format!(
                "Value ({attribute}) for parameter attribute is invalid. Unknown attribute."
            )));
        }
    };
    let mut xml = Xml::new();
    xml.text("vpcId", id).node(attribute, |xml| {
        xml.text("value", value);
    });
    Ok(xml.finish())
}
