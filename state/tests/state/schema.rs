//! The schema: a fixture of every version opens, and a newer one is refused.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};
use stepwell_engine::event::{End, EventBody, Leftover, Outcome, RollbackCause, SuspendReason};
use stepwell_engine::event::{Then, Verb};
use stepwell_engine::machine::Status;
use stepwell_engine::{
    Effect, Event, Fault, GRAPH_VERSION, Machine, RunId, StepRecord, Timestamp, Wiring,
};
use stepwell_state::{Access, OpenError, RunFilter, RunStatus, Store, Verdict};

use crate::support::{account, actor, append, created, open, place, story};

const FIXTURES: [&str; 4] = [
    include_str!("../fixtures/v1.sql"),
    include_str!("../fixtures/v2.sql"),
    include_str!("../fixtures/v3.sql"),
    include_str!("../fixtures/v4.sql"),
];

/// The run of the fixtures of versions 1 to 3: every kind of event, every outcome,
/// a rollback that got stuck and was continued. Its graph is recorded by names.
pub(crate) fn history() -> Vec<Event> {
    told(0, |_| Value::Null)
}

/// The run of the later fixtures: its graph is recorded whole.
fn whole_history() -> Vec<Event> {
    told(GRAPH_VERSION, |name| json!({ "name": name, "size": 3 }))
}

fn told(graph_version: u32, data: impl Fn(&str) -> Value) -> Vec<Event> {
    let mut facts = created("aurora/eu-west-1/keycloak");
    facts.graph_version = graph_version;
    let steps = [
        ("vpc", Effect::Create, vec![]),
        ("subnet", Effect::Create, vec![0]),
        ("zone", Effect::Create, vec![0]),
        ("role", Effect::Create, vec![]),
        ("ready", Effect::Wait, vec![1]),
    ]
    .into_iter()
    .map(
        |(name, effect, needs): (&str, Effect, Vec<u32>)| StepRecord {
            name: name.into(),
            kind: format!("create-{name}"),
            effect,
            data: data(name),
            limit: None,
            input: match (graph_version, &needs[..]) {
                (1.., &[parent]) => Wiring::List(vec![Wiring::Output(parent), Wiring::Nothing]),
                _ => Wiring::Nothing,
            },
            after: needs,
        },
    );
    facts.steps = steps.collect();
    facts.output = Some("ready".into());
    let run: RunId = "01890a5d-ac96-774b-bcce-b302099a8057"
        .parse()
        .expect("an id");
    let (mut machine, first) =
        Machine::create(run, Timestamp(1_700_000_000_000), facts).expect("a run");
    let mut events = vec![first];
    for body in bodies() {
        let at = Timestamp(1_700_000_000_000 + 250 * events.len() as i64);
        let kind = body.kind();
        match machine.record(at, body) {
            Ok(event) => events.push(event),
            Err(error) => panic!("event {} ({kind}): {error}", events.len()),
        }
    }
    events
}

fn bodies() -> Vec<EventBody> {
    let start = |step: &str, attempt, verb| EventBody::AttemptStarted {
        step: step.into(),
        attempt,
        verb,
    };
    let done = |step: &str, attempt, verb, outcome| EventBody::AttemptSucceeded {
        step: step.into(),
        attempt,
        verb,
        outcome,
    };
    let fail = |step: &str, attempt, verb, fault, then| EventBody::AttemptFailed {
        step: step.into(),
        attempt,
        verb,
        fault,
        reached: true,
        in_doubt: false,
        then,
    };
    let lost = Fault::transient("the connection broke");
    let mut wrong = Fault::permanent("the zone is not there")
        .with_code("InvalidParameterValue")
        .with_request_id(Some("5b5b"))
        .with_hint("choose another zone");
    wrong.causes = vec!["status 400".to_owned()];
    let (run, undo) = (Verb::Run, Verb::Undo);
    let by = actor;
    let made = |id: &str| Outcome::Made {
        output: json!({"id": id, "text": "it's \"quoted\"\n\u{1f980}", "n": 1.5, "none": null}),
    };
    let again = |at| Then::Retry { at: Timestamp(at) };
    vec![
        start("vpc", 1, run),
        start("role", 1, run),
        done("vpc", 1, run, made("vpc-1")),
        done(
            "role",
            1,
            run,
            Outcome::Theirs {
                output: json!("role-1"),
            },
        ),
        start("subnet", 1, run),
        start("zone", 1, run),
        EventBody::AttemptFailed {
            step: "subnet".into(),
            attempt: 1,
            verb: run,
            fault: lost,
            reached: true,
            in_doubt: true,
            then: again(1_700_000_009_000),
        },
        EventBody::AttemptInterrupted {
            step: "zone".into(),
            attempt: 1,
            verb: run,
            reached: true,
        },
        EventBody::RunSuspended(SuspendReason::Interrupted),
        EventBody::RunResumed { by: by() },
        start("subnet", 2, run),
        done(
            "subnet",
            2,
            run,
            Outcome::Ours {
                output: json!({"id": "subnet-1"}),
            },
        ),
        start("zone", 2, run),
        start("ready", 1, run),
        EventBody::AttemptInterrupted {
            step: "ready".into(),
            attempt: 1,
            verb: run,
            reached: true,
        },
        fail(
            "zone",
            2,
            run,
            Fault::operator("the token expired"),
            Then::Suspend,
        ),
        EventBody::RunSuspended(SuspendReason::Operator {
            step: "zone".into(),
        }),
        EventBody::RunResumed { by: by() },
        start("zone", 3, run),
        fail("zone", 3, run, wrong, Then::GiveUp),
        EventBody::RollbackStarted(RollbackCause::Failed {
            step: "zone".into(),
        }),
        start("zone", 1, undo),
        start("subnet", 1, undo),
        done("zone", 1, undo, Outcome::NothingToUndo),
        fail(
            "subnet",
            1,
            undo,
            Fault::permanent("it is in use"),
            Then::GiveUp,
        ),
        EventBody::RunEnded(End::Stuck {
            leftovers: vec![Leftover {
                step: "subnet".into(),
                ids: vec!["subnet-1".to_owned()],
                why: "it is in use".to_owned(),
            }],
        }),
        EventBody::RunResumed { by: by() },
        start("subnet", 2, undo),
        done("subnet", 2, undo, Outcome::Kept { owner: None }),
        start("vpc", 1, undo),
        done("vpc", 1, undo, Outcome::Undone),
        EventBody::RunEnded(End::RolledBack { waived: Vec::new() }),
    ]
}

