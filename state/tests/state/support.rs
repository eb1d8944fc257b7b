//! What the tests share: events, runs, and children.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use stepwell_engine::event::{Actor, End, EventBody, RunCreated, SuspendReason};
use stepwell_engine::{Event, GRAPH_VERSION, Journal as _, RunId, Timestamp};
use stepwell_state::{Access, Store};
use tempfile::TempDir;

/// A fresh folder and the path of a state file in it.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("state.db");
    (dir, path)
}

pub(crate) fn open(path: &Path) -> Store {
    Store::open(path, Access::ReadWrite).expect("the state opens")
}

/// Runs async code to its end.
pub(crate) fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
        .block_on(work)
}

pub(crate) fn actor() -> Actor {
    Actor {
        host: "bastion".to_owned(),
        user: "ada".to_owned(),
        pid: 4711,
        version: "stepwell 0.1.0".to_owned(),
    }
}

pub(crate) fn account() -> Value {
    json!({"kind": "sandbox", "id": "000000000001"})
}

pub(crate) fn created(target: &str) -> RunCreated {
    RunCreated {
        account: account(),
        by: actor(),
        graph_version: GRAPH_VERSION,
        ..RunCreated::new("aurora create", target, json!({"cluster": "keycloak"}))
    }
}

/// An event recorded `seq` milliseconds after the epoch's first million.
pub(crate) fn event(run: RunId, seq: u32, body: EventBody) -> Event {
    Event {
        run,
        seq,
        at: Timestamp(1_000_000 + i64::from(seq)),
        body,
    }
}

pub(crate) fn beginning(run: RunId) -> Event {
    event(run, 0, EventBody::RunCreated(created("aurora/x").into()))
}

/// Some event that any run may have anywhere, as far as a journal knows.
pub(crate) fn resumed(run: RunId, seq: u32) -> Event {
    event(run, seq, EventBody::RunResumed { by: actor() })
}

pub(crate) fn started(run: RunId, seq: u32) -> Event {
    event(
        run,
        seq,
        EventBody::AttemptStarted {
            step: "vpc".into(),
            attempt: seq,
            verb: stepwell_engine::event::Verb::Run,
        },
    )
}

pub(crate) fn ended(run: RunId, seq: u32, end: End) -> Event {
    event(run, seq, EventBody::RunEnded(end))
}

pub(crate) fn suspended(run: RunId, seq: u32, reason: SuspendReason) -> Event {
    event(run, seq, EventBody::RunSuspended(reason))
}

pub(crate) fn append(store: &Store, events: Vec<Event>) {
    block(store.append(events)).expect("the events are appended");
}

/// Forgets what ended before a time.
pub(crate) fn prune(store: &Store, before: i64) -> u64 {
    let old = store.prunable(0, Some(Timestamp(before))).expect("a list");
    let old: Vec<RunId> = old.iter().map(|row| row.id).collect();
    store.prune(&old).expect("pruned")
}

/// An error with all its causes, as a person reads it.
pub(crate) fn story(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The variable that tells a child which state file to use.
const CHILD: &str = "STATE_TEST_CHILD";

/// In a child: the state file; in the ordinary run of tests: nothing, and the
/// child's test passes without doing anything.
pub(crate) fn child_path() -> Option<PathBuf> {
    std::env::var_os(CHILD).map(PathBuf::from)
}

/// A command that runs one of this binary's tests as a child on a state file.
pub(crate) fn child(program: &Path, test: &str, path: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(CHILD, path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

pub(crate) fn this_program() -> PathBuf {
    std::env::current_exe().expect("the test's own path")
}

/// How many cases to try: `usual`, unless the environment asks for more.
pub(crate) fn cases(variable: &str, usual: usize) -> usize {
    let asked = std::env::var(variable).ok();
    asked.map_or(usual, |text| text.parse().expect("a number"))
}

/// All that lies in a folder, with its content.
pub(crate) fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let plain = path.symlink_metadata().expect("a look").is_file();
        let bytes = if plain {
            std::fs::read(&path).expect("a file")
        } else {
            Vec::new()
        };
        found.push((path, bytes));
    }
    found.sort();
    found
}
