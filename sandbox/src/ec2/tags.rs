//! Tags of EC2 resources.

use super::*;
use crate::ec2::describe::{checked_filters, matches_any, page};

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
            refuse!("InvalidParameterValue":
                "'{given}' is not a valid taggable resource type for this operation.");
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
    macro_rules! of {
        ($one:expr) => {{
            let one = $one?;
            Some((one.visible_at, &mut one.tags))
        }};
    }
    let (kind, region) = (Kind::of_id(id)?, context.region);
    if kind == Kind::Peering {
        let peering = context.world.peerings.get_mut(id)?;
        return Some((peering.visible_at, &mut peering.side_in_mut(region)?.tags));
    }
    let here = context.here_mut();
    match kind {
        Kind::Vpc => of!(here.vpcs.get_mut(id)),
        Kind::Subnet => of!(here.subnets.get_mut(id)),
        Kind::RouteTable => of!(here.route_tables.get_mut(id)),
        Kind::Group => of!(here.groups.get_mut(id)),
        Kind::Rule => {
            let mut rules = here.groups.values_mut().flat_map(|group| &mut group.rules);
            of!(rules.find(|rule| rule.id == id))
        }
        Kind::Gateway => of!(here.gateways.get_mut(id)),
        Kind::Instance => of!(here.instances.get_mut(id)),
        Kind::Interface => Some((0, &mut here.interfaces.get_mut(id)?.tags)),
        Kind::Acl => match acl::default_owner(id).and_then(|vpc| here.vpcs.get_mut(&vpc)) {
            Some(vpc) => Some((vpc.visible_at, &mut vpc.acl_tags)),
            None => of!(here.acls.get_mut(id)),
        },
        Kind::PrefixList => of!(here.prefix_lists.get_mut(id)),
        _ => of!(here.edges.get_mut(id)),
    }
}

fn not_found(id: &str) -> ApiError {
    match Kind::of_id(id) {
        Some(kind) => kind.not_found(id),
        None => refusal!("InvalidID": "The ID '{id}' is not valid"),
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

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let filters = checked_filters(context, |name| {
        matches!(name, "key" | "resource-id" | "resource-type" | "value")
    })?;
    let mut listed = listing::in_region(context.here(), context.now);
    listed.extend(listing::peerings(context.world, context.region));
    listed.retain(|one| context.now >= one.visible_at);
    let rows = listed.iter().flat_map(|one| {
        let tags = one.tags.iter();
        tags.map(move |(key, value)| (format!("{} {key}", one.id), (one, key, value)))
    });
    let mut all: Vec<_> = rows
        .filter(|(_, (one, key, value))| {
            filters.iter().all(|filter| {
                let held = match filter.name.as_str() {
                    "key" => key.as_str(),
                    "resource-id" => &one.id,
                    "resource-type" => one.kind.resource_type(),
                    "value" => value,
                    name if name.strip_prefix("tag:") == Some(key) => value,
                    _ => return false,
                };
                matches_any(filter, &[held.to_owned()])
            })
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let keyed = all.iter().map(|(key, row)| (key.as_str(), row)).collect();
    let (rows, next) = page(context, keyed, true, "resourceId", RESULTS)?;
    let mut xml = Xml::new();
    xml.list("tagSet", "item", rows, |xml, (_, (one, key, value))| {
        xml.text("resourceId", &one.id)
            .text("resourceType", one.kind.resource_type())
            .text("key", key)
            .text("value", value);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}
