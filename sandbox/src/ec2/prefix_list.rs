//! Managed prefix lists: those of callers, and those of AWS that gateway endpoints have routes to.

use super::describe::{Describe, one, tag_set};
use super::lookup::{Kind, Seen};
use super::tags::given_tags;
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::xml::Xml;
use crate::world::cidr;
use crate::world::network::PrefixList;
use crate::world::{Tags, World, ids, timing};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The services that have gateway endpoints, and so a prefix list of AWS.
pub(crate) const GATEWAY_SERVICES: [&str; 2] = ["dynamodb", "s3"];

/// The id of AWS's prefix list of a service: the same for every account.
pub(crate) fn of_service(region: &str, service: &str) -> String {
    let digits = ids::hash(0, &format!("{region}.{service}")) >> 32;
    format!("pl-{digits:08x}")
}

/// The name of a prefix list, of a caller or of AWS.
pub(crate) fn name_of(world: &World, region: &str, id: &str) -> Option<String> {
    if let Some(list) = world.region(region).prefix_lists.get(id) {
        return Some(list.name.clone());
    }
    (GATEWAY_SERVICES.into_iter())
        .find(|service| of_service(region, service) == id)
        .map(|service| format!("com.amazonaws.{region}.{service}"))
}

/// As how many entries a route or rule that names the list counts.
pub(crate) fn weight(context: &Context<'_>, id: &str) -> usize {
    context
        .here()
        .prefix_lists
        .get(id)
        .map_or(1, |list| list.max)
}

/// `CreateManagedPrefixList`.
pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let name = params.need("PrefixListName")?.to_owned();
    if name.len() > 255 || name.starts_with("com.amazonaws") {
        return Err(ApiError::value(format!(
            "Invalid prefix list name '{name}': at most 255 characters, and not com.amazonaws"
        )));
    }
    let v6 = match params.need("AddressFamily")? {
        "IPv4" => false,
        "IPv6" => true,
        other => {
            return Err(ApiError::value(format!(
                "Invalid address family '{other}'. Must be IPv4 or IPv6"
            )));
        }
    };
    let max = params
        .number("MaxEntries")?
        .ok_or_else(|| ApiError::missing("MaxEntries"))?;
    let max = usize::try_from(max)
        .ok()
        .filter(|max| (1..=1000).contains(max))
        .ok_or_else(|| ApiError::value("MaxEntries must be from 1 to 1000"))?;
    let entries = entries(context, v6)?;
    if entries.len() > max {
        return Err(ApiError::new(
            "PrefixListMaxEntriesExceeded",
            "The request exceeds the maximum number of entries of the prefix list",
        ));
    }
    let tags = given_tags(context, Kind::PrefixList)?;
    let id = context.world.new_id("pl");
    let list = PrefixList {
        name,
        v6,
        max,
        entries,
        tags,
        ready_at: context.now + timing::PREFIX_LIST,
        visible_at: context.visible_at(&id),
    };
    let mut xml = Xml::new();
    xml.node("prefixList", |xml| {
        describe_one(xml, context, &id, &View::of(&list));
    });
    context.here_mut().prefix_lists.insert(id, list);
    Ok(xml.finish())
}

fn entries(context: &Context<'_>, v6: bool) -> ApiResult<Vec<(String, Option<String>)>> {
    let params = context.params;
    let mut all: Vec<(String, Option<String>)> = Vec::new();
    for index in params.indices("Entry") {
        let text = params.need(&format!("Entry.{index}.Cidr"))?;
        let range = if v6 {
            cidr::v6(text).map(|cidr| cidr.to_string())
        } else {
            cidr::v4(text).map(|cidr| cidr.to_string())
        };
        let range =
            range.ok_or_else(|| ApiError::value(format!("The CIDR '{text}' is not valid here")))?;
        if all.iter().any(|(known, _)| *known == range) {
            return Err(ApiError::value(format!(
                "The CIDR '{range}' is given twice"
            )));
        }
        let description = params.get(&format!("Entry.{index}.Description"));
        all.push((range, description.map(str::to_owned)));
    }
    Ok(all)
}

/// A prefix list as reads show it.
struct View<'a> {
    list: Cow<'a, PrefixList>,
    aws: bool,
}

impl<'a> View<'a> {
    fn of(list: &'a PrefixList) -> Self {
        Self {
            list: Cow::Borrowed(list),
            aws: false,
        }
    }
}

impl Seen for View<'_> {
    fn visible_at(&self) -> u64 {
        self.list.visible_at
    }
}

/// Every prefix list of the region, by id.
fn all<'a>(context: &'a Context<'_>) -> BTreeMap<String, View<'a>> {
    let made = context.here().prefix_lists.iter();
    let mut all: BTreeMap<String, View<'a>> = made
        .map(|(id, list)| (id.clone(), View::of(list)))
        .collect();
    for service in GATEWAY_SERVICES {
        let list = PrefixList {
            name: format!("com.amazonaws.{}.{service}", context.region),
            v6: false,
            max: 0,
            entries: Vec::new(),
            tags: Tags::new(),
            ready_at: 0,
            visible_at: 0,
        };
        let view = View {
            list: Cow::Owned(list),
            aws: true,
        };
        all.insert(of_service(context.region, service), view);
    }
    all
}

/// `DescribeManagedPrefixLists`.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let views = all(context);
    let (lists, next) = Describe {
        kind: Kind::PrefixList,
        ids: "PrefixListId",
        results: (1, 100),
        filters: &["owner-id", "prefix-list-id", "prefix-list-name"],
        values: &|name, id, view: &View<'_>| match name {
            "owner-id" => one(owner(context, view)),
            "prefix-list-id" => one(id),
            "prefix-list-name" => one(&view.list.name),
            _ => Vec::new(),
        },
        tags: &|view| &view.list.tags,
    }
    .select(context, views.iter().map(|(id, view)| (id.as_str(), view)))?;
    let mut xml = Xml::new();
    xml.list("prefixListSet", "item", lists, |xml, (id, view)| {
        describe_one(xml, context, id, view);
    })
    .maybe("nextToken", next);
    Ok(xml.finish())
}

fn owner<'a>(context: &'a Context<'_>, view: &View<'_>) -> &'a str {
    if view.aws {
        "AWS"
    } else {
        &context.world.account_id
    }
}

fn describe_one(xml: &mut Xml, context: &Context<'_>, id: &str, view: &View<'_>) {
    let (list, owner) = (&view.list, owner(context, view));
    let account = if view.aws { "aws" } else { owner };
    let state = if context.now < list.ready_at {
        "create-in-progress"
    } else {
        "create-complete"
    };
    xml.text("prefixListId", id)
        .text("addressFamily", if list.v6 { "IPv6" } else { "IPv4" })
        .text("state", state)
        .text(
            "prefixListArn",
            format_args!("arn:aws:ec2:{}:{account}:prefix-list/{id}", context.region),
        )
        .text("prefixListName", &list.name)
        .text("ownerId", owner);
    if !view.aws {
        xml.text("maxEntries", list.max).text("version", 1);
    }
    tag_set(xml, &list.tags);
}
