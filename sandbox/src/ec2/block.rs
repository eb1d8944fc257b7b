//! The ranges of a VPC besides its first: secondary IPv4 ranges, and IPv6 ranges of Amazon.

use super::*;
use crate::world::cidr::overlaps;
use crate::world::ids;
use crate::world::network::{Block, Vpc};
use ipnet::Ipv6Net;

/// How many ranges of each family a VPC may have (Amazon VPC User Guide, "Amazon VPC quotas").
const MOST: usize = 5;

/// The private ranges of which a VPC has addresses of one only (Amazon VPC User Guide, "IPv4 CIDR
/// block association restrictions").
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// The id of the association of a VPC with its first range.
pub(crate) fn first_association(vpc: &str) -> String {
    vpc.replacen("vpc-", "vpc-cidr-assoc-", 1)
}

pub(crate) fn associate(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let (vpc_id, vpc) = context.given_vpc()?;
    let vpc_id = vpc_id.to_owned();
    let other = [
        "Ipv6Pool",
        "Ipv6CidrBlock",
        "Ipv4IpamPoolId",
        "Ipv6IpamPoolId",
    ];
    if let Some(name) = other.iter().find(|name| params.has(name)) {
        refuse!("InvalidParameterValue": "{name} is not simulated");
    }
    let v6 = params.is_set("AmazonProvidedIpv6CidrBlock")?;
    let given = params.get("CidrBlock");
    let mut xml = Xml::new();
    match given {
        Some(_) if v6 => refuse!("InvalidParameterCombination":
            "Only one of cidrBlock and amazonProvidedIpv6CidrBlock can be specified"),
        None if v6 => {
            check_count(&vpc_id, vpc.v6.len())?;
            let block = amazon(context);
            xml.node("ipv6CidrBlockAssociation", |xml| {
                describe_v6(xml, context, &block);
            });
            if let Some(vpc) = context.here_mut().vpcs.get_mut(&vpc_id) {
                vpc.v6.push(block);
            }
        }
        _ => {
            let range = super::vpc::given_range(context)?;
            check_range(context, &vpc_id, vpc, range)?;
            check_count(&vpc_id, vpc.ranges().len())?;
            let block = Block {
                association: context.world.new_id("vpc-cidr-assoc"),
                range,
                associated_at: context.now + timing::RANGE_ASSOCIATING,
            };
            xml.node("cidrBlockAssociation", |xml| {
                describe_v4(xml, context, &block);
            });
            if let Some(vpc) = context.here_mut().vpcs.get_mut(&vpc_id) {
                vpc.more.push(block);
            }
        }
    }
    xml.text("vpcId", &vpc_id);
    Ok(xml.finish())
}

/// A new range of Amazon's, different each time.
pub(crate) fn amazon(context: &mut Context<'_>) -> Block<Ipv6Net> {
    let association = context.world.new_id("vpc-cidr-assoc");
    let unique = u128::from(ids::hash(context.world.seed, &association) >> 32);
    Block {
        range: Ipv6Net::new_assert((0x2600_1f00_u128 << 96 | unique << 72).into(), 56),
        association,
        associated_at: context.now + timing::RANGE_ASSOCIATING,
    }
}

fn check_count(vpc: &str, held: usize) -> ApiResult<()> {
    if held < MOST {
        return Ok(());
    }
    Err(refusal!("CidrLimitExceeded":
        "This network '{vpc}' has met its maximum number of allowed CIDRs: {MOST}"))
}

fn check_range(context: &Context<'_>, id: &str, vpc: &Vpc, range: Ipv4Net) -> ApiResult<()> {
    let invalid = |why: &str| Err(refusal!("InvalidVpc.Range": "The CIDR '{range}' {why}"));
    if !(16..=28).contains(&range.prefix_len()) {
        return invalid("is invalid.");
    }
    let private = PRIVATE.iter().filter_map(|text| cidr::v4(text));
    let (own, others): (Vec<Ipv4Net>, Vec<Ipv4Net>) =
        private.partition(|private| private.contains(&vpc.cidr));
    if !own.is_empty() && others.iter().any(|other| overlaps(*other, range)) {
        return invalid(
            "is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a publicly-routable CIDR.",
        );
    }
    if vpc.ranges().iter().any(|held| overlaps(*held, range)) {
        return invalid("conflicts with another CIDR of the VPC.");
    }
    let mut peers = context.world.peerings.values().filter_map(|one| {
        let joined = one.status.is_joined() && one.touches(context.region, id);
        joined.then_some([&one.requester, &one.accepter])
    });
    let overlaps = peers.any(|sides| {
        let mut ranges = sides
            .into_iter()
            .flat_map(|side| context.world.ranges_of(side));
        ranges.any(|held| overlaps(held, range))
    });
    if overlaps {
        return invalid("overlaps with a CIDR of a peered VPC.");
    }
    Ok(())
}

