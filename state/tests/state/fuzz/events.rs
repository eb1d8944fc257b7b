//! Events as text, there and back, and texts that are none.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use stepwell_engine::event::EventBody;
use stepwell_engine::{Event, Machine, RunId, Timestamp};

use super::history::{stories, values};
use super::possible::impossible;
use stepwell_testkit::{Tally, fuzz};

const KINDS: [&str; 14] = [
    "run_created",
    "run_resumed",
    "rollback_started",
    "rollback_options_given",
    "parameters_changed",
    "step_waived",
    "step_done",
    "step_retried",
    "attempt_started",
    "attempt_succeeded",
    "attempt_failed",
    "attempt_interrupted",
    "run_suspended",
    "run_ended",
];

#[test]
fn every_kind_of_event_survives_its_text() {
    fuzz(
        "histories told and read again",
        800,
        &KINDS,
        stories(),
        |story, tally| {
            let events = story.tell(RunId::from_u128(1));
            for event in &events {
                let text = serde_json::to_string(event).expect("text");
                let read: Event = serde_json::from_str(&text).expect("an event");
                assert_eq!(&read, event, "{text}");
                tally.count(event.body.kind());
            }
            Machine::replay(&events).expect("a history");
            assert_eq!(impossible(&events), None);
        },
    );
}

/// What is done to a document.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Value(Vec<Index>, Value),
    Gone(Vec<Index>),
    Swapped(Vec<Index>, Vec<Index>),
    Byte(Index, u8),
    Cut(Index),
    Deep(u16),
}

pub(super) fn changes() -> impl Strategy<Value = Change> {
    let place = || prop::collection::vec(any::<Index>(), 1..7);
    let known = select(vec![
        json!("run"),
        json!("undo"),
        json!("made"),
        json!("undone"),
        json!("kept"),
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(u32::MAX),
        json!(u64::MAX),
        json!(-1),
        json!(true),
        json!(false),
        json!(null),
        json!("retry"),
        json!("give_up"),
        json!("suspend"),
        json!("failed"),
        json!("operator"),
        json!("interrupted"),
        json!("requested"),
        json!("succeeded"),
        json!("rolled_back"),
        json!("stuck"),
        json!("attempt_started"),
        json!("run_resumed"),
        json!("nobody"),
        json!([]),
        json!({}),
        json!([0]),
        json!("create"),
        json!("wait"),
    ]);
    prop_oneof![
        10 => (place(), known).prop_map(|(place, value)| Change::Value(place, value)),
        2 => (place(), values()).prop_map(|(place, value)| Change::Value(place, value)),
        2 => place().prop_map(Change::Gone),
        3 => (place(), place()).prop_map(|(one, other)| Change::Swapped(one, other)),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => any::<Index>().prop_map(Change::Cut),
        1 => (0..3000_u16).prop_map(Change::Deep),
    ]
}

/// The value to which the path leads, or as far as it does.
fn find<'a>(document: &'a mut Value, path: &[Index]) -> &'a mut Value {
    let Some((first, rest)) = path.split_first() else {
        return document;
    };
    let place = match &*document {
        Value::Object(map) if !map.is_empty() => first.index(map.len()),
        Value::Array(list) if !list.is_empty() => first.index(list.len()),
        _ => return document,
    };
    let inner = match document {
        Value::Object(map) => map.values_mut().nth(place),
        Value::Array(list) => list.get_mut(place),
        _ => None,
    };
    find(inner.expect("it is there"), rest)
}

impl Change {
    /// The text with the change.
    pub(super) fn apply(&self, text: &str) -> Vec<u8> {
        let mut document: Value = serde_json::from_str(text).expect("JSON");
        let mut bytes = text.as_bytes().to_vec();
        match self {
            Self::Value(path, value) => *find(&mut document, path) = value.clone(),
            Self::Gone(path) => match find(&mut document, &path[..path.len() - 1]) {
                Value::Object(map) if !map.is_empty() => {
                    let key = path[path.len() - 1].index(map.len());
                    let key = map.keys().nth(key).cloned().expect("a key");
                    map.remove(&key);
                }
                Value::Array(list) => drop(list.pop()),
                _ => {}
            },
            Self::Swapped(one, other) => {
                let taken = find(&mut document, one).clone();
                let held = std::mem::replace(find(&mut document, other), taken);
                *find(&mut document, one) = held;
            }
            Self::Byte(at, byte) => {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
                return bytes;
            }
            Self::Cut(at) => {
                bytes.truncate(at.index(bytes.len()));
                return bytes;
            }
            Self::Deep(depth) => {
                let depth = usize::from(*depth);
                let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
                return text
                    .replacen("\"data\":", &format!("\"data\":{deep},\"x\":"), 1)
                    .into();
            }
        }
        serde_json::to_vec(&document).expect("text")
    }
}

/// Whether there is a number whose last digit may be read as another.
fn has_fraction(text: &[u8]) -> bool {
    fn any(value: &Value) -> bool {
        match value {
            Value::Number(number) => number.is_f64(),
            Value::Array(list) => list.iter().any(any),
            Value::Object(map) => map.values().any(any),
            _ => false,
        }
    }
    serde_json::from_slice(text).is_ok_and(|value| any(&value))
}

#[test]
fn what_is_no_event_is_refused_and_what_is_one_replays_or_not() {
    let strategy = (stories(), any::<Index>(), changes());
    let kinds = ["no event", "refused by the machine", "accepted"];
    let test = |(story, at, change): (super::history::Story, Index, Change), tally: &Tally| {
        let mut events = story.tell(RunId::from_u128(1));
        let at = at.index(events.len());
        let text = serde_json::to_string(&events[at].body).expect("text");
        let changed = change.apply(&text);
        let Ok(body) = serde_json::from_slice::<EventBody>(&changed) else {
            return tally.count("no event");
        };
        // What is read can be written, and read again as the same.
        let written = serde_json::to_string(&body).expect("text");
        let again: EventBody = serde_json::from_str(&written).expect("an event");
        assert!(again == body || has_fraction(&changed), "{written}");
        events[at].body = body;
        let Ok(machine) = Machine::replay(&events) else {
            return tally.count("refused by the machine");
        };
        tally.count("accepted");
        assert_eq!(impossible(&events), None, "accepted {written}");
        // And whoever takes it up has a machine that works.
        let mut machine = machine;
        machine.output();
        machine.blame();
        let next = machine.decide(Timestamp(0), &|_, _| Vec::new());
        assert!(next.is_ok(), "{next:?}");
    };
    fuzz("events with a change", 3000, &kinds, strategy, test);
}

#[test]
fn bytes_are_no_event() {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        "\\{\"kind\":\"[a-z_]{0,20}\",\"data\":[\\[\\]{}\":,a-z0-9.eE+-]{0,60}\\}"
            .prop_map(String::into_bytes),
        (select(KINDS.to_vec()), values()).prop_map(|(kind, data)| {
            json!({ "kind": kind, "data": data })
                .to_string()
                .into_bytes()
        }),
    ];
    fuzz(
        "bytes read as an event",
        3000,
        &["no event"],
        bytes,
        |bytes, tally| {
            tally.count(match serde_json::from_slice::<EventBody>(&bytes) {
                Ok(_) => "event",
                Err(_) => "no event",
            });
            let _ = serde_json::from_slice::<Event>(&bytes);
            let _ = std::str::from_utf8(&bytes).map(str::parse::<RunId>);
        },
    );
}
