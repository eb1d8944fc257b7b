//! NAT gateways.

use super::*;
use crate::ec2::interface::{check_room, own_address};
use crate::ec2::lookup::is_id;

/// `CreateNatGateway`. A public one without an internet gateway ends as `failed`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let public = match params.get("ConnectivityType").unwrap_or("public") {
        "public" => true,
        "private" => false,
        other => refuse!("InvalidParameterValue":
            "Value ({other}) for parameter connectivityType is invalid."),
    };
    if params
        .get("AvailabilityMode")
        .is_some_and(|mode| mode != "zonal")
    {
        refuse!("InvalidParameterValue": "Regional NAT gateways are not simulated");
    }
    let subnet_id = params.need("SubnetId")?.to_owned();
    let subnet = context.subnet(&subnet_id)?;
    let (vpc, zone) = (subnet.vpc.clone(), subnet.zone.clone());
    let allocation = allocation(context, public)?;
    check_room(context.here(), &subnet_id, 1)?;
    let address = match params.get("PrivateIpAddress") {
        None => None,
        Some(text) => Some(own_address(context, &subnet_id, text)?),
    };
    let tags = given_tags(context, Kind::Nat)?;
    let same_zone = edge::all(context, Kind::Nat).filter(|(_, one)| {
        let subnets = one.subnets.iter();
        let mut zones = subnets.filter_map(|id| Some(&context.here().subnets.get(id)?.zone));
        one.state.holds() && zones.any(|one| *one == zone)
    });
    edge::check_quota(
        same_zone.count(),
        context.quotas.nat_gateways,
        "NatGatewayLimitExceeded",
    )?;
    let sort = EdgeSort::Nat { allocation };
    let new = Edge::new(sort, Some(vpc), tags, context.now);
    let id = edge::insert(context, Kind::Nat, new);
    let what = "Interface for NAT Gateway";
    edge::place(context, &id, &[subnet_id], &[], address, what);
    NAT.of(context, &id)
}

/// The allocation of the Elastic IP address that a public one needs, and a private one can't have.
fn allocation(context: &Context<'_>, public: bool) -> ApiResult<Option<String>> {
    let given = context.params.get("AllocationId");
    let Some(id) = given else {
        return if public {
            Err(ApiError::missing("AllocationId"))
        } else {
            Ok(None)
        };
    };
    if !public {
        refuse!("InvalidParameterCombination":
            "AllocationId cannot be specified for a private NAT gateway");
    }
    if !is_id("eipalloc", id) {
        refuse!("InvalidElasticIpID.Malformed": "The elastic-ip ID '{id}' is malformed");
    }
    let used = edge::all(context, Kind::Nat).any(|(_, one)| {
        let same = EdgeSort::Nat {
            allocation: Some(id.to_owned()),
        };
        one.state.holds() && one.sort == same
    });
    if used {
        refuse!("Resource.AlreadyAssociated": "Elastic IP address [{id}] is already associated");
    }
    Ok(Some(id.to_owned()))
}

/// `DeleteNatGateway`. Its routes stay, as blackholes.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = edge::delete(context, Kind::Nat, "NatGatewayId")?;
    let mut xml = Xml::new();
    xml.text("natGatewayId", &id);
    Ok(xml.finish())
}

pub(crate) static NAT: Description<Edge> = Description {
    kind: Kind::Nat,
    ids: "NatGatewayId",
    elements: ("natGatewaySet", "natGateway"),
    results: RESULTS,
    fields: fields! { v:
        "natGatewayId" ["nat-gateway-id"] v.id;
        "subnetId" [] v.subnets.first();
        ["subnet-id"] Each(&v.subnets);
        "vpcId" ["vpc-id"] v.vpc.as_ref();
        "state" ["state"] v.state.name();
        "createTime" [] iso(v.created_at);
        "deleteTime" [] v.deleted_at.map(iso);
        "connectivityType" [] if allocation_of(v.one).is_some() { "public" } else { "private" };
        "failureCode" [] failed(v.one).map(|_| "Gateway.NotAttached");
        "failureMessage" []
            failed(v.one).map(|vpc| format!("Network {vpc} has no Internet gateway attached"));
        "natGatewayAddressSet" [] inside(|xml| for id in &v.interfaces {
            let Some(interface) = v.here().interfaces.get(id) else { continue };
            xml.node("item", |xml| {
                xml.text("networkInterfaceId", id)
                    .text("privateIp", &interface.address)
                    .maybe("allocationId", allocation_of(v.one))
                    .text("isPrimary", true)
                    .text("status", "succeeded");
            });
        });
    },
};

fn allocation_of(edge: &Edge) -> Option<&String> {
    match &edge.sort {
        EdgeSort::Nat { allocation } => allocation.as_ref(),
        _ => None,
    }
}

/// The VPC of one that has failed.
fn failed(edge: &Edge) -> Option<&str> {
    let failed = edge.state == EdgeState::Failed;
    failed.then(|| edge.vpc.as_deref().unwrap_or_default())
}
