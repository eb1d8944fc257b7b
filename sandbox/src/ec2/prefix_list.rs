//! Managed prefix lists: those of callers, and those of AWS that gateway endpoints have routes to.

use super::*;
use crate::world::network::PrefixList;
use crate::world::{World, ids};

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
    let list = context.here().prefix_lists.get(id);
    list.map_or(1, |list| list.max)
}

pub(crate) fn create(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let name = params.need("PrefixListName")?.to_owned();
    if name.len() > 255 || name.starts_with("com.amazonaws") {
        refuse!("InvalidParameterValue":
            "Invalid prefix list name '{name}': at most 255 characters, and not com.amazonaws");
    }
    let v6 = match params.need("AddressFamily")? {
        "IPv4" => false,
        "IPv6" => true,
        other => refuse!("InvalidParameterValue":
            "Invalid address family '{other}'. Must be IPv4 or IPv6"),
    };
    let max = params.need_number("MaxEntries")?;
    let max = usize::try_from(max)
        .ok()
        .filter(|max| (1..=1000).contains(max))
        .ok_or_else(|| refusal!("InvalidParameterValue": "MaxEntries must be from 1 to 1000"))?;
    let entries = entries(context, v6)?;
    if entries.len() > max {
        refuse!("PrefixListMaxEntriesExceeded":
            "The request exceeds the maximum number of entries of the prefix list");
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
    let view = View { list, aws: false };
    let body = PREFIX_LIST.single(context, &id, &view);
    context.here_mut().prefix_lists.insert(id, view.list);
    Ok(body)
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
        let range = range.ok_or_else(|| {
            refusal!("InvalidParameterValue":
                "The CIDR '{text}' is not valid here")
        })?;
        if all.iter().any(|(known, _)| *known == range) {
            refuse!("InvalidParameterValue": "The CIDR '{range}' is given twice");
        }
        let description = params.get(&format!("Entry.{index}.Description"));
        all.push((range, description.map(str::to_owned)));
    }
    Ok(all)
}

/// A prefix list as reads show it.
#[derive(Clone)]
struct View {
    list: PrefixList,
    aws: bool,
}

impl Resource for View {
    fn visible_at(&self) -> u64 {
        self.list.visible_at
    }

    fn tags(&self, _: &str) -> &Tags {
        &self.list.tags
    }
}

/// Every prefix list of the region, by id.
fn all(context: &Context<'_>) -> BTreeMap<String, View> {
    let made = context.here().prefix_lists.iter();
    let made = made.map(|(id, list)| {
        let list = list.clone();
        (id.clone(), View { list, aws: false })
    });
    let of_aws = GATEWAY_SERVICES.into_iter().map(|service| {
        let list = PrefixList {
            name: format!("com.amazonaws.{}.{service}", context.region),
            ..PrefixList::default()
        };
        (
            of_service(context.region, service),
            View { list, aws: true },
        )
    });
    made.chain(of_aws).collect()
}

static PREFIX_LIST: Description<View> = Description {
    kind: Kind::PrefixList,
    ids: "PrefixListId",
    elements: ("prefixListSet", "prefixList"),
    results: (1, 100),
    fields: fields! { v:
        "prefixListId" ["prefix-list-id"] v.id;
        "addressFamily" [] if v.list.v6 { "IPv6" } else { "IPv4" };
        "state" [] v.list.state(v.context.now);
        "prefixListArn" [] {
            let account = if v.aws { "aws" } else { v.account() };
            format!("arn:aws:ec2:{}:{account}:prefix-list/{}", v.context.region, v.id)
        };
        "prefixListName" ["prefix-list-name"] &v.list.name;
        "ownerId" ["owner-id"] if v.aws { "AWS" } else { v.account() };
        "maxEntries" [] (!v.aws).then_some(v.list.max);
        "version" [] (!v.aws).then_some("1");
    },
};

pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    PREFIX_LIST.answer(context, &all(context))
}
