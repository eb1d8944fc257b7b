//! Internet gateways.

use super::describe::{Describe, RESULTS, done, one, tag_set};
use super::lookup::{Kind, find, find_any};
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::Tags;
use crate::world::edge::EdgeSort;
use crate::world::network::Gateway;

/// `CreateInternetGateway`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let tags = given_tags(context, Kind::Gateway)?;
    let id = context.world.new_id("igw");
    let gateway = Gateway {
        vpc: None,
        tags,
        visible_at: context.visible_at(&id),
    };
    let mut xml = Xml::new();
    xml.node("internetGateway", |xml| {
        describe_one(xml, context, &id, &gateway)
    });
    context.here_mut().gateways.insert(id, gateway);
    Ok(xml.finish())
}

/// `AttachInternetGateway`: one gateway per VPC, one VPC per gateway.
pub(crate) fn attach(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("InternetGatewayId")?.to_owned();
    let vpc = context.given_vpc()?.0.to_owned();
    let gateway = find(&context.here().gateways, Kind::Gateway, &id, context.now)?;
    if let Some(held) = &gateway.vpc {
        return Err(ApiError::new(
            "Resource.AlreadyAssociated",
            format!("resource {id} is already attached to network {held}"),
        ));
    }
    if context
        .here()
        .gateways
        .values()
        .any(|one| one.vpc.as_deref() == Some(vpc.as_str()))
    {
        return Err(ApiError::value(format!(
            "Network {vpc} already has an internet gateway attached"
        )));
    }
    if let Some(gateway) = context.here_mut().gateways.get_mut(&id) {
        gateway.vpc = Some(vpc);
    }
    done()
}

/// `DetachInternetGateway`.
pub(crate) fn detach(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("InternetGatewayId")?.to_owned();
    let vpc = context.params.need("VpcId")?.to_owned();
    let gateway = find_any(&context.here().gateways, Kind::Gateway, &id)?;
    if gateway.vpc.as_deref() != Some(vpc.as_str()) {
        return Err(ApiError::new(
            "Gateway.NotAttached",
            format!("resource {id} is not attached to network {vpc}"),
        ));
    }
    let mapped = context.here().edges.values().any(|edge| {
        let public = matches!(
            edge.sort,
            EdgeSort::Nat {
                allocation: Some(_)
            }
        );
        public && edge.holds(&vpc)
    });
    if mapped {
        return Err(ApiError::dependency(format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        )));
    }
    if let Some(gateway) = context.here_mut().gateways.get_mut(&id) {
        gateway.vpc = None;
    }
    done()
}

/// `DeleteInternetGateway`.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("InternetGatewayId")?.to_owned();
    if find_any(&context.here().gateways, Kind::Gateway, &id)?
        .vpc
        .is_some()
    {
        return Err(ApiError::dependency(format!(
            "The internetGateway '{id}' has dependencies and cannot be deleted."
        )));
    }
    context.here_mut().gateways.remove(&id);
    done()
}

/// `DescribeInternetGateways`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let account = context.world.account_id.clone();
    let (gateways, next) = Describe {
        kind: Kind::Gateway,
        ids: "InternetGatewayId",
        results: RESULTS,
        filters: &[
            "attachment.state",
            "attachment.vpc-id",
            "internet-gateway-id",
            "owner-id",
        ],
        values: &|name, id, gateway: &Gateway| match name {
            "attachment.state" if gateway.vpc.is_some() => one("available"),
            "attachment.vpc-id" => gateway.vpc.clone().into_iter().collect(),
            "internet-gateway-id" => one(id),
            "owner-id" => one(&account),
            _ => Vec::new(),
        },
        tags: &|gateway: &Gateway| -> &Tags { &gateway.tags },
    }
    .select(
        context,
        context
            .here()
            .gateways
            .iter()
            .map(|(id, one)| (id.as_str(), one)),
    )?;
    let mut xml = Xml::new();
    xml.list(
        "internetGatewaySet",
        "item",
        gateways,
        |xml, (id, gateway)| {
            describe_one(xml, context, id, gateway);
        },
    )
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, gateway: &Gateway) {
    xml.text("internetGatewayId", id)
        .text("ownerId", &context.world.account_id)
        .list("attachmentSet", "item", &gateway.vpc, |xml, vpc| {
            xml.text("vpcId", vpc).text("state", "available");
        });
    tag_set(xml, &gateway.tags);
}
