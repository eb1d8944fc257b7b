//! Tags of RDS resources.

use super::arn::Arn;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::params::Params;
use crate::wire::xml::Xml;
use crate::world::Tags;

/// The tags that a create gives. RDS takes fewer characters than EC2, and keeps another prefix
/// for itself.
pub(crate) fn given_tags(params: &Params) -> ApiResult<Tags> {
    let mut tags = params.tags("Tags.Tag")?;
    if tags.is_empty() {
        tags = params.tags("Tags.member")?;
    }
    let fits = |c: char| {
        c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
    };
    for text in tags.iter().flat_map(|(key, value)| [key, value]) {
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("aws:") || lower.starts_with("rds:") {
            return Err(ApiError::value(format!(
                "Tags can't be prefixed with 'aws:' or 'rds:': {text}"
            )));
        }
        if !text.chars().all(fits) {
            return Err(ApiError::value(format!(
                "Tags may hold Unicode letters, digits, white space and _.:/=+-@ only: {text}"
            )));
        }
    }
    Ok(tags)
}

/// The element `TagList`.
pub(crate) fn tag_list(xml: &mut Xml, tags: &Tags) {
    xml.list("TagList", "Tag", tags, |xml, (key, value)| {
        xml.text("Key", key).text("Value", value);
    });
}

/// The tags of the resource that the parameter `ResourceName`, an ARN, names.
fn tags_of<'a>(context: &'a mut Context<'_>) -> ApiResult<&'a mut Tags> {
    let arn = context.params.need("ResourceName")?;
    let Some(Arn {
        region,
        account,
        kind,
        name,
    }) = Arn::parse(arn)
    else {
        return Err(ApiError::value(format!("Invalid resource name: {arn}")));
    };
    let here = region == context.region || kind == "global-cluster";
    if !here || account != context.world.account_id {
        return Err(ApiError::value(format!(
            "The specified resource name does not match an RDS resource in this region: {arn}"
        )));
    }
    let name = &name;
    if kind == "global-cluster" {
        let held = context.world.global_clusters.get_mut(name);
        return held.map(|one| &mut one.tags).ok_or_else(|| {
            ApiError::new("GlobalClusterNotFoundFault", format!("{name} not found."))
        });
    }
    let held = context.here_mut();
    let (tags, code) = match kind {
        "cluster" => (
            held.clusters.get_mut(name).map(|one| &mut one.tags),
            "DBClusterNotFoundFault",
        ),
        "db" => (
            held.db_instances.get_mut(name).map(|one| &mut one.tags),
            "DBInstanceNotFound",
        ),
        "cluster-snapshot" => (
            held.snapshots.get_mut(name).map(|one| &mut one.tags),
            "DBClusterSnapshotNotFoundFault",
        ),
        "subgrp" => (
            held.subnet_groups.get_mut(name).map(|one| &mut one.tags),
            "DBSubnetGroupNotFoundFault",
        ),
        "deployment" => (
            held.deployments.get_mut(name).map(|one| &mut one.tags),
            "BlueGreenDeploymentNotFoundFault",
        ),
        _ => return Err(ApiError::value(format!("Invalid resource type in {arn}"))),
    };
    tags.ok_or_else(|| ApiError::new(code, format!("{name} not found.")))
}

/// `AddTagsToResource`.
pub(crate) fn add(context: &mut Context<'_>) -> ApiResult<String> {
    let new = given_tags(context.params)?;
    let tags = tags_of(context)?;
    let added = new.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + added > 50 {
        return Err(ApiError::value("Tag quota of 50 per resource exceeded"));
    }
    tags.extend(new);
    Ok(String::new())
}

/// `RemoveTagsFromResource`. A key that is not there is no error.
pub(crate) fn remove(context: &mut Context<'_>) -> ApiResult<String> {
    let mut keys = context.params.list("TagKeys.member");
    if keys.is_empty() {
        keys = context.params.list("TagKeys.String");
    }
    let tags = tags_of(context)?;
    tags.retain(|key, _| !keys.contains(key));
    Ok(String::new())
}

/// `ListTagsForResource`.
pub(crate) fn list(context: &mut Context<'_>) -> ApiResult<String> {
    let mut xml = Xml::new();
    tag_list(&mut xml, tags_of(context)?);
    Ok(xml.finish())
}
