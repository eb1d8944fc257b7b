//! Which route table a subnet uses.

use super::*;
use crate::world::network::Association;

/// `AssociateRouteTable`. The same association again gives the same id.
pub(crate) fn associate(context: &mut Context<'_>) -> ApiResult<String> {
    let table_id = context.params.need("RouteTableId")?.to_owned();
    let subnet_id = context.params.need("SubnetId")?.to_owned();
    let table = context.route_table(&table_id)?;
    let subnet = context.subnet(&subnet_id)?;
    if table.vpc != subnet.vpc {
        refuse!("InvalidParameterValue":
            "Route table {table_id} and subnet {subnet_id} belong to different networks");
    }
    let held = context.here().route_tables.iter().find_map(|(id, table)| {
        let same = |one: &&Association| one.subnet.as_deref() == Some(subnet_id.as_str());
        Some((id.clone(), table.associations.iter().find(same)?.id.clone()))
    });
    let id = match held {
        Some((holder, id)) if holder == table_id => id,
        Some((_, id)) => refuse!("Resource.AlreadyAssociated":
            "the specified association for route table {table_id} conflicts with an existing association {id}"),
        None => add(context, &table_id, Some(subnet_id)),
    };
    Ok(answer("associationId", &id))
}

fn add(context: &mut Context<'_>, table: &str, subnet: Option<String>) -> String {
    let id = context.world.new_id("rtbassoc");
    if let Some(table) = context.here_mut().route_tables.get_mut(table) {
        table.associations.push(Association {
            id: id.clone(),
            subnet,
        });
    }
    id
}

fn answer(name: &str, id: &str) -> String {
    let mut xml = Xml::new();
    xml.text(name, id).node("associationState", |xml| {
        xml.text("state", "associated");
    });
    xml.finish()
}

fn holder(context: &Context<'_>, association: &str) -> ApiResult<(String, Option<String>)> {
    context
        .here()
        .route_tables
        .iter()
        .find_map(|(id, table)| {
            let found = table
                .associations
                .iter()
                .find(|one| one.id == association)?;
            Some((id.clone(), found.subnet.clone()))
        })
        .ok_or_else(|| {
            refusal!("InvalidAssociationID.NotFound":
                "The association ID '{association}' does not exist")
        })
}

fn remove(context: &mut Context<'_>, table: &str, association: &str) {
    if let Some(table) = context.here_mut().route_tables.get_mut(table) {
        table.associations.retain(|one| one.id != association);
    }
}

/// `DisassociateRouteTable`. The main association can only be replaced.
pub(crate) fn disassociate(context: &mut Context<'_>) -> ApiResult<String> {
    let association = context.params.need("AssociationId")?.to_owned();
    let (table, subnet) = holder(context, &association)?;
    if subnet.is_none() {
        refuse!("InvalidParameterValue":
            "cannot disassociate the main route table association {association}");
    }
    remove(context, &table, &association);
    done()
}

/// `ReplaceRouteTableAssociation`: gives a subnet, or the VPC itself, another table.
pub(crate) fn replace(context: &mut Context<'_>) -> ApiResult<String> {
    let association = context.params.need("AssociationId")?.to_owned();
    let new_table = context.params.need("RouteTableId")?.to_owned();
    let (old_table, subnet) = holder(context, &association)?;
    let vpc = context.route_table(&new_table)?.vpc.clone();
    let old = find_any(&context.here().route_tables, Kind::RouteTable, &old_table)?;
    if old.vpc != vpc {
        refuse!("InvalidParameterValue":
            "Route tables {old_table} and {new_table} belong to different networks");
    }
    remove(context, &old_table, &association);
    let id = add(context, &new_table, subnet);
    Ok(answer("newAssociationId", &id))
}