pub(crate) const FIRST: &str = FIXTURES[0];

pub(crate) fn load(path: &Path, sql: &str) -> Connection {
    let connection = Connection::open(path).expect("opened");
    connection.execute_batch(sql).expect("the fixture loads");
    connection
}

/// Everything that makes up a schema, as text.
fn schema(connection: &Connection) -> Vec<String> {
    let mut statement = connection
        .prepare("SELECT name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name")
        .expect("prepared");
    let rows = statement.query_map([], |row| row.get(0)).expect("read");
    let mut schema: Vec<String> = rows.collect::<Result<_, _>>().expect("read");
    for pragma in ["user_version", "application_id"] {
        let value: i64 = connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .expect("read");
        schema.push(format!("{pragma}: {value}"));
    }
    schema
}

#[test]
fn every_version_is_read_replayed_and_whole() {
    for (version, fixture) in (1..).zip(FIXTURES) {
        let (_dir, path) = place();
        drop(load(&path, fixture));
        for access in [Access::ReadOnly, Access::ReadWrite] {
            let store = Store::open(&path, access).expect("opened");
            let rows = store.runs(&RunFilter::default()).expect("a list");
            assert_eq!(rows.len(), 1, "version {version}");
            assert_eq!(rows[0].status, RunStatus::RolledBack);
            assert_eq!(rows[0].account, account());
            let events = store.events(rows[0].id).expect("events");
            let expected = match version {
                1..=3 => history(),
                _ => whole_history(),
            };
            assert_eq!(events, expected);
            let machine = Machine::replay(&events).expect("replayed");
            let end = End::RolledBack { waived: Vec::new() };
            assert_eq!(*machine.status(), Status::Ended(end));
            if access == Access::ReadWrite {
                let verdict = store.verify(rows[0].id).expect("verified");
                assert!(
                    matches!(verdict, Some(Verdict::Whole { .. })),
                    "version {version}: {verdict:?}"
                );
            }
        }
    }
}

#[test]
fn every_version_becomes_the_fresh_schema() {
    let (_dir, path) = place();
    drop(open(&path));
    let fresh = schema(&Connection::open(&path).expect("opened"));
    for fixture in FIXTURES {
        let (_dir, path) = place();
        drop(load(&path, fixture));
        drop(open(&path));
        assert_eq!(schema(&Connection::open(&path).expect("opened")), fresh);
    }
}

/// Reading does not upgrade, so a program that only looks must understand the
/// older versions as they are.
#[test]
fn reading_leaves_an_older_version_as_it_is() {
    let (_dir, path) = place();
    drop(load(&path, FIXTURES[0]));
    let store = Store::open(&path, Access::ReadOnly).expect("opened");
    let run = store.runs(&RunFilter::default()).expect("a list")[0].id;
    assert_eq!(
        store.verify(run).expect("read"),
        Some(Verdict::Unchained {
            events: history().len() as u32
        })
    );
    let raw = Connection::open(&path).expect("opened");
    assert!(schema(&raw).contains(&"user_version: 1".to_owned()));
}

