//! Egress-only internet gateways: they are there at once, and gone at once.

use super::*;

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let vpc = context.given_vpc()?.0.to_owned();
    let tags = given_tags(context, Kind::EgressOnly)?;
    let new = Edge::new(EdgeSort::EgressOnly, Some(vpc), tags, context.now);
    let id = edge::insert(context, Kind::EgressOnly, new);
    EGRESS_ONLY.of(context, &id)
}

/// `DeleteEgressOnlyInternetGateway`. Its routes stay, as blackholes.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let id = context
        .params
        .need("EgressOnlyInternetGatewayId")?
        .to_owned();
    edge::any(context, Kind::EgressOnly, &id)?;
    let now = context.now;
    context.here_mut().delete_edge(now, &id);
    let mut xml = Xml::new();
    xml.text("returnCode", true);
    Ok(xml.finish())
}

/// It has no filters but those for tags.
pub(crate) static EGRESS_ONLY: Description<Edge> = Description {
    kind: Kind::EgressOnly,
    ids: "EgressOnlyInternetGatewayId",
    elements: ("egressOnlyInternetGatewaySet", "egressOnlyInternetGateway"),
    results: (5, 255),
    fields: fields! { v:
        "egressOnlyInternetGatewayId" [] v.id;
        "attachmentSet" [] inside(|xml| if let Some(vpc) = &v.vpc {
            xml.node("item", |xml| {
                xml.text("state", "attached").text("vpcId", vpc);
            });
        });
    },
};
