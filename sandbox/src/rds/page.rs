//! What RDS's describe operations have in common: filters and pages.

use crate::context::Context;
use crate::wire::error::{ApiError, ApiResult};
use crate::wire::params::Filter;
use crate::wire::token;

/// The filters of the request; an unknown one is refused.
pub(crate) fn filters(context: &Context<'_>, known: &[&str]) -> ApiResult<Vec<Filter>> {
    let mut filters = context.params.filters("Filters.Filter", "Values.Value")?;
    if filters.is_empty() {
        filters = context.params.filters("Filters.member", "Values.member")?;
    }
    match filters
        .iter()
        .find(|filter| !known.contains(&filter.name.as_str()))
    {
        Some(unknown) => Err(ApiError::value(format!(
            "Unrecognized filter name: {}",
            unknown.name
        ))),
        None => Ok(filters),
    }
}

/// Whether `values` has one of the filter's. RDS compares whole names, or ARNs by their names.
pub(crate) fn matches(filter: &Filter, values: &[&str]) -> bool {
    filter.values.iter().any(|wanted| {
        let name = wanted.rsplit(':').next().unwrap_or(wanted);
        values.iter().any(|value| value.eq_ignore_ascii_case(name))
    })
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
        return Err(ApiError::value(format!(
            "Invalid value {max} for MaxRecords. Must be between 20 and {most}"
        )));
    }
    let after = match context.params.get("Marker") {
        None => None,
        Some(marker) => {
            Some(token::decode(marker).ok_or_else(|| ApiError::value("Invalid marker"))?)
        }
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
