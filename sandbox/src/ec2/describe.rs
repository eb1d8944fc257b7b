//! What EC2's describe operations have in common: ids, filters and pages.

use super::lookup::{Kind, Seen};
use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::params::{Filter, wildcard};
use crate::wire::token;
use crate::wire::xml::Xml;
use crate::world::Tags;

/// How one kind of resource is described.
pub(crate) struct Describe<'d, T> {
    pub(crate) kind: Kind,
    /// The parameter that lists ids, for example `VpcId`.
    pub(crate) ids: &'static str,
    /// The least and the most that `MaxResults` may be.
    pub(crate) results: (i64, i64),
    /// The filters that there are, those for tags aside.
    pub(crate) filters: &'static [&'static str],
    /// The values that a filter compares with.
    pub(crate) values: &'d dyn Fn(&str, &str, &T) -> Vec<String>,
    pub(crate) tags: &'d dyn Fn(&T) -> &Tags,
}

/// What `MaxResults` may be for most operations.
pub(crate) const RESULTS: (i64, i64) = (5, 1000);

/// The resources of one page, and the token of the next.
pub(crate) type Page<'a, T> = (Vec<(&'a str, T)>, Option<String>);

impl<T: Seen> Describe<'_, T> {
    /// Selects from `all`, which is ordered by id.
    pub(crate) fn select<'a>(
        &self,
        context: &'a Context<'_>,
        all: impl Iterator<Item = (&'a str, &'a T)>,
    ) -> ApiResult<Page<'a, &'a T>> {
        let ids = context.params.list(self.ids);
        let filters = checked_filters(context, self.filters)?;
        let visible: Vec<(&str, &T)> = all
            .filter(|(_, one)| context.now >= one.visible_at())
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
                filters.iter().all(|filter| {
                    let values = tag_values(filter, (self.tags)(one))
                        .unwrap_or_else(|| (self.values)(&filter.name, id, one));
                    matches_any(filter, &values)
                })
            })
            .collect();
        page(context, matching, ids.is_empty(), self.ids, self.results)
    }
}

/// The filters of the request; an unknown one is refused.
pub(crate) fn checked_filters(context: &Context<'_>, known: &[&str]) -> ApiResult<Vec<Filter>> {
    let filters = context.params.filters("Filter", "Value")?;
    for filter in &filters {
        let name = filter.name.as_str();
        let tag = matches!(name, "tag-key" | "tag-value") || name.starts_with("tag:");
        if !tag && !known.contains(&name) {
            return Err(ApiError::value(format!("The filter '{name}' is invalid")));
        }
    }
    Ok(filters)
}

/// Whether one of the filter's values matches one of `values`.
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
        Some(_) if !may_page => {
            return Err(ApiError::combination(format!(
                "The parameter {ids}s cannot be used with the parameter maxResults"
            )));
        }
        Some(max) if !(least..=most).contains(&max) => {
            return Err(ApiError::value(format!(
                "Value ( {max} ) for parameter maxResults is invalid. Expecting a value between {least} and {most}."
            )));
        }
        max => max.unwrap_or(most) as usize,
    };
    if let Some(text) = context.params.get("NextToken") {
        let after = token::decode(text)
            .ok_or_else(|| ApiError::new("InvalidNextToken", "The token is invalid"))?;
        all.retain(|(id, _)| *id > after.as_str());
    }
    let more = all.len() > max;
    all.truncate(max);
    let next = all.last().filter(|_| more).map(|(id, _)| token::encode(id));
    Ok((all, next))
}

/// The element `tagSet`.
pub(crate) fn tag_set(xml: &mut Xml, tags: &Tags) {
    xml.list("tagSet", "item", tags, |xml, (key, value)| {
        xml.text("key", key).text("value", value);
    });
}

/// `pending` or `available`.
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

/// One value for a filter.
pub(crate) fn one(value: impl ToString) -> Vec<String> {
    vec![value.to_string()]
}
