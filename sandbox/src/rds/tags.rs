//! Tags of RDS resources.

use super::*;
use crate::wire::params::Params;
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
            refuse!("InvalidParameterValue":
                "Tags can't be prefixed with 'aws:' or 'rds:': {text}");
        }
        if !text.chars().all(fits) {
            refuse!("InvalidParameterValue":
                "Tags may hold Unicode letters, digits, white space and _.:/=+-@ only: {text}");
        }
    }
    Ok(tags)
}

pub(crate) fn tag_list(xml: &mut Xml, tags: &Tags) {
    field::tag_list(xml, ["TagList", "Tag", "Key", "Value"], tags);
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
        refuse!("InvalidParameterValue": "Invalid resource name: {arn}");
    };
    let here = region == context.region || kind == "global-cluster";
    if !here || account != context.world.account_id {
        refuse!("InvalidParameterValue":
            "The specified resource name does not match an RDS resource in this region: {arn}");
    }
    macro_rules! of {
        ($map:expr, $code:literal) => {
            ($map.get_mut(&name).map(|one| &mut one.tags), $code)
        };
    }
    let (tags, code) = match kind {
        "global-cluster" => of!(context.world.global_clusters, "GlobalClusterNotFoundFault"),
        "cluster" => of!(context.here_mut().clusters, "DBClusterNotFoundFault"),
        "db" => of!(context.here_mut().db_instances, "DBInstanceNotFound"),
        "cluster-snapshot" => of!(
            context.here_mut().snapshots,
            "DBClusterSnapshotNotFoundFault"
        ),
        "subgrp" => of!(
            context.here_mut().subnet_groups,
            "DBSubnetGroupNotFoundFault"
        ),
        "deployment" => of!(
            context.here_mut().deployments,
            "BlueGreenDeploymentNotFoundFault"
        ),
        _ => refuse!("InvalidParameterValue": "Invalid resource type in {arn}"),
    };
    tags.ok_or_else(|| ApiError::new(code, format!("{name} not found.")))
}

pub(crate) fn add(context: &mut Context<'_>) -> ApiResult<String> {
    let new = given_tags(context.params)?;
    let tags = tags_of(context)?;
    let added = new.keys().filter(|key| !tags.contains_key(*key)).count();
    if tags.len() + added > 50 {
        refuse!("InvalidParameterValue": "Tag quota of 50 per resource exceeded");
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

pub(crate) fn list(context: &mut Context<'_>) -> ApiResult<String> {
    let mut xml = Xml::new();
    tag_list(&mut xml, tags_of(context)?);
    Ok(xml.finish())
}
