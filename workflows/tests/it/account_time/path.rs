//! The critical path of a run: the steps that its end waited for.

use std::collections::HashMap;
use std::time::Duration;

use stepwell_engine::event::{EventBody, RunCreated, Verb};
use stepwell_engine::{Event, Timestamp};

/// The beginning of a table of [`row`]s.
pub(crate) const HEADER: &str =
    "| Run | Minutes | What it waits for, one after the other |\n|---|---|---|";

/// What takes less is not named.
const SHORT: Duration = Duration::from_secs(10);

/// A step of the path, and the time from the end of the one before to its own.
struct Waited<'a> {
    step: &'a str,
    time: Duration,
}

fn ends(events: &[Event]) -> HashMap<&str, Timestamp> {
    let mut ends = HashMap::new();
    for event in events {
        if let EventBody::AttemptSucceeded {
            step,
            verb: Verb::Run,
            ..
        } = &event.body
        {
            ends.insert(&**step, event.at);
        }
    }
    ends
}

/// From the last step back to the first: the parent that ended last is the one
/// that was waited for.
fn critical<'a>(created: &'a RunCreated, events: &'a [Event]) -> Vec<Waited<'a>> {
    let ends = ends(events);
    let end = |place: usize| ends.get(&*created.steps[place].name).copied();
    let begun = events[0].at;
    let mut path = Vec::new();
    let mut at = (0..created.steps.len()).max_by_key(|&place| end(place));
    while let Some(place) = at {
        let step = &created.steps[place];
        let before = step.parents().into_iter().map(|parent| parent as usize);
        at = before.max_by_key(|&parent| end(parent));
        let from = at.and_then(end).unwrap_or(begun);
        path.push(Waited {
            step: &step.name,
            time: end(place).unwrap_or(begun).since(from),
        });
    }
    path.reverse();
    path
}

fn minutes(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() / 60.0)
}

/// A line of a table in Markdown.
pub(crate) fn row(name: &str, events: &[Event]) -> String {
    let EventBody::RunCreated(created) = &events[0].body else {
        panic!("a history has a beginning");
    };
    let last = events.last().expect("an event");
    let path = critical(created, events);
    let (short, long): (Vec<&Waited>, Vec<&Waited>) =
        path.iter().partition(|waited| waited.time < SHORT);
    let mut parts: Vec<String> = long
        .iter()
        .map(|waited| format!("{} {}", waited.step, minutes(waited.time)))
        .collect();
    if !short.is_empty() {
        let time = short.iter().map(|waited| waited.time).sum();
        parts.push(format!("{} short steps {}", short.len(), minutes(time)));
    }
    let total = last.at.since(events[0].at);
    format!("| {name} | {} | {} |", minutes(total), parts.join(", "))
}
