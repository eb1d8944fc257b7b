//! Tags of EC2 resources.

use super::acl;
use super::describe::{RESULTS, checked_filters, done, matches_any, one, page};
use super::lookup::{Kind, Seen};
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::{Millis, Tags};

/// The tags that a create gives to the resource of `kind`.
pub(crate) fn given_tags(context: &Context<'_>, kind: Kind) -> ApiResult<Tags> {
    given_tags_of(context, kind.resource_type(), &[kind.resource_type()])
}

/// The tags for resources of type `wanted` in a create that may tag all of `allowed`.
pub(crate) fn given_tags_of(
    context: &Context<'_>,
    wanted: &str,
    allowed: &[&str],
) -> ApiResult<Tags> {
    let mut all = Tags::new();
    // Calls about attachments of transit gateways have the plural.
    let specifications = ["TagSpecification", "TagSpecifications"]
        .into_iter()
        .flat_map(|name| {
            context
                .params
                .indices(name)
                .into_iter()
                .map(move |i| (name, i))
        });
    for (name, index) in specifications {
        let prefix = format!("{name}.{index}");
        let given = context.params.need(&format!("{prefix}.ResourceType"))?;
        if !allowed.contains(&given) {
            return Err(ApiError::value(format!(
                "'{given}' is not a valid taggable resource type for this operation."
            )));
        }
        let tags = context.params.tags(&format!("{prefix}.Tag"))?;
        if given == wanted {
            all.extend(tags);
        }
    }
    Ok(all)
}

/// The tags of the resource of that id, and from when on reads show it.
fn tags_of<'a>(context: &'a mut Context<'_>, id: &str) -> Option<(Millis, &'a mut Tags)> {
    let kind = Kind::of_id(id)?;
    let region = context.region;
    if kind == Kind::Peering {
        let peering = context.world.peerings.get_mut(id)?;
        let visible = peering.visible_at();
        return Some((visible, &mut peering.side_in_mut(region)?.tags));
    }
    let here = context.here_mut();
    Some(match kind {
        Kind::Vpc => here
            .vpcs
            .get_mut(id)
            .map(|one| (one.visible_at, &mut one.tags))?,
        Kind::Subnet => here
            .subnets
            .get_mut(id)
            .map(|one| (one.visible_at, &mut one.tags))?,
        Kind::RouteTable => here
            .route_tables
            .get_mut(id)
            .map(|one| (one.visible_at, &mut one.tags))?,
        Kind::Group => here
            .groups
            .get_mut(id)
            .map(|one| (one.visible_at, &mut one.tags))?,
        Kind::Rule => here
            .groups
            .values_mut()
            .flat_map(|group| &mut group.rules)
            .find(|rule| rule.id == id)
            .map(|one| (one.visible_at, &mut one.tags))?,
        Kind::Gateway => here
            .gateways
            .get_mut(id)
            .map(|one| (one.visible_at, &mut one.tags))?,
        Kind::Instance => here
            .instances
            .get_mut(id)
            .map(|one| (one.visible_at, &mut one.tags))?,
        Kind::Interface => here.interfaces.get_mut(id).map(|one| (0, &mut one.tags))?,
        Kind::Acl => match acl::default_owner(id) {
            Some(vpc) if here.vpcs.contains_key(&vpc) => here
                .vpcs
                .get_mut(&vpc)
                .map(|vpc| (vpc.visible_at, &mut vpc.acl_tags))?,
            _ => here
                .acls
                .get_mut(id)
                .map(|one| (one.visible_at, &mut one.tags))?,
        },
        Kind::PrefixList => here
            .prefix_lists
            .get_mut(id)
            .map(|one| (one.visible_at, &mut one.tags))?,
        Kind::Nat
        | Kind::Endpoint
        | Kind::EgressOnly
        | Kind::Vpn
        | Kind::Transit
        | Kind::TransitAttachment
        | Kind::Carrier => here
            .edges
            .get_mut(id)
            .map(|one| (one.visible_at, &mut one.tags))?,
        Kind::Peering => return None,
    })
}

fn not_found(id: &str) -> ApiError {
    match Kind::of_id(id) {
        Some(kind) => kind.not_found(id),
        None => ApiError::new("InvalidID", format!("The ID '{id}' is not valid")),
    }
}

/// The resources that a call is about, all of which reads must show.
fn given_resources(context: &mut Context<'_>) -> ApiResult<Vec<String>> {
    let ids = context.params.list("ResourceId");
    if ids.is_empty() {
        return Err(ApiError::missing("resourceIdSet"));
    }
    let now = context.now;
    for id in &ids {
        match tags_of(context, id) {
            Some((visible_at, _)) if now >= visible_at => {}
            _ => return Err(not_found(id)),
        }
    }
    Ok(ids)
}