#[test]
fn every_kind_of_event_is_in_the_fixture() {
    let mut kinds: Vec<&str> = history().iter().map(|event| event.body.kind()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(
        kinds,
        [
            "attempt_failed",
            "attempt_interrupted",
            "attempt_started",
            "attempt_succeeded",
            "rollback_started",
            "run_created",
            "run_ended",
            "run_resumed",
            "run_suspended",
        ]
    );
}

#[test]
fn a_newer_version_is_refused_and_left_alone() {
    let (_dir, path) = place();
    drop(open(&path));
    let raw = Connection::open(&path).expect("opened");
    raw.pragma_update(None, "user_version", 9).expect("changed");
    for access in [Access::ReadWrite, Access::ReadOnly] {
        let error = Store::open(&path, access).expect_err("refused");
        assert!(matches!(
            error,
            OpenError::Newer {
                found: 9,
                known: 4,
                ..
            }
        ));
        assert_eq!(
            story(&error),
            format!(
                "the state file {} has schema version 9, but this program knows only up to 4",
                path.display()
            )
        );
    }
    drop(raw);
    assert!(
        schema(&Connection::open(&path).expect("opened")).contains(&"user_version: 9".to_owned())
    );
}

#[test]
fn many_may_make_the_file_at_once() {
    for _ in 0..20 {
        let (_dir, path) = place();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| drop(open(&path)));
            }
        });
        assert!(Store::open(&path, Access::ReadOnly).is_ok());
    }
}

#[test]
fn the_views_are_for_people() {
    let (_dir, path) = place();
    let store = open(&path);
    append(&store, history());
    let raw = Connection::open(&path).expect("opened");
    let line = |sql: &str| -> String { raw.query_row(sql, [], |row| row.get(0)).expect("a row") };
    assert_eq!(
        line(
            "SELECT concat_ws(' ', run, workflow, target, seq, time, kind, step, attempt, data)
             FROM history WHERE seq = 1"
        ),
        "01890a5d-ac96-774b-bcce-b302099a8057 aurora create aurora/eu-west-1/keycloak 1 \
         2023-11-14T22:13:20.250Z attempt_started vpc 1 \
         {\"step\":\"vpc\",\"attempt\":1,\"verb\":\"run\"}"
    );
    drop(raw);
    let (_dir, path) = place();
    let store = open(&path);
    append(&store, whole_history());
    let raw = Connection::open(&path).expect("opened");
    let line = |sql: &str| -> String { raw.query_row(sql, [], |row| row.get(0)).expect("a row") };
    assert_eq!(
        line(
            "SELECT concat_ws(' ', place, name, type, effect, data, input, after) FROM step WHERE place = 1"
        ),
        "1 subnet create-subnet create {\"name\":\"subnet\",\"size\":3} [0,null] [0]"
    );
    assert_eq!(
        line("SELECT concat_ws(' ', workflow, target, status, started, ended) FROM run_list"),
        "aurora create aurora/eu-west-1/keycloak rolled_back \
         2023-11-14T22:13:20.000Z 2023-11-14T22:13:28.000Z"
    );
}

/// Writes the fixture of the present version. To be run by hand, once, when a
/// version is made; a released fixture never changes.
#[test]
#[ignore = "writes a fixture"]
fn write_fixture() {
    let (_dir, path) = place();
    append(&open(&path), whole_history());
    let raw = Connection::open(&path).expect("opened");
    let lines = |sql: &str| -> Vec<String> {
        let mut statement = raw.prepare(sql).expect("prepared");
        let rows = statement.query_map([], |row| row.get(0)).expect("read");
        rows.collect::<Result<_, _>>().expect("read")
    };
    let mut dump = lines(
        "SELECT sql || ';' FROM sqlite_schema WHERE sql NOT NULL AND name != 'sqlite_sequence'",
    );
    for pragma in ["application_id", "user_version"] {
        let value: i64 = raw
            .pragma_query_value(None, pragma, |row| row.get(0))
            .expect("read");
        dump.push(format!("PRAGMA {pragma} = {value};"));
    }
    dump.extend(lines(
        "SELECT format('INSERT INTO run VALUES (%d, %Q, %Q, %Q, %Q, %Q, %d, %s, x''%s'');',
         number, id, workflow, target, account, status, started_at, coalesce(ended_at, 'NULL'),
         hex(head)) FROM run",
    ));
    dump.extend(lines(
        "SELECT format('INSERT INTO event VALUES (%d, %d, %d, %Q, x''%s'');',
         run, seq, at, body, hex(link)) FROM event",
    ));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v4.sql");
    std::fs::write(file, dump.join("\n") + "\n").expect("written");
}
