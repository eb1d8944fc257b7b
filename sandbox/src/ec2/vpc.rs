//! VPCs.

use super::*;
use crate::ec2::describe::pending_until;
use crate::world::network::{Association, Permission, Vpc};

/// `CreateVpc`: with main route table and default security group.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let cidr = given_range(context)?;
    if !(16..=28).contains(&cidr.prefix_len()) {
        refuse!("InvalidVpc.Range": "The CIDR '{cidr}' is invalid.");
    }
    let tenancy = context.params.get("InstanceTenancy");
    let tenancy = tenancy.unwrap_or("default").to_owned();
    if !matches!(tenancy.as_str(), "default" | "dedicated" | "host") {
        refuse!("InvalidParameterValue":
            "Value ({tenancy}) for parameter instanceTenancy is invalid.");
    }
    let v6 = context.params.is_set("AmazonProvidedIpv6CidrBlock")?;
    let tags = given_tags(context, Kind::Vpc)?;
    if context.here().vpcs.len() >= context.quotas.vpcs {
        refuse!("VpcLimitExceeded": "The maximum number of VPCs has been reached.");
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
    let body = VPC.single(context, &id, &vpc);
    context.here_mut().vpcs.insert(id.clone(), vpc);
    add_main_route_table(context, &id, visible_at);
    add_default_group(context, &id, visible_at);
    Ok(body)
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

pub(crate) fn given_range(context: &Context<'_>) -> ApiResult<Ipv4Net> {
    let text = context.params.need("CidrBlock")?;
    cidr::v4(text).ok_or_else(|| {
        refusal!("InvalidParameterValue":
            "Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.")
    })
}

pub(crate) static VPC: Description<Vpc> = Description {
    kind: Kind::Vpc,
    ids: "VpcId",
    elements: ("vpcSet", "vpc"),
    results: RESULTS,
    fields: fields! { v:
        "vpcId" ["vpc-id"] v.id;
        "ownerId" ["owner-id"] v.account();
        "state" ["state"] pending_until(v.available_at, v.context.now);
        "cidrBlock" ["cidr" "cidr-block" "cidrBlock"] v.cidr;
        "" [] inside(|xml| block::describe_all(xml, v.context, v.id, v.one));
        ["cidr-block-association.association-id"] block::first_association(v.id);
        ["cidr-block-association.association-id"] Each(v.more.iter().map(|one| &one.association));
        ["cidr-block-association.cidr-block"] Each(v.ranges());
        ["cidr-block-association.state"] "associated";
        ["ipv6-cidr-block-association.association-id"] Each(v.v6.iter().map(|one| &one.association));
        ["ipv6-cidr-block-association.ipv6-cidr-block"] Each(v.v6.iter().map(|one| one.range));
        ["ipv6-cidr-block-association.state"] Each(v.v6.iter().map(|_| "associated"));
        "dhcpOptionsId" ["dhcp-options-id"] "default";
        "instanceTenancy" [] &v.tenancy;
        "isDefault" ["is-default" "isDefault"] false;
    },
};

/// `DeleteVpc`. What AWS made with the VPC goes with it.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("VpcId")?.to_owned();
    find_any(&context.here().vpcs, Kind::Vpc, &id)?;
    let mut peerings = context.world.peerings.values();
    let peered =
        peerings.any(|peering| peering.status.holds_vpcs() && peering.touches(context.region, &id));
    if peered || is_used(context.here(), &id) {
        refuse!("DependencyViolation": "The vpc '{id}' has dependencies and cannot be deleted.");
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
        refuse!("InvalidParameterCombination":
            "Exactly one attribute must be specified in a ModifyVpcAttribute request");
    }
    if let Some(vpc) = context.here_mut().vpcs.get_mut(&id) {
        vpc.dns_support = support.unwrap_or(vpc.dns_support);
        vpc.dns_hostnames = hostnames.unwrap_or(vpc.dns_hostnames);
        vpc.address_metrics = metrics.unwrap_or(vpc.address_metrics);
    }
    done()
}

pub(crate) fn describe_attribute(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("VpcId")?;
    let vpc = find(&context.here().vpcs, Kind::Vpc, id, context.now)?;
    let attribute = context.params.need("Attribute")?;
    let value = match attribute {
        "enableDnsSupport" => vpc.dns_support,
        "enableDnsHostnames" => vpc.dns_hostnames,
        "enableNetworkAddressUsageMetrics" => vpc.address_metrics,
        _ => refuse!("InvalidParameterValue":
            "Value ({attribute}) for parameter attribute is invalid. Unknown attribute."),
    };
    let mut xml = Xml::new();
    xml.text("vpcId", id).node(attribute, |xml| {
        xml.text("value", value);
    });
    Ok(xml.finish())
}