/// `CreateTags`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let ids = given_resources(context)?;
    let new = context.params.tags("Tag")?;
    if new.is_empty() {
        return Err(ApiError::missing("tagSet"));
    }
    for id in &ids {
        let (_, tags) = tags_of(context, id).ok_or_else(|| not_found(id))?;
        let added = new.keys().filter(|key| !tags.contains_key(*key)).count();
        if tags.len() + added > 50 {
            let message = format!("Resource {id} would have more than 50 tags");
            return Err(ApiError::new("TagLimitExceeded", message));
        }
    }
    for id in &ids {
        if let Some((_, tags)) = tags_of(context, id) {
            tags.extend(new.clone());
        }
    }
    done()
}

/// `DeleteTags`: by key, by key and value, or all of them.
pub(crate) fn delete(context: &mut Context<'_>) -> ApiResult<String> {
    let ids = given_resources(context)?;
    let params = context.params;
    let wanted: Vec<(&str, Option<&String>)> = params
        .indices("Tag")
        .into_iter()
        .filter_map(|index| {
            let key = params.get(&format!("Tag.{index}.Key"))?;
            Some((key, params.0.get(&format!("Tag.{index}.Value"))))
        })
        .collect();
    for id in &ids {
        let Some((_, tags)) = tags_of(context, id) else {
            continue;
        };
        if wanted.is_empty() {
            tags.clear();
        }
        for (key, value) in &wanted {
            if value.is_none_or(|value| tags.get(*key) == Some(value)) {
                tags.remove(*key);
            }
        }
    }
    done()
}

/// Kind and id of a resource, key and value of one of its tags.
type Row<'a> = (Kind, String, &'a str, &'a str);

/// `DescribeTags`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let filters = checked_filters(context, &["key", "resource-id", "resource-type", "value"])?;
    let mut all: Vec<(String, Row<'_>)> = Vec::new();
    for (kind, id, tags) in every(context) {
        for (key, value) in tags {
            let values = |name: &str| match name {
                "key" => one(key),
                "resource-id" => one(&id),
                "resource-type" => one(kind.resource_type()),
                "value" => one(value),
                name if name.strip_prefix("tag:") == Some(key) => one(value),
                _ => Vec::new(),
            };
            if filters
                .iter()
                .all(|filter| matches_any(filter, &values(&filter.name)))
            {
                all.push((format!("{id} {key}"), (kind, id.clone(), key, value)));
            }
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let keyed = all.iter().map(|(key, row)| (key.as_str(), row)).collect();
    let (rows, next) = page(context, keyed, true, "resourceId", RESULTS)?;
    let mut xml = Xml::new();
    xml.list(
        "tagSet",
        "item",
        rows,
        |xml, (_, (kind, id, key, value))| {
            xml.text("resourceId", id)
                .text("resourceType", kind.resource_type())
                .text("key", key)
                .text("value", value);
        },
    )
    .maybe("nextToken", next);
    Ok(xml.finish())
}

/// Every resource that reads show, with its tags.
fn every<'a>(context: &'a Context<'_>) -> Vec<(Kind, String, &'a Tags)> {
    let here = context.here();
    let now = context.now;
    let mut all: Vec<(Kind, String, &Tags)> = Vec::new();
    macro_rules! add {
        ($kind:expr, $map:expr) => {
            all.extend(
                $map.filter(|(_, one)| now >= one.visible_at())
                    .map(|(id, one)| ($kind, id.clone(), &one.tags)),
            )
        };
    }
    add!(Kind::Vpc, here.vpcs.iter());
    add!(Kind::Subnet, here.subnets.iter());
    add!(Kind::RouteTable, here.route_tables.iter());
    add!(Kind::Group, here.groups.iter());
    add!(
        Kind::Rule,
        here.groups
            .values()
            .flat_map(|g| &g.rules)
            .map(|rule| (&rule.id, rule))
    );
    add!(Kind::Gateway, here.gateways.iter());
    add!(Kind::Instance, here.instances.iter());
    add!(Kind::Interface, here.interfaces.iter());
    add!(Kind::PrefixList, here.prefix_lists.iter());
    add!(Kind::Acl, here.acls.iter());
    all.extend(
        (here.vpcs.iter())
            .filter(|(_, vpc)| now >= vpc.visible_at)
            .map(|(id, vpc)| (Kind::Acl, acl::default_of(id), &vpc.acl_tags)),
    );
    all.extend((here.edges.iter()).filter_map(|(id, one)| {
        let kind = Kind::of_id(id).filter(|_| now >= one.visible_at)?;
        Some((kind, id.clone(), &one.tags))
    }));
    all.extend(
        context
            .world
            .peerings
            .iter()
            .filter(|(_, one)| now >= one.visible_at)
            .filter_map(|(id, one)| {
                Some((
                    Kind::Peering,
                    id.clone(),
                    &one.side_in(context.region)?.tags,
                ))
            }),
    );
    all
}
