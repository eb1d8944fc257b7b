//! Events as JSON lines and as text.

use serde::Serialize;
use serde_json::Value;
use stepwell_engine::event::{
    Actor, Deadline, End, EventBody, Outcome, RollbackCause, SuspendReason, Then, Verb,
};
use stepwell_engine::{Event, RunId, Timestamp};

use super::time;

/// An event as programs read it: times are RFC 3339.
#[derive(Debug, Serialize)]
pub struct EventDocument {
    run: RunId,
    seq: u32,
    #[serde(with = "time::rfc3339")]
    at: Timestamp,
    kind: &'static str,
    data: Value,
}

/// An event as a document.
pub fn document(event: &Event) -> EventDocument {
    // What came out of the journal, or is going there, can be serialised.
    let mut body = serde_json::to_value(&event.body).unwrap_or_default();
    let mut data = body.get_mut("data").map(Value::take).unwrap_or_default();
    if let EventBody::AttemptFailed {
        then: Then::Retry { at },
        ..
    } = &event.body
        && let Some(place) = data.get_mut("at")
    {
        *place = Value::String(time::rfc3339_text(*at));
    }
    EventDocument {
        run: event.run,
        seq: event.seq,
        at: event.at,
        kind: event.body.kind(),
        data,
    }
}

/// What an event says, without its time.
pub fn text(body: &EventBody) -> String {
    match body {
        EventBody::RunCreated(created) => format!(
            "run of {} on {} created by {} on {} (pid {}), {} steps",
            created.workflow,
            created.target,
            created.by.user,
            created.by.host,
            created.by.pid,
            created.steps.len()
        ),
        EventBody::RunResumed { by } => {
            format!("resumed by {} on {} (pid {})", by.user, by.host, by.pid)
        }
        EventBody::RollbackStarted(RollbackCause::Failed { step }) => {
            format!("rolling back, because {step} failed")
        }
        EventBody::RollbackStarted(RollbackCause::Requested { by }) => {
            format!("rolling back, asked for by {} on {}", by.user, by.host)
        }
        EventBody::RollbackOptionsGiven { by, options } => {
            format!("{} said how to undo it: {}", person(by), words(options))
        }
        EventBody::ParametersChanged(change) => {
            format!("changed by {}: {}", person(&change.by), change.reason)
        }
        EventBody::StepWaived { step, by, reason } => {
            format!("waived {step} by {} on {}: {reason}", by.user, by.host)
        }
        EventBody::StepDone {
            step,
            by,
            reason,
            checked,
            ..
        } => {
            let how = match checked {
                true => "found",
                false => "not checked",
            };
            format!("done by hand {step} ({how}) by {}: {reason}", person(by))
        }
        EventBody::StepRetried { step, by, reason } => {
            let why = match &**reason {
                "" => String::new(),
                reason => format!(": {reason}"),
            };
            format!("to be tried again {step} by {}{why}", person(by))
        }
        EventBody::AttemptStarted {
            step,
            attempt,
            verb,
        } => format!("{} {step}{}", started(*verb), again(*attempt)),
        EventBody::AttemptSucceeded { step, outcome, .. } => {
            format!("{} {step}", succeeded(outcome))
        }
        EventBody::AttemptFailed {
            step,
            attempt,
            verb,
            fault,
            in_doubt,
            then,
            ..
        } => {
            let what = failed(*verb, *then);
            let doubt = if *in_doubt { ", in doubt" } else { "" };
            let then = match then {
                Then::Retry { at } => format!("retry at {}", time::time_of_day(*at)),
                Then::GiveUp => "given up".to_owned(),
                Then::Suspend => "suspending".to_owned(),
            };
            format!("{what} {step}{}: {fault}{doubt}; {then}", again(*attempt))
        }
        EventBody::AttemptInterrupted { step, .. } => format!("interrupted {step}"),
        EventBody::RunSuspended(reason) => format!("suspended: {}", suspended(reason)),
        EventBody::RunEnded(end) => match end {
            End::Succeeded => "succeeded".to_owned(),
            End::RolledBack { waived } if waived.is_empty() => "rolled back".to_owned(),
            End::RolledBack { waived } => format!("rolled back but for {}", waived.join(", ")),
            End::Stuck { leftovers } => format!("stuck: {} left", leftovers.len()),
            End::Abandoned { by, reason } => format!("abandoned by {}: {reason}", by.user),
        },
    }
}

