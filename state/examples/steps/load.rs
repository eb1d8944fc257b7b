//! What a process that takes up a run pays before it can act.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stepwell_engine::event::{EventBody, Outcome, Verb};
use stepwell_engine::{Event, GRAPH_VERSION, Journal as _, Machine, RunId};
use stepwell_state::{Access, RunFilter, Store};

use crate::shapes::{NOW, Shape, created};
use crate::{Failure, median};

/// Writes a run of about so many events that is not over, then measures
/// opening, finding, loading and replaying it, and listing 1000 runs.
pub(crate) fn measure(dir: &Path, events: usize) -> Result<Value, Failure> {
    let dir = tempfile::tempdir_in(dir)?;
    let path = dir.path().join("state.db");
    write(&path, events)?;
    let mut open = Vec::new();
    let mut find = Vec::new();
    let mut load = Vec::new();
    let mut replay = Vec::new();
    let mut list = Vec::new();
    for _ in 0..5 {
        let started = Instant::now();
        let store = Store::open(&path, Access::ReadWrite)?;
        open.push(lap(started.elapsed()));
        let started = Instant::now();
        let row = store.find("latest")?;
        find.push(lap(started.elapsed()));
        let started = Instant::now();
        let history = store.events(row.id)?;
        load.push(lap(started.elapsed()));
        let started = Instant::now();
        Machine::replay(&history)?;
        replay.push(lap(started.elapsed()));
        let started = Instant::now();
        let rows = store.runs(&RunFilter::default())?;
        list.push(lap(started.elapsed()));
        if rows.len() != 1001 || history.len() != row.events as usize {
            return Err("something is missing".into());
        }
    }
    Ok(json!({
        "shape": "resume",
        "events": events,
        "open_ms": median(&mut open),
        "find_ms": median(&mut find),
        "load_ms": median(&mut load),
        "replay_ms": median(&mut replay),
        "list_1000_runs_ms": median(&mut list),
    }))
}

fn lap(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn write(path: &Path, events: usize) -> Result<(), Failure> {
    let store = Store::open(path, Access::ReadWrite)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut others = tokio::task::JoinSet::new();
    for number in 0..1000 {
        let store = Arc::new(store.clone());
        let (_, event) = Machine::create(
            RunId::from_u128(number as u128 + 1),
            NOW,
            created(number, 1),
        )?;
        let runtime = &runtime;
        others.spawn_on(
            async move { store.append(vec![event]).await },
            runtime.handle(),
        );
    }
    runtime.block_on(async {
        while let Some(ended) = others.join_next().await {
            ended??;
        }
        Ok::<(), Failure>(())
    })?;

    let shape = Shape::chain(events / 2);
    let graph = shape.graph()?;
    let mut facts = created(1000, 1);
    facts.graph_version = GRAPH_VERSION;
    facts.steps = graph.records().clone();
    let (mut machine, first) = Machine::create(RunId::from_u128(1001), NOW, facts)?;
    let mut history = vec![first];
    let output = json!({"id": "resource-0123456789abcdef0", "zone": "eu-west-1a", "state": "ok"});
    // One start stays open: a run that was killed.
    while history.len() < events {
        for started in machine.decide(NOW, &|_, _| Vec::new())? {
            let EventBody::AttemptStarted { step, attempt, .. } = started.body.clone() else {
                return Err("the run is over".into());
            };
            history.push(started);
            if history.len() < events {
                let outcome = Outcome::Made {
                    output: output.clone(),
                };
                let verb = Verb::Run;
                history.push(machine.record(
                    NOW,
                    EventBody::AttemptSucceeded {
                        step,
                        attempt,
                        verb,
                        outcome,
                    },
                )?);
            }
        }
    }
    let history: Vec<Event> = history;
    runtime.block_on(store.append(history))?;
    Ok(())
}
