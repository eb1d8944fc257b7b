//! VPC endpoints: gateway endpoints have routes, interface endpoints have network interfaces.

use super::*;
use crate::ec2::interface::{given_groups, group_set};
use crate::ec2::prefix_list::{GATEWAY_SERVICES, of_service};
use crate::field::items;
use crate::world::edge::Endpoint;
use crate::world::network::Route;

fn invalid(message: String) -> ApiError {
    ApiError::new("InvalidParameter", message)
}

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let gateway = match context.params.get("VpcEndpointType").unwrap_or("Gateway") {
        "Gateway" => true,
        "Interface" => false,
        other => {
            return Err(invalid(format!(
                "endpoints of type {other} are not simulated"
            )));
        }
    };
    let service = context.params.need("ServiceName")?.to_owned();
    let short = short_name(context, &service)?;
    let tags = given_tags(context, Kind::Endpoint)?;
    if !gateway {
        return create_interface(context, vpc, service, tags);
    }
    if !GATEWAY_SERVICES.contains(&short.as_str()) {
        return Err(invalid(format!(
            "Endpoint type (Gateway) does not match available service types ([Interface]) of {service}"
        )));
    }
    for name in ["SubnetId", "SecurityGroupId"] {
        if !context.params.indices(name).is_empty() {
            return Err(invalid(format!("{name} is not for gateway endpoints")));
        }
    }
    let list = of_service(context.region, &short);
    let tables = given_tables(context, &vpc, &list)?;
    let sort = EdgeSort::Endpoint(Endpoint {
        service,
        gateway,
        tables: tables.clone(),
        groups: Vec::new(),
        private_dns: false,
    });
    let new = Edge::new(sort, Some(vpc), tags, context.now);
    let id = edge::insert(context, Kind::Endpoint, new);
    for table in &tables {
        if let Some(table) = context.here_mut().route_tables.get_mut(table) {
            table.routes.push(Route {
                destination: Destination::PrefixList(list.clone()),
                target: Target::Edge(id.clone()),
            });
        }
    }
    ENDPOINT.of(context, &id)
}

/// The part of a service's name that tells it from others of the region.
fn short_name(context: &Context<'_>, service: &str) -> ApiResult<String> {
    let known = service
        .strip_prefix("com.amazonaws.")
        .and_then(|rest| rest.strip_prefix(context.region))
        .and_then(|rest| rest.strip_prefix('.'))
        .filter(|name| !name.is_empty());
    known.map(str::to_owned).ok_or_else(
        || refusal!("InvalidServiceName": "The Vpc Endpoint Service '{service}' does not exist"),
    )
}

/// The route tables that a gateway endpoint is to have a route in.
fn given_tables(context: &Context<'_>, vpc: &str, list: &str) -> ApiResult<Vec<String>> {
    let mut tables = context.params.list("RouteTableId");
    tables.sort();
    tables.dedup();
    for id in &tables {
        let table = context.route_table(id)?;
        if table.vpc != vpc {
            return Err(invalid(format!(
                "Route table {id} does not belong to network {vpc}"
            )));
        }
        let destination = Destination::PrefixList(list.to_owned());
        if table
            .routes
            .iter()
            .any(|one| one.destination == destination)
        {
            refuse!("RouteAlreadyExists":
                "route table {id} already has a route with destination-prefix-list-id {list}");
        }
    }
    Ok(tables)
}

fn create_interface(
    context: &mut Context<'_>,
    vpc: String,
    service: String,
    tags: crate::world::Tags,
) -> ApiResult<String> {
    if !context.params.indices("RouteTableId").is_empty() {
        return Err(invalid(
            "RouteTableId is not for interface endpoints".into(),
        ));
    }
    let private_dns = context.params.flag("PrivateDnsEnabled")?;
    let has_dns =
        (context.here().vpcs.get(&vpc)).is_some_and(|vpc| vpc.dns_support && vpc.dns_hostnames);
    if private_dns == Some(true) && !has_dns {
        return Err(invalid(format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc}"
        )));
    }
    let subnets = context.params.list("SubnetId");
    edge::check_subnets(context, &vpc, &subnets)?;
    let groups = given_groups(context, &vpc)?;
    let sort = EdgeSort::Endpoint(Endpoint {
        service,
        gateway: false,
        tables: Vec::new(),
        groups: groups.clone(),
        private_dns: private_dns.unwrap_or(has_dns),
    });
    let new = Edge::new(sort, Some(vpc), tags, context.now);
    let id = edge::insert(context, Kind::Endpoint, new);
    let what = "VPC Endpoint Interface";
    edge::place(context, &id, &subnets, &groups, None, what);
    ENDPOINT.of(context, &id)
}

/// `DeleteVpcEndpoints`: says which of them it could not delete, and succeeds all the same.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let ids = context.params.list("VpcEndpointId");
    if ids.is_empty() {
        return Err(ApiError::missing("VpcEndpointId"));
    }
    for id in &ids {
        Kind::Endpoint.check_form(id)?;
    }
    let mut failed = Vec::new();
    for id in ids {
        match edge::any(context, Kind::Endpoint, &id).map(|edge| edge.state) {
            Ok(EdgeState::Deleting) => {}
            Ok(EdgeState::Deleted) => failed.push((Kind::Endpoint.not_found(&id), id)),
            Ok(_) => remove(context, &id),
            Err(error) => failed.push((error, id)),
        }
    }
    let mut xml = Xml::new();
    xml.list("unsuccessful", "item", failed, |xml, (error, id)| {
        xml.node("error", |xml| {
            xml.text("code", error.code).text("message", error.message);
        })
        .text("resourceId", id);
    });
    Ok(xml.finish())
}

fn remove(context: &mut Context<'_>, id: &str) {
    let target = Target::Edge(id.to_owned());
    let now = context.now;
    let here = context.here_mut();
    for table in here.route_tables.values_mut() {
        table.routes.retain(|route| route.target != target);
    }
    here.delete_edge(now, id);
}

pub(crate) static ENDPOINT: Description<Edge> = Description {
    kind: Kind::Endpoint,
    ids: "VpcEndpointId",
    elements: ("vpcEndpointSet", "vpcEndpoint"),
    results: RESULTS,
    fields: fields! { v:
        "vpcEndpointId" ["vpc-endpoint-id"] v.id;
        "vpcEndpointType" ["vpc-endpoint-type"]
            v.endpoint().map(|one| if one.gateway { "Gateway" } else { "Interface" });
        "vpcId" ["vpc-id"] v.vpc.as_ref();
        "serviceName" ["service-name"] v.endpoint().map(|one| &one.service);
        ["service-region"] v.context.region;
        "state" ["vpc-endpoint-state"] v.state.name();
        "routeTableIdSet" [] items("item", v.endpoint().iter().flat_map(|one| &one.tables));
        "subnetIdSet" [] items("item", &v.subnets);
        "ipAddressType" ["ip-address-type"] "ipv4";
        "privateDnsEnabled" [] v.endpoint().map(|one| one.private_dns);
        "requesterManaged" [] false;
        "networkInterfaceIdSet" [] items("item", &v.interfaces);
        "creationTimestamp" [] iso(v.created_at);
        "ownerId" [] v.account();
        "" [] inside(|xml| {
            group_set(xml, v.context, v.endpoint().map_or(&[], |one| &one.groups));
        });
    },
};