/// Why a run is suspended.
pub fn suspended(reason: &SuspendReason) -> String {
    match reason {
        SuspendReason::Operator { step } => format!("{step} needs a person to act"),
        SuspendReason::Failed { step } => format!("{step} failed"),
        SuspendReason::Interrupted => "interrupted".to_owned(),
        SuspendReason::LeaseLost { why } => why.clone(),
        SuspendReason::Deadline { at, of } => {
            let what = match of {
                Deadline::Asked => "its time ends",
                Deadline::Credentials => "the credentials end",
            };
            format!("{what} at {}", time::date_time_zone(*at))
        }
    }
}

fn person(by: &Actor) -> String {
    format!("{} on {}", by.user, by.host)
}

/// A flat document as `key value`, for people: `final_snapshot last`.
pub fn words(document: &Value) -> String {
    let Value::Object(fields) = document else {
        return document.to_string();
    };
    let word = |(key, value): (&String, &Value)| match value {
        Value::String(text) => format!("{key} {text}"),
        other => format!("{key} {other}"),
    };
    fields.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// How the start of an attempt is called.
pub fn started(verb: Verb) -> &'static str {
    match verb {
        Verb::Run => "started",
        Verb::Undo => "undoing",
    }
}

/// How the failure of an attempt is called. What is tried again has not failed
/// for a person: most of it passes, as a resource does that AWS does not know
/// yet.
pub fn failed(verb: Verb, then: Then) -> &'static str {
    match (verb, then) {
        (Verb::Run, Then::Retry { .. }) => "retrying",
        (Verb::Undo, Then::Retry { .. }) => "retrying to undo",
        (Verb::Run, Then::GiveUp | Then::Suspend) => "failed",
        (Verb::Undo, Then::GiveUp | Then::Suspend) => "failed to undo",
    }
}

/// How the success of an attempt is called.
pub fn succeeded(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Made { .. } => "done",
        Outcome::Ours { .. } => "found",
        Outcome::Theirs { .. } => "adopted",
        Outcome::Undone => "undone",
        Outcome::NothingToUndo => "nothing to undo for",
        Outcome::Kept { .. } => "kept",
    }
}

/// The attempt's number, if it is not the first.
pub fn again(attempt: u32) -> String {
    if attempt > 1 {
        format!(" (attempt {attempt})")
    } else {
        String::new()
    }
}

/// What an output says in a few words: an id or an address first.
pub fn excerpt(output: &Value) -> String {
    let short = |text: &str| text.len() <= 80 && !text.is_empty();
    let rank = |key: &str| match key {
        "id" | "endpoint" => 0,
        _ if key.ends_with("_id") => 1,
        _ => 2,
    };
    let parts: Vec<&str> = match output {
        Value::String(text) if short(text) => vec![text],
        Value::Object(fields) => {
            let mut texts: Vec<(&String, &str)> = fields
                .iter()
                .filter_map(|(key, value)| Some((key, value.as_str()?)))
                .filter(|(_, text)| short(text))
                .collect();
            texts.sort_by_key(|(key, _)| rank(key));
            // An address says it all; an id may do with a word beside it.
            let enough = if texts.first().is_some_and(|(key, _)| rank(key) == 0) {
                1
            } else {
                2
            };
            texts.iter().take(enough).map(|(_, text)| *text).collect()
        }
        Value::Array(items) => items
            .iter()
            .filter_map(Value::as_str)
            .filter(|text| short(text))
            .take(4)
            .collect(),
        _ => Vec::new(),
    };
    parts.join(" ")
}
