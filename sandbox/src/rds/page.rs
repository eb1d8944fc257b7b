//! What RDS's describe operations have in common: filters and pages.

use super::*;
use crate::field::Field;
use crate::wire::params::Filter;
use crate::wire::token;

/// The filters of the request; an unknown one is refused.
pub(crate) fn filters(
    context: &Context<'_>,
    knows: impl Fn(&str) -> bool,
) -> ApiResult<Vec<Filter>> {
    let mut filters = context.params.filters("Filters.Filter", "Values.Value")?;
    if filters.is_empty() {
        filters = context.params.filters("Filters.member", "Values.member")?;
    }
    match filters.iter().find(|filter| !knows(&filter.name)) {
        Some(unknown) => Err(refusal!("InvalidParameterValue":
            "Unrecognized filter name: {}", unknown.name)),
        None => Ok(filters),
    }
}

pub(crate) struct Description<T: 'static> {
    /// The element that holds all of them, and the one that holds each.
    pub(crate) elements: (&'static str, &'static str),
    /// Whether the value of a filter means what a resource has.
    pub(crate) matches: fn(&str, &str) -> bool,
    pub(crate) fields: &'static [Field<T>],
}

/// RDS compares whole names, or ARNs by their names.
pub(crate) fn by_name(wanted: &str, held: &str) -> bool {
    last(wanted).eq_ignore_ascii_case(held)
}

/// What an ARN ends in, or a name that is none.
pub(crate) fn last(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

pub(crate) fn matches(filter: &Filter, held: &str) -> bool {
    filter.values.iter().any(|wanted| by_name(wanted, held))
}

impl<T> Description<T> {
    /// The inside of the answer of the describe operation, without the marker of the next page.
    /// `wanted` finds the one that is asked for, if one is.
    pub(crate) fn select<'a>(
        &self,
        context: &'a Context<'_>,
        all: impl Iterator<Item = (&'a String, &'a T)>,
        wanted: impl FnOnce() -> ApiResult<Option<String>>,
    ) -> ApiResult<(Xml, Option<String>)> {
        let filters = filters(context, |name| field::knows(self.fields, name))?;
        let wanted = wanted()?;
        let shown = all
            .filter(|(id, _)| wanted.as_ref().is_none_or(|wanted| wanted == *id))
            .filter(|(id, one)| {
                let view = View {
                    context,
                    id,
                    one: *one,
                };
                filters.iter().all(|filter| {
                    let held = field::values(self.fields, &view, &filter.name);
                    let mut values = filter.values.iter();
                    values.any(|wanted| held.iter().any(|held| (self.matches)(wanted, held)))
                })
            })
            .map(|(id, one)| (id.clone(), (id, one)));
        let (page, marker) = page(context, shown)?;
        let mut xml = Xml::new();
        let (list, item) = self.elements;
        xml.list(list, item, page, |xml, (id, one)| {
            field::write(self.fields, &View { context, id, one }, xml);
        });
        Ok((xml, marker))
    }

    pub(crate) fn answer<'a>(
        &self,
        context: &'a Context<'_>,
        all: impl Iterator<Item = (&'a String, &'a T)>,
        wanted: impl FnOnce() -> ApiResult<Option<String>>,
    ) -> ApiResult<String> {
        let (mut xml, marker) = self.select(context, all, wanted)?;
        xml.maybe("Marker", marker);
        Ok(xml.finish())
    }

    pub(crate) fn single(&self, context: &Context<'_>, id: &str, one: &T) -> String {
        let mut xml = Xml::new();
        xml.node(self.elements.1, |xml| {
            field::write(self.fields, &View { context, id, one }, xml);
        });
        xml.finish()
    }
}

/// As [`page_of`], with up to 100 records.
pub(crate) fn page<T>(
    context: &Context<'_>,
    all: impl IntoIterator<Item = (String, T)>,
) -> ApiResult<(Vec<T>, Option<String>)> {
    page_of(context, all, 100)
}

/// Cuts the page that `Marker` and `MaxRecords` ask for out of `all`, which is ordered by key. Pages hold
/// 20 to `most` records.
pub(crate) fn page_of<T>(
    context: &Context<'_>,
    all: impl IntoIterator<Item = (String, T)>,
    most: i64,
) -> ApiResult<(Vec<T>, Option<String>)> {
    let max = context.params.number("MaxRecords")?.unwrap_or(100);
    if !(20..=most).contains(&max) {
        refuse!("InvalidParameterValue":
            "Invalid value {max} for MaxRecords. Must be between 20 and {most}");
    }
    let after = match context.params.get("Marker") {
        None => None,
        Some(marker) => Some(token::decode(marker).ok_or_else(|| {
            refusal!("InvalidParameterValue":
                "Invalid marker")
        })?),
    };
    let mut rest = all
        .into_iter()
        .filter(|(key, _)| after.as_ref().is_none_or(|after| key > after))
        .peekable();
    let mut shown = Vec::new();
    let mut last = String::new();
    while shown.len() < max as usize
        && let Some((key, one)) = rest.next()
    {
        last = key;
        shown.push(one);
    }
    let marker = rest.peek().is_some().then(|| token::encode(&last));
    Ok((shown, marker))
}
