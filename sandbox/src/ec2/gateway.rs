//! Internet gateways.

use super::*;
use crate::world::network::Gateway;

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let tags = given_tags(context, Kind::Gateway)?;
    let id = context.world.new_id("igw");
    let gateway = Gateway {
        vpc: None,
        tags,
        visible_at: context.visible_at(&id),
    };
    let body = GATEWAY.single(context, &id, &gateway);
    context.here_mut().gateways.insert(id, gateway);
    Ok(body)
}

/// `AttachInternetGateway`: one gateway per VPC, one VPC per gateway.
pub(crate) fn attach(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("InternetGatewayId")?.to_owned();
    let vpc = context.given_vpc()?.0.to_owned();
    let gateway = find(&context.here().gateways, Kind::Gateway, &id, context.now)?;
    if let Some(held) = &gateway.vpc {
        refuse!("Resource.AlreadyAssociated":
            "resource {id} is already attached to network {held}");
    }
    let mut all = context.here().gateways.values();
    if all.any(|one| one.vpc.as_ref() == Some(&vpc)) {
        refuse!("InvalidParameterValue": "Network {vpc} already has an internet gateway attached");
    }
    if let Some(gateway) = context.here_mut().gateways.get_mut(&id) {
        gateway.vpc = Some(vpc);
    }
    done()
}

pub(crate) fn detach(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("InternetGatewayId")?.to_owned();
    let vpc = context.params.need("VpcId")?.to_owned();
    let gateway = find_any(&context.here().gateways, Kind::Gateway, &id)?;
    if gateway.vpc.as_deref() != Some(vpc.as_str()) {
        refuse!("Gateway.NotAttached": "resource {id} is not attached to network {vpc}");
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
        refuse!("DependencyViolation":
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.");
    }
    if let Some(gateway) = context.here_mut().gateways.get_mut(&id) {
        gateway.vpc = None;
    }
    done()
}

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("InternetGatewayId")?.to_owned();
    if find_any(&context.here().gateways, Kind::Gateway, &id)?
        .vpc
        .is_some()
    {
        refuse!("DependencyViolation":
            "The internetGateway '{id}' has dependencies and cannot be deleted.");
    }
    context.here_mut().gateways.remove(&id);
    done()
}

pub(crate) static GATEWAY: Description<Gateway> = Description {
    kind: Kind::Gateway,
    ids: "InternetGatewayId",
    elements: ("internetGatewaySet", "internetGateway"),
    results: RESULTS,
    fields: fields! { v:
        "internetGatewayId" ["internet-gateway-id"] v.id;
        "ownerId" ["owner-id"] v.account();
        "attachmentSet" [] inside(|xml| if let Some(vpc) = &v.vpc {
            xml.node("item", |xml| {
                xml.text("vpcId", vpc).text("state", "available");
            });
        });
        ["attachment.state"] v.vpc.as_ref().map(|_| "available");
        ["attachment.vpc-id"] v.vpc.as_ref();
    },
};
