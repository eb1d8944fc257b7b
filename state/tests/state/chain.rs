//! The chain: whatever is changed in the file afterwards is seen.

use std::path::Path;

use rusqlite::Connection;
use stepwell_engine::{Event, Journal as _, JournalError, RunId};
use stepwell_state::{Store, Verdict};

use crate::schema::history;
use crate::support::{append, block, open, place, prune};

fn run() -> RunId {
    history()[0].run
}

/// A state file with one run, changed by `sql`, and what is said of it then.
#[track_caller]
fn after(events: &[Event], sql: &str) -> Verdict {
    let (_dir, path) = place();
    append(&open(&path), events.to_vec());
    let changed = raw(&path).execute_batch(sql);
    changed.unwrap_or_else(|error| panic!("{sql}: {error}"));
    verdict(&open(&path))
}

fn raw(path: &Path) -> Connection {
    Connection::open(path).expect("opened")
}

#[track_caller]
fn verdict(store: &Store) -> Verdict {
    store.verify(run()).expect("verified").expect("a run")
}

#[track_caller]
fn broken_at(verdict: Verdict) -> u32 {
    match verdict {
        Verdict::Broken { seq, .. } => seq,
        other => panic!("nobody noticed: {other:?}"),
    }
}

#[test]
fn what_was_recorded_is_whole_at_every_length() {
    let events = history();
    let (_dir, path) = place();
    let store = open(&path);
    let mut heads = Vec::new();
    for event in &events {
        append(&store, vec![event.clone()]);
        let Verdict::Whole { events, head } = verdict(&store) else {
            panic!("broken after {event:?}");
        };
        assert_eq!(events, event.seq + 1);
        heads.push(head.to_string());
    }
    heads.sort();
    heads.dedup();
    assert_eq!(
        heads.len(),
        events.len(),
        "each event has a link of its own"
    );
    // In one append or in many: the same events have the same links.
    let Verdict::Whole { head, .. } = after(&events, "") else {
        panic!("broken");
    };
    assert!(heads.contains(&head.to_string()));
}

#[test]
fn each_event_that_is_edited_is_named() {
    let events = history();
    for event in &events {
        let seq = event.seq;
        for change in [
            "at = at + 1",
            "body = replace(body, '}', ' }')",
            "link = randomblob(32)",
            "link = NULL",
            "link = x'00'",
        ] {
            let sql = format!("UPDATE event SET {change} WHERE seq = {seq}");
            assert_eq!(broken_at(after(&events, &sql)), seq, "{sql}");
        }
    }
}

#[test]
fn each_event_that_is_deleted_is_named() {
    let events = history();
    for event in &events {
        let seq = event.seq;
        let sql = format!("DELETE FROM event WHERE seq = {seq}");
        assert_eq!(broken_at(after(&events, &sql)), seq, "{sql}");
        // The rest moved up to hide the gap.
        let sql = format!(
            "{sql}; UPDATE event SET seq = -seq; UPDATE event SET seq = -seq - (-seq > {seq})"
        );
        assert_eq!(broken_at(after(&events, &sql)), seq, "{sql}");
        // The end cut off.
        let sql = format!("DELETE FROM event WHERE seq >= {seq}");
        assert_eq!(broken_at(after(&events, &sql)), seq, "{sql}");
    }
}

#[test]
fn events_that_change_places_or_are_added_are_named() {
    let events = history();
    let swap = "UPDATE event SET seq = -1 WHERE seq = 4; UPDATE event SET seq = 4 WHERE seq = 5;
                UPDATE event SET seq = 5 WHERE seq = -1";
    assert_eq!(broken_at(after(&events, swap)), 4);
    let last = events.len() as u32;
    let add =
        format!("INSERT INTO event SELECT run, {last}, at, body, link FROM event WHERE seq = 3");
    assert_eq!(broken_at(after(&events, &add)), last);
}

#[test]
fn a_row_that_says_something_else_is_noticed() {
    let events = history();
    for change in [
        "workflow = 'aurora delete'",
        "target = 'aurora/eu-west-1/other'",
        "account = '{}'",
        "started_at = started_at + 1",
    ] {
        assert_eq!(
            broken_at(after(&events, &format!("UPDATE run SET {change}"))),
            0,
            "{change}"
        );
    }
    let last = events.len() as u32 - 1;
    for status in ["succeeded", "stuck", "nonsense"] {
        let sql = format!("UPDATE run SET status = '{status}'");
        assert_eq!(broken_at(after(&events, &sql)), last, "{sql}");
    }
    assert_eq!(
        broken_at(after(&events, "UPDATE run SET head = NULL")),
        last + 1
    );
}

/// One run's chain does not fit another run: the origin is the run's id.
#[test]
fn a_history_that_is_given_to_another_run_is_noticed() {
    let (_dir, path) = place();
    append(&open(&path), history());
    let other = "01890a5d-ac96-774b-bcce-b302099a8058";
    raw(&path)
        .execute("UPDATE run SET id = ?1", [other])
        .expect("changed");
    let verdict = open(&path).verify(other.parse().expect("an id"));
    assert_eq!(broken_at(verdict.expect("verified").expect("a run")), 0);
}

#[test]
fn nothing_is_appended_to_a_chain_without_end() {
    let (_dir, path) = place();
    let events = history();
    append(&open(&path), events[..5].to_vec());
    raw(&path)
        .execute_batch("UPDATE event SET link = NULL WHERE seq = 4")
        .expect("changed");
    let store = open(&path);
    let error = block(store.append(events[5..6].to_vec())).expect_err("refused");
    let source = std::error::Error::source(&error)
        .expect("a cause")
        .to_string();
    assert!(source.contains("event 4: its link is missing"), "{source}");
    assert_eq!(store.events(run()).expect("events").len(), 5);
}

#[test]
fn a_run_that_is_not_there_has_no_verdict() {
    let (_dir, path) = place();
    assert_eq!(open(&path).verify(run()).expect("read"), None);
}

/// Each remembers where the history ended, and neither believes itself alone.
#[test]
fn two_that_write_in_turn_keep_one_chain() {
    let events = history();
    let (_dir, path) = place();
    let (one, other) = (open(&path), open(&path));
    append(&one, events[..2].to_vec());
    append(&other, events[2..4].to_vec());
    let late = block(one.append(events[2..3].to_vec()));
    assert!(matches!(late, Err(JournalError::Conflict { seq: 2, .. })));
    append(&one, events[4..6].to_vec());
    append(&one, events[6..8].to_vec());
    append(&other, events[8..].to_vec());
    let Verdict::Whole { events: count, .. } = verdict(&one) else {
        panic!("broken");
    };
    assert_eq!(count as usize, events.len());

    // What is forgotten may begin anew.
    prune(&one, i64::MAX);
    assert_eq!(one.verify(run()).expect("read"), None);
    for store in [&one, &other] {
        append(store, events.clone());
        assert!(matches!(verdict(store), Verdict::Whole { .. }));
        prune(store, i64::MAX);
    }
}
