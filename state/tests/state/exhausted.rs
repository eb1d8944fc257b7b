//! A full disk: no effect is performed that could not be journaled.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde::{Deserialize, Serialize};
use stepwell_engine::event::{EventBody, RunCreated};
use stepwell_engine::{
    Attempt, Effect, Executor, Fault, Graph, Handle, Journal as _, Registry, RunError, RunId, Step,
};
use stepwell_state::{RunStatus, StoreError};

use crate::support::{append, block, created, open, place, started, story};

#[derive(Serialize, Deserialize)]
struct Count;

impl Step for Count {
    type Context = AtomicU32;
    type Input = Vec<String>;
    type Output = String;
    const KIND: &'static str = "count";
    const EFFECT: Effect = Effect::Create;
    const REPEATABLE: bool = true;

    async fn run(&self, at: &Attempt<AtomicU32>, _: &Vec<String>) -> Result<String, Fault> {
        at.context().fetch_add(1, Ordering::SeqCst);
        // Fills the pages quickly.
        Ok("x".repeat(2000))
    }
}

#[test]
fn nothing_runs_that_could_not_be_recorded() {
    let (_dir, path) = place();
    let store = open(&path);
    let mut builder = Graph::builder();
    let mut last: Option<Handle<String>> = None;
    for place in 0..100 {
        let needs: Vec<_> = last.into_iter().collect();
        last = Some(builder.add(format!("step-{place}"), Count, needs));
    }
    let graph = builder.finish().expect("a graph");
    let effects = Arc::new(AtomicU32::new(0));
    let run = RunId::from_u128(1);
    let facts: RunCreated = created("t");

    store.limit_pages(30).expect("a limit");
    let registry = Arc::new(Registry::new().register::<Count>());
    let executor = Executor::new(registry, effects.clone(), Arc::new(store.clone()));
    let error = block(executor.start(run, facts, &graph)).expect_err("full");
    assert!(matches!(error, RunError::Journal(_)), "{error:?}");
    let text = story(&error);
    assert!(
        text.contains("no space is left for the state file"),
        "{text}"
    );
    let hint = error
        .source()
        .and_then(|error| error.source())
        .and_then(|error| error.downcast_ref::<StoreError>())
        .and_then(StoreError::hint);
    assert!(hint.expect("a hint").contains("free some space"));

    // Each effect has its start in the journal.
    let events = store.events(run).expect("events");
    let starts = events
        .iter()
        .filter(|event| matches!(event.body, EventBody::AttemptStarted { .. }))
        .count();
    let effects_before = effects.load(Ordering::SeqCst);
    assert!(starts > 2 && starts < 100);
    assert_eq!(effects_before as usize, starts);

    // With room again, it goes on where it was.
    store.limit_pages(100_000).expect("a limit");
    let report = block(executor.resume(&events, crate::support::actor())).expect("resumed");
    assert_eq!(report.run, run);
    let row = store.find("latest").expect("found");
    assert_eq!(row.status, RunStatus::Succeeded);
}

#[test]
fn a_full_disk_leaves_whole_batches() {
    let (_dir, path) = place();
    let store = open(&path);
    let run = RunId::from_u128(1);
    append(&store, vec![crate::support::beginning(run)]);
    store.limit_pages(20).expect("a limit");
    let batch: Vec<_> = (1..5000).map(|seq| started(run, seq)).collect();
    block(store.append(batch)).expect_err("full");
    assert_eq!(store.events(run).expect("events").len(), 1);
    append(&store, vec![started(run, 1)]);
}
