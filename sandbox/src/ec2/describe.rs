//! What EC2's describe operations have in common: ids, filters and pages.

use super::*;
use crate::field;
use crate::field::{Field, View};
use crate::wire::params::{Filter, wildcard};
use crate::wire::token;

/// How one kind of resource is described. Filters for tags, and the element with them, come by
/// themselves.
pub(crate) struct Description<T: 'static> {
    pub(crate) kind: Kind,
    /// The parameter that lists ids, for example `VpcId`.
    pub(crate) ids: &'static str,
    /// The element that holds all of them, and the one that holds a new one.
    pub(crate) elements: (&'static str, &'static str),
    /// The least and the most that `MaxResults` may be.
    pub(crate) results: (i64, i64),
    pub(crate) fields: &'static [Field<T>],
}

/// What `MaxResults` may be for most operations.
pub(crate) const RESULTS: (i64, i64) = (5, 1000);

pub(crate) type Page<'a, T> = (Vec<(&'a str, T)>, Option<String>);

impl<T: Resource> Description<T> {
    /// The answer of the describe operation, from `all`, which is ordered by id.
    pub(crate) fn answer<'a>(
        &self,
        context: &'a Context<'_>,
        all: impl IntoIterator<Item = (&'a String, &'a T)>,
    ) -> ApiResult<String> {
        let (page, next) = self.select(context, all)?;
        let mut xml = Xml::new();
        xml.list(self.elements.0, "item", page, |xml, (id, one)| {
            self.write(xml, context, id, one);
        })
        .maybe("nextToken", next);
        Ok(xml.finish())
    }

    pub(crate) fn single(&self, context: &Context<'_>, id: &str, one: &T) -> String {
        let mut xml = Xml::new();
        xml.node(self.elements.1, |xml| self.write(xml, context, id, one));
        xml.finish()
    }

    pub(crate) fn write(&self, xml: &mut Xml, context: &Context<'_>, id: &str, one: &T) {
        field::write(self.fields, &View { context, id, one }, xml);
        tag_set(xml, one.tags(context.region));
    }

    pub(crate) fn select<'a>(
        &self,
        context: &'a Context<'_>,
        all: impl IntoIterator<Item = (&'a String, &'a T)>,
    ) -> ApiResult<Page<'a, &'a T>> {
        let ids = context.params.list(self.ids);
        let filters = checked_filters(context, |name| field::knows(self.fields, name))?;
        let visible: Vec<(&str, &T)> = all
            .into_iter()
            .filter(|(_, one)| context.now >= one.visible_at())
            .map(|(id, one)| (id.as_str(), one))
            .collect();
        for id in &ids {
            self.kind.check_form(id)?;
            if !visible.iter().any(|(known, _)| known == id) {
                return Err(self.kind.not_found(id));
            }
        }
        let matching = visible
            .into_iter()
            .filter(|(id, _)| ids.is_empty() || ids.iter().any(|wanted| wanted == id))
            .filter(|(id, one)| {
                let view = View {
                    context,
                    id,
                    one: *one,
                };
                filters.iter().all(|filter| {
                    let values = tag_values(filter, one.tags(context.region))
                        .unwrap_or_else(|| field::values(self.fields, &view, &filter.name));
                    matches_any(filter, &values)
                })
            })
            .collect();
        page(context, matching, ids.is_empty(), self.ids, self.results)
    }
}

/// The filters of the request; an unknown one is refused.
pub(crate) fn checked_filters(
    context: &Context<'_>,
    knows: impl Fn(&str) -> bool,
) -> ApiResult<Vec<Filter>> {
    let filters = context.params.filters("Filter", "Value")?;
    for filter in &filters {
        let name = filter.name.as_str();
        let tag = matches!(name, "tag-key" | "tag-value") || name.starts_with("tag:");
        if !tag && !knows(name) {
            refuse!("InvalidParameterValue": "The filter '{name}' is invalid");
        }
    }
    Ok(filters)
}

pub(crate) fn matches_any(filter: &Filter, values: &[String]) -> bool {
    let mut pairs = filter
        .values
        .iter()
        .flat_map(|pattern| values.iter().map(move |value| (pattern, value)));
    pairs.any(|(pattern, value)| wildcard(pattern, value))
}

/// What a filter for tags compares with; `None` if it is not one.
fn tag_values(filter: &Filter, tags: &Tags) -> Option<Vec<String>> {
    match filter.name.as_str() {
        "tag-key" => Some(tags.keys().cloned().collect()),
        "tag-value" => Some(tags.values().cloned().collect()),
        name => {
            let key = name.strip_prefix("tag:")?;
            Some(tags.get(key).cloned().into_iter().collect())
        }
    }
}

/// Cuts a page. The token names the last element, so it stays good when elements go.
pub(crate) fn page<'a, T>(
    context: &Context<'_>,
    mut all: Vec<(&'a str, T)>,
    may_page: bool,
    ids: &str,
    (least, most): (i64, i64),
) -> ApiResult<Page<'a, T>> {
    let max = match context.params.number("MaxResults")? {
        Some(_) if !may_page => refuse!("InvalidParameterCombination":
            "The parameter {ids}s cannot be used with the parameter maxResults"),
        Some(max) if !(least..=most).contains(&max) => refuse!("InvalidParameterValue":
            "Value ( {max} ) for parameter maxResults is invalid. Expecting a value between {least} and {most}."),
        max => max.unwrap_or(most) as usize,
    };
    if let Some(text) = context.params.get("NextToken") {
        let after = token::decode(text)
            .ok_or_else(|| refusal!("InvalidNextToken": "The token is invalid"))?;
        all.retain(|(id, _)| *id > after.as_str());
    }
    let more = all.len() > max;
    all.truncate(max);
    let next = all.last().filter(|_| more).map(|(id, _)| token::encode(id));
    Ok((all, next))
}

pub(crate) fn tag_set(xml: &mut Xml, tags: &Tags) {
    field::tag_list(xml, ["tagSet", "item", "key", "value"], tags);
}

pub(crate) fn pending_until(available_at: u64, now: u64) -> &'static str {
    if now < available_at {
        "pending"
    } else {
        "available"
    }
}

/// An answer of `<return>true</return>`.
pub(crate) fn done() -> ApiResult<String> {
    let mut xml = Xml::new();
    xml.text("return", true);
    Ok(xml.finish())
}

impl Description<Edge> {
    /// The answer that is the edge of that id.
    pub(crate) fn of(&self, context: &Context<'_>, id: &str) -> ApiResult<String> {
        Ok(self.single(context, id, &context.here().edges[id]))
    }
}
