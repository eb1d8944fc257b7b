//! A file that something else wrote to: nothing ends the program, what is
//! changed is noticed, and no other run suffers.

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rusqlite::{Connection, params};
use stepwell_engine::{Event, Journal as _, Machine, RunId, Timestamp};
use stepwell_state::{Access, RunFilter, Store, Verdict};

use super::events::{Change, changes};
use super::history::{Story, stories};
use super::possible::impossible;
use crate::support::{append, block, place, prune, resumed, story};
use stepwell_testkit::{Tally, fuzz};

/// What is done to the rows of a run.
#[derive(Debug, Clone)]
enum Damage {
    /// The text of an event.
    Body(Index, Change),
    /// The text of an event is another's.
    Text(Index, Index),
    /// A number of an event.
    Number(Index, &'static str, i64),
    Deleted(Index),
    /// An event that stands once more, further on.
    Twice(Index, u32),
    /// An event of the other run.
    Foreign(Index),
    /// A field of the run's row.
    Row(&'static str, &'static str),
}

fn damages() -> impl Strategy<Value = Damage> {
    let number = select(vec![
        -1,
        0,
        1,
        2,
        1000,
        i64::from(u32::MAX),
        i64::from(u32::MAX) + 1,
        i64::MAX,
        i64::MIN,
    ]);
    let row = select(vec![
        ("status", "'merry'"),
        ("status", "'succeeded'"),
        ("status", "CAST(x'ff' AS TEXT)"),
        ("account", "'{'"),
        ("account", "'null'"),
        ("target", "''"),
        ("workflow", "x'00' || 'x'"),
        ("started_at", "9223372036854775807"),
        ("started_at", "-9223372036854775808"),
        ("ended_at", "-1"),
        ("ended_at", "9223372036854775807"),
        ("head", "NULL"),
        ("head", "x'00'"),
        ("head", "randomblob(32)"),
        ("id", "'not an id'"),
        ("id", "''"),
        ("id", "CAST(x'ff' AS TEXT)"),
        ("id", "upper(id)"),
        ("number", "-5"),
        ("number", "9223372036854775807"),
    ]);
    let index = any::<Index>;
    prop_oneof![
        6 => (index(), changes()).prop_map(|(at, change)| Damage::Body(at, change)),
        2 => (index(), index()).prop_map(|(at, other)| Damage::Text(at, other)),
        4 => (index(), select(vec!["seq", "at", "run"]), number)
            .prop_map(|(at, field, number)| Damage::Number(at, field, number)),
        1 => index().prop_map(Damage::Deleted),
        1 => (index(), 0..3_u32).prop_map(|(at, more)| Damage::Twice(at, more)),
        1 => index().prop_map(Damage::Foreign),
        4 => row.prop_map(|(field, value)| Damage::Row(field, value)),
    ]
}

impl Damage {
    /// Does it to the run whose number is 1; an error is SQLite's refusal.
    fn apply(&self, file: &Connection, events: &[Event]) -> rusqlite::Result<usize> {
        let seq = |at: &Index| events[at.index(events.len())].seq;
        match self {
            Self::Body(at, change) => {
                let event = &events[at.index(events.len())];
                let text = serde_json::to_string(&event.body).expect("text");
                file.execute(
                    "UPDATE event SET body = CAST(?2 AS TEXT) WHERE run = 1 AND seq = ?1",
                    params![event.seq, change.apply(&text)],
                )
            }
            Self::Text(at, other) => file.execute(
                "UPDATE event SET body = (SELECT body FROM event WHERE run = 1 AND seq = ?2)
                 WHERE run = 1 AND seq = ?1",
                [seq(at), seq(other)],
            ),
            Self::Number(at, field, number) => file.execute(
                &format!("UPDATE event SET {field} = ?2 WHERE run = 1 AND seq = ?1"),
                params![seq(at), number],
            ),
            Self::Deleted(at) => {
                file.execute("DELETE FROM event WHERE run = 1 AND seq = ?1", [seq(at)])
            }
            Self::Twice(at, more) => file.execute(
                "INSERT INTO event SELECT 1, ?2, at, body, link FROM event
                 WHERE run = 1 AND seq = ?1",
                [seq(at), events.len() as u32 + more],
            ),
            Self::Foreign(at) => file.execute(
                "UPDATE event SET (body, link, at) =
                     (SELECT body, link, at FROM event AS other
                      WHERE other.run = 2 AND other.seq = event.seq)
                 WHERE run = 1 AND seq = ?1",
                [seq(at)],
            ),
            Self::Row(field, value) => file.execute(
                &format!("UPDATE run SET {field} = {value} WHERE number = 1"),
                [],
            ),
        }
    }
}

/// Everything of the first run's rows.
fn rows(file: &Connection) -> Vec<String> {
    let mut rows = Vec::new();
    for sql in [
        "SELECT hex(id) || hex(workflow) || hex(target) || hex(account) || hex(status)
             || started_at || ifnull(ended_at, '-') || ifnull(hex(head), '-') || number
         FROM run ORDER BY rowid",
        "SELECT seq || ' ' || run || ' ' || at || hex(body) || ifnull(hex(link), '-')
         FROM event ORDER BY rowid",
    ] {
        let mut statement = file.prepare_cached(sql).expect("a statement");
        let found = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.extend(found.map(|row| row.expect("text")));
    }
    rows
}

fn write(path: &Path, stories: [&Story; 2]) -> [Vec<Event>; 2] {
    let store = Store::open(path, Access::ReadWrite).expect("opened");
    let runs = [run(0), run(1)];
    let told = [0, 1].map(|at| stories[at].tell(runs[at]));
    for events in &told {
        append(&store, events.clone());
    }
    told
}

/// Whether only the last events are lacking, and none of them is the run's own:
/// the row of a run tells of those alone, and a process that dies records as much.
fn is_unfinished(left: &[Event], events: &[Event]) -> bool {
    let of_run = |event: &Event| format!("{:?}", event.body).starts_with("Run");
    events
        .split_at_checked(left.len())
        .is_some_and(|(first, rest)| first == left && !rest.iter().any(of_run))
}

fn run(at: u32) -> RunId {
    let id = format!("01890a5d-ac96-774b-bcce-b302099a800{at}");
    id.parse().expect("an id")
}

fn file(path: &Path) -> Connection {
    let file = Connection::open(path).expect("opened");
    // The disk is not what is tested here.
    file.pragma_update(None, "synchronous", "OFF")
        .expect("a pragma");
    file
}

#[test]
fn whatever_is_written_to_the_file_is_noticed_and_harms_no_other_run() {
    let strategy = (stories(), stories(), prop::collection::vec(damages(), 1..3));
    let kinds = ["noticed", "whole", "events read", "events not read"];
    let (_folder, path) = place();
    drop(Store::open(&path, Access::ReadWrite).expect("made"));
    let test = |(one, other, damages): (Story, Story, Vec<Damage>), tally: &Tally| {
        let raw = file(&path);
        raw.execute_batch("DELETE FROM event; DELETE FROM run; DELETE FROM sqlite_sequence;")
            .expect("emptied");
        let [events, witness] = write(&path, [&one, &other]);
        let before = rows(&raw);
        for damage in &damages {
            // What breaks a rule of the schema can't be written.
            let _ = damage.apply(&raw, &events);
        }
        let changed = rows(&raw) != before;
        let store = Store::open(&path, Access::ReadWrite).expect("opened");

        // The other run.
        let foreign = damages.iter().any(|damage| {
            matches!(
                damage,
                Damage::Number(_, "run", _) | Damage::Row("number", _)
            )
        });
        let listed = store.runs(&RunFilter::default()).expect("a list");
        assert!(
            listed.iter().any(|row| row.id == run(1)),
            "the other run is not listed"
        );
        assert_eq!(store.find(&run(1).to_string()).expect("found").id, run(1));
        assert!(store.find("latest").is_ok());
        if !foreign {
            assert_eq!(store.events(run(1)).expect("events"), witness);
            let verdict = store.verify(run(1)).expect("verified");
            assert!(
                matches!(verdict, Some(Verdict::Whole { .. })),
                "{verdict:?}"
            );
            let next = resumed(run(1), witness.len() as u32);
            block(store.append(vec![next])).expect("appended");
        }

        // The run itself: listed, or told among those that can't be.
        let unreadable = store.unreadable().expect("a list");
        assert!(
            listed.len() + unreadable.len() >= 2,
            "{listed:?} {unreadable:?}"
        );
        for one in &unreadable {
            assert!(!one.why.is_empty());
        }
        match store.events(run(0)) {
            Ok(read) => {
                tally.count("events read");
                if let Ok(mut machine) = Machine::replay(&read) {
                    assert_eq!(impossible(&read), None);
                    let _ = machine.decide(Timestamp(0), &|_, _| Vec::new());
                }
            }
            Err(error) => {
                tally.count("events not read");
                let text = story(&error);
                assert!(text.contains("state.db"), "{text}");
                assert!(text.contains(&run(0).to_string()), "no run in {text}");
                assert!(text.contains("event"), "no event in {text}");
            }
        }
        match store.verify(run(0)) {
            Ok(Some(Verdict::Whole { .. })) => {
                tally.count("whole");
                let left = store.events(run(0)).expect("a whole history");
                assert!(
                    !changed || is_unfinished(&left, &events),
                    "nobody noticed {damages:?}"
                );
            }
            Ok(Some(Verdict::Unchained { .. })) => panic!("without a chain"),
            // The id is another.
            Ok(None) => {}
            Ok(Some(Verdict::Broken { why, .. })) => {
                tally.count("noticed");
                assert!(changed && !why.is_empty());
            }
            Err(error) => {
                tally.count("noticed");
                let text = story(&error);
                assert!(text.contains("state.db") && changed, "{text}");
            }
        }
        // Nothing is added where it does not fit, and nothing ends the program.
        let _ = block(store.append(vec![resumed(run(0), events.len() as u32)]));
        let _ = block(store.append(vec![resumed(run(0), u32::MAX)]));
        prune(&store, i64::MAX);
    };
    fuzz(
        "state files that something else wrote to",
        600,
        &kinds,
        strategy,
        test,
    );
}
