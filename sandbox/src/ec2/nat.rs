//! NAT gateways.

use super::describe::{Describe, RESULTS, one, tag_set};
use super::edge;
use super::interface::{check_room, own_address};
use super::lookup::{Kind, is_id};
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::timestamp::iso;
use crate::wire::xml::Xml;
use crate::world::edge::{Edge, EdgeSort, EdgeState};

/// `CreateNatGateway`. A public one without an internet gateway ends as `failed`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let public = match params.get("ConnectivityType").unwrap_or("public") {
        "public" => true,
        "private" => false,
        other => {
            return Err(ApiError::value(format!(
                "Value ({other}) for parameter connectivityType is invalid."
            )));
        }
    };
    if params
        .get("AvailabilityMode")
        .is_some_and(|mode| mode != "zonal")
    {
        return Err(ApiError::value("Regional NAT gateways are not simulated"));
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
    let mut xml = Xml::new();
    xml.node("natGateway", |xml| {
        describe_one(xml, context, &id, &context.here().edges[&id]);
    });
    Ok(xml.finish())
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
        return Err(ApiError::combination(
            "AllocationId cannot be specified for a private NAT gateway",
        ));
    }
    if !is_id("eipalloc", id) {
        return Err(ApiError::new(
            "InvalidElasticIpID.Malformed",
            format!("The elastic-ip ID '{id}' is malformed"),
        ));
    }
    let used = edge::all(context, Kind::Nat).any(|(_, one)| {
        let same = EdgeSort::Nat {
            allocation: Some(id.to_owned()),
        };
        one.state.holds() && one.sort == same
    });
    if used {
        return Err(ApiError::new(
            "Resource.AlreadyAssociated",
            format!("Elastic IP address [{id}] is already associated"),
        ));
    }
    Ok(Some(id.to_owned()))
}

/// `DeleteNatGateway`. Its routes stay, as blackholes.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context.params.need("NatGatewayId")?.to_owned();
    let state = edge::any(context, Kind::Nat, &id)?.state;
    let now = context.now;
    match state {
        EdgeState::Deleted => return Err(Kind::Nat.not_found(&id)),
        EdgeState::Deleting => {}
        _ => context.here_mut().delete_edge(now, &id),
    }
    let mut xml = Xml::new();
    xml.text("natGatewayId", &id);
    Ok(xml.finish())
}

/// `DescribeNatGateways`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let (gateways, next) = Describe {
        kind: Kind::Nat,
        ids: "NatGatewayId",
        results: RESULTS,
        filters: &["nat-gateway-id", "state", "subnet-id", "vpc-id"],
        values: &|name, id, edge: &Edge| match name {
            "nat-gateway-id" => one(id),
            "state" => one(edge.state.name()),
            "subnet-id" => edge.subnets.clone(),
            "vpc-id" => edge.vpc.clone().into_iter().collect(),
            _ => Vec::new(),
        },
        tags: &|edge| &edge.tags,
    }
    .select(context, edge::all(context, Kind::Nat))?;
    let mut xml = Xml::new();
    xml.list("natGatewaySet", "item", gateways, |xml, (id, edge)| {
        describe_one(xml, context, id, edge);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, edge: &Edge) {
    let EdgeSort::Nat { allocation } = &edge.sort else {
        return;
    };
    let kind = if allocation.is_some() {
        "public"
    } else {
        "private"
    };
    xml.text("natGatewayId", id)
        .maybe("subnetId", edge.subnets.first())
        .maybe("vpcId", edge.vpc.as_ref())
        .text("state", edge.state.name())
        .text("createTime", iso(edge.created_at))
        .maybe("deleteTime", edge.deleted_at.map(iso))
        .text("connectivityType", kind);
    if edge.state == EdgeState::Failed {
        let vpc = edge.vpc.as_deref().unwrap_or_default();
        let message = format!("Network {vpc} has no Internet gateway attached");
        xml.text("failureCode", "Gateway.NotAttached")
            .text("failureMessage", message);
    }
    let held =
        (edge.interfaces.iter()).filter_map(|id| Some((id, context.here().interfaces.get(id)?)));
    xml.list(
        "natGatewayAddressSet",
        "item",
        held,
        |xml, (id, interface)| {
            xml.text("networkInterfaceId", id)
                .text("privateIp", &interface.address)
                .maybe("allocationId", allocation.as_ref())
                .text("isPrimary", true)
                .text("status", "succeeded");
        },
    );
    tag_set(xml, &edge.tags);
}
