//! Routes.

use super::*;
use crate::ec2::prefix_list::weight;
use crate::world::network::Route;

/// The destinations of the local routes: the ranges of the VPC.
pub(crate) fn locals(region: &Region, table: &RouteTable) -> Vec<Destination> {
    let Some(vpc) = region.vpcs.get(&table.vpc) else {
        return Vec::new();
    };
    let v6 = vpc.v6.iter().map(|block| Destination::Cidr6(block.range));
    let v4 = vpc.ranges().into_iter().map(Destination::Cidr);
    v4.chain(v6).collect()
}

struct Given {
    table: String,
    destination: Destination,
    target: Target,
}

fn given(context: &Context<'_>, ended: bool) -> ApiResult<Given> {
    let table_id = context.params.need("RouteTableId")?;
    let table = context.route_table(table_id)?;
    let destination = destination(context)?;
    if let Destination::PrefixList(id) = &destination {
        let list = context.here().prefix_lists.get(id);
        if list.is_none_or(|list| context.now < list.visible_at) {
            return Err(Kind::PrefixList.not_found(id));
        }
    }
    let target = route_target::given(context, table_id, &table.vpc, &destination, ended)?;
    for local in locals(context.here(), table) {
        if local != destination && contains(&local, &destination) {
            refuse!("InvalidParameterValue":
                "Route destination {destination} is more specific than the local route {local} and its target is not in the VPC");
        }
    }
    Ok(Given {
        table: table_id.to_owned(),
        destination,
        target,
    })
}

fn contains(outer: &Destination, inner: &Destination) -> bool {
    match (outer, inner) {
        (Destination::Cidr(outer), Destination::Cidr(inner)) => outer.contains(inner),
        (Destination::Cidr6(outer), Destination::Cidr6(inner)) => outer.contains(inner),
        _ => false,
    }
}

/// The parameters that name a destination, as the wire and as messages spell them.
const DESTINATIONS: [(&str, &str); 3] = [
    ("DestinationCidrBlock", "destinationCidrBlock"),
    ("DestinationIpv6CidrBlock", "destinationIpv6CidrBlock"),
    ("DestinationPrefixListId", "destinationPrefixListId"),
];

fn destination(context: &Context<'_>) -> ApiResult<Destination> {
    let mut given = DESTINATIONS
        .iter()
        .filter_map(|(name, spelled)| Some((*name, *spelled, context.params.get(name)?)));
    let Some((name, spelled, text)) = given.next() else {
        return Err(ApiError::missing("DestinationCidrBlock"));
    };
    if given.next().is_some() {
        refuse!("InvalidParameterCombination":
            "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId");
    }
    let parsed = match name {
        "DestinationPrefixListId" => {
            Kind::PrefixList.check_form(text)?;
            Some(Destination::PrefixList(text.to_owned()))
        }
        "DestinationIpv6CidrBlock" => cidr::v6(text).map(Destination::Cidr6),
        _ => cidr::v4(text).map(Destination::Cidr),
    };
    parsed.ok_or_else(|| {
        refusal!("InvalidParameterValue":
            "Value ({text}) for parameter {spelled} is invalid. This is not a valid CIDR block.")
    })
}

fn not_found(table: &str, destination: &Destination) -> ApiError {
    let name = match destination {
        Destination::Cidr(_) => "destination-cidr-block",
        Destination::Cidr6(_) => "destination-ipv6-cidr-block",
        Destination::PrefixList(_) => "destination-prefix-list-id",
    };
    refusal!("InvalidRoute.NotFound": "no route with {name} {destination} in route table {table}")
}

/// Routes of AWS are changed in another way than by calls about routes.
fn check_own(context: &Context<'_>, table_id: &str, verb: &str, to: &Destination) -> ApiResult<()> {
    let table = find_any(&context.here().route_tables, Kind::RouteTable, table_id)?;
    if locals(context.here(), table).contains(to) {
        refuse!("InvalidParameterValue":
            "cannot {verb} local route {to} in route table {table_id}");
    }
    let held = table.routes.iter().find(|route| route.destination == *to);
    match held {
        Some(route) if is_endpoint(route) => Err(refusal!("InvalidParameterValue":
            "cannot {verb} VPC endpoint route {to} in route table {table_id}")),
        Some(_) => Ok(()),
        None => Err(not_found(table_id, to)),
    }
}

/// As how many routes one counts.
fn size(context: &Context<'_>, destination: &Destination) -> usize {
    match destination {
        Destination::PrefixList(id) => weight(context, id),
        _ => 1,
    }
}

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let Given {
        table,
        destination,
        target,
    } = given(context, false)?;
    let quota = context.quotas.routes;
    let held = context.route_table(&table)?;
    let mut taken = locals(context.here(), held);
    taken.extend(held.routes.iter().map(|route| route.destination.clone()));
    if taken.contains(&destination) {
        refuse!("RouteAlreadyExists": "The route identified by {destination} already exists.");
    }
    // Routes of gateway endpoints don't count.
    let counted = (held.routes.iter())
        .filter(|route| !is_endpoint(route))
        .map(|route| size(context, &route.destination));
    if counted.sum::<usize>() + size(context, &destination) > quota {
        refuse!("RouteLimitExceeded":
            "The route table {table} has reached the limit of {quota} routes");
    }
    if let Some(table) = context.here_mut().route_tables.get_mut(&table) {
        table.routes.push(Route {
            destination,
            target,
        });
    }
    done()
}

fn is_endpoint(route: &Route) -> bool {
    matches!(&route.target, Target::Edge(id) if Kind::of_id(id) == Some(Kind::Endpoint))
}

pub(crate) fn replace(context: &mut Context<'_>) -> ApiResult<String> {
    let Given {
        table,
        destination,
        target,
    } = given(context, true)?;
    check_own(context, &table, "replace", &destination)?;
    if let Some(table) = context.here_mut().route_tables.get_mut(&table)
        && let Some(route) = (table.routes.iter_mut()).find(|one| one.destination == destination)
    {
        route.target = target;
    }
    done()
}

pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let table_id = context.params.need("RouteTableId")?.to_owned();
    let destination = destination(context)?;
    check_own(context, &table_id, "remove", &destination)?;
    if let Some(table) = context.here_mut().route_tables.get_mut(&table_id) {
        table
            .routes
            .retain(|route| route.destination != destination);
    }
    done()
}
