//! RDS events: what happened, in sentences.

use super::*;
use crate::rds::page::page;
use crate::wire::timestamp::parse;

/// `DescribeEvents`: the last hour unless asked otherwise.
pub(crate) fn describe(context: &mut Context<'_>) -> ApiResult<String> {
    let params = context.params;
    let time = |name: &str| {
        params
            .get(name)
            .map(|text| {
                parse(text).ok_or_else(|| {
                    refusal!("InvalidParameterValue":
                        "Invalid {name}: {text}")
                })
            })
            .transpose()
    };
    let source = params.get("SourceIdentifier");
    let kind = params.get("SourceType");
    if source.is_some() && kind.is_none() {
        refuse!("InvalidParameterCombination":
            "SourceIdentifier cannot be specified without a SourceType");
    }
    #[rustfmt::skip]
    let known = [
        "db-instance", "db-cluster", "db-cluster-snapshot", "db-parameter-group",
        "db-security-group", "db-snapshot",
    ];
    if let Some(kind) = kind.filter(|kind| !known.contains(kind)) {
        refuse!("InvalidParameterValue": "Invalid source type: {kind}");
    }
    let (start, end) = (time("StartTime")?, time("EndTime")?.unwrap_or(context.now));
    let minutes = params.number("Duration")?.unwrap_or(60).max(0) as u64;
    let start = start.unwrap_or_else(|| end.saturating_sub(minutes.saturating_mul(60_000)));
    let categories = params.wrapped_list("EventCategories", "EventCategory");
    let events = context
        .here()
        .events
        .iter()
        .enumerate()
        .filter(|(_, event)| (start..=end).contains(&event.at))
        .filter(|(_, event)| kind.is_none_or(|kind| kind == event.source.name()))
        .filter(|(_, event)| source.is_none_or(|id| id.eq_ignore_ascii_case(&event.id)))
        .filter(|(_, event)| categories.is_empty() || categories.contains(&event.category))
        .map(|(index, event)| (format!("{:020}-{index:04}", event.at), event));
    let (events, marker) = page(context, events)?;
    let mut xml = Xml::new();
    xml.maybe("Marker", marker)
        .list("Events", "Event", events, |xml, event| {
            xml.text("SourceIdentifier", &event.id)
                .text("SourceType", event.source.name())
                .text("Message", &event.message)
                .texts("EventCategories", "EventCategory", [&event.category])
                .text("Date", iso(event.at))
                .text(
                    "SourceArn",
                    context.rds_arn(event.source.arn_type(), &event.id),
                );
        });
    Ok(xml.finish())
}