/// `DisassociateVpcCidrBlock`. The range is gone at once.
pub(crate) fn disassociate(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("AssociationId")?.to_owned();
    let holder = context.here().vpcs.iter().find(|(vpc_id, vpc)| {
        first_association(vpc_id) == id
            || vpc.more.iter().any(|one| one.association == id)
            || vpc.v6.iter().any(|one| one.association == id)
    });
    let Some((vpc_id, vpc)) = holder else {
        refuse!("InvalidVpcCidrBlockAssociationID.NotFound":
            "The vpc CIDR block association ID '{id}' does not exist");
    };
    let vpc_id = vpc_id.clone();
    if first_association(&vpc_id) == id {
        refuse!("OperationNotPermitted":
            "The vpc CIDR block with association ID {id} may not be disassociated. It is the primary IPv4 CIDR block of the VPC");
    }
    let mut xml = Xml::new();
    if let Some(block) = vpc.more.iter().find(|one| one.association == id) {
        let mut subnets = context.here().subnets.iter();
        let within = subnets.find(|(_, one)| one.vpc == vpc_id && block.range.contains(&one.cidr));
        if let Some((subnet, _)) = within {
            refuse!("InvalidCidrBlock.InUse":
                "The vpc {vpc_id} currently has the subnet {subnet} within CIDR block {}", block.range);
        }
        xml.node("cidrBlockAssociation", |xml| {
            describe_v4(xml, context, block)
        });
    }
    if let Some(block) = vpc.v6.iter().find(|one| one.association == id) {
        xml.node("ipv6CidrBlockAssociation", |xml| {
            describe_v6(xml, context, block);
        });
    }
    if let Some(vpc) = context.here_mut().vpcs.get_mut(&vpc_id) {
        vpc.more.retain(|one| one.association != id);
        vpc.v6.retain(|one| one.association != id);
    }
    xml.text("vpcId", &vpc_id);
    Ok(xml.finish())
}

pub(crate) fn describe_all(xml: &mut Xml, context: &Context<'_>, id: &str, vpc: &Vpc) {
    let first = Block {
        association: first_association(id),
        range: vpc.cidr,
        associated_at: 0,
    };
    let v4 = [&first].into_iter().chain(&vpc.more);
    xml.list("cidrBlockAssociationSet", "item", v4, |xml, block| {
        describe_v4(xml, context, block);
    });
    if !vpc.v6.is_empty() {
        xml.list(
            "ipv6CidrBlockAssociationSet",
            "item",
            &vpc.v6,
            |xml, block| {
                describe_v6(xml, context, block);
            },
        );
    }
}

fn state<R>(context: &Context<'_>, block: &Block<R>) -> &'static str {
    if context.now < block.associated_at {
        "associating"
    } else {
        "associated"
    }
}

fn describe_v4(xml: &mut Xml, context: &Context<'_>, block: &Block<Ipv4Net>) {
    xml.text("cidrBlock", block.range)
        .text("associationId", &block.association)
        .node("cidrBlockState", |xml| {
            xml.text("state", state(context, block));
        });
}

fn describe_v6(xml: &mut Xml, context: &Context<'_>, block: &Block<Ipv6Net>) {
    xml.text("ipv6CidrBlock", block.range)
        .text("associationId", &block.association)
        .node("ipv6CidrBlockState", |xml| {
            xml.text("state", state(context, block));
        })
        .text("networkBorderGroup", context.region)
        .text("ipv6Pool", "Amazon");
}
