//! What must hold of a scenario's account and histories.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use stepwell_engine::machine::Phase;
use stepwell_engine::{Event, Machine};

use super::subject::Subject;
use crate::support::{World, timestamps_are_ordered};

/// The history is one that the machine could have written, in order, and
/// leaves no attempt open and nothing in doubt.
pub(crate) fn is_whole(events: &[Event]) -> Result<(), String> {
    if !timestamps_are_ordered(events) {
        return Err("the times of a history go back".to_owned());
    }
    let machine = Machine::replay(events).map_err(|error| error.to_string())?;
    for record in machine.created().steps.iter() {
        let id = machine.shape().find(&record.name).expect("a step");
        let step = machine.step(id);
        if matches!(step.phase, Phase::Running | Phase::Undoing) || step.in_doubt {
            return Err(format!("step {} is left {:?}", record.name, step.phase));
        }
    }
    Ok(())
}

/// While a create is under way, there is never more of anything than in the
/// end.
pub(crate) fn nothing_twice(world: &World, subject: Subject, seen: &Value) -> Result<(), String> {
    if !matches!(subject, Subject::Create { .. } | Subject::Restore { .. }) {
        return Ok(());
    }
    let wanted = by_kind(seen.as_object().expect("a census"));
    let census = serde_json::to_value(world.census()).expect("a census");
    for (kind, count) in by_kind(census.as_object().expect("a census")) {
        if count > wanted.get(&kind).copied().unwrap_or_default() {
            return Err(format!("{count} of {kind}"));
        }
    }
    Ok(())
}

fn by_kind(census: &Map<String, Value>) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for (key, count) in census {
        let kind = key.split(' ').next().unwrap_or_default();
        *kinds.entry(kind.to_owned()).or_default() += count.as_u64().unwrap_or_default();
    }
    kinds
}

/// An error that names each difference.
pub(crate) fn equal(what: &str, found: &Value, wanted: &Value) -> Result<(), String> {
    let mut lines = vec![format!("{what}:")];
    differences("", found, wanted, &mut lines);
    if lines.len() == 1 {
        Ok(())
    } else {
        Err(lines.join("\n"))
    }
}

fn differences(path: &str, found: &Value, wanted: &Value, lines: &mut Vec<String>) {
    match (found, wanted) {
        (Value::Object(one), Value::Object(other)) => {
            let names = one
                .keys()
                .chain(other.keys().filter(|name| !one.contains_key(*name)));
            for name in names {
                let (one, other) = (one.get(name), other.get(name));
                let or_null = |value: Option<&Value>| value.cloned().unwrap_or_default();
                differences(
                    &format!("{path}/{name}"),
                    &or_null(one),
                    &or_null(other),
                    lines,
                );
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (place, (one, other)) in one.iter().zip(other).enumerate() {
                differences(&format!("{path}/{place}"), one, other, lines);
            }
        }
        _ if found == wanted => {}
        _ => lines.push(format!("{path}: found {found}, wanted {wanted}")),
    }
}
