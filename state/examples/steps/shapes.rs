//! The shapes, and one measured round of one.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stepwell_engine::event::{EventBody, RunCreated};
use stepwell_engine::{
    Attempt, Effect, Executor, Fault, Graph, GraphBuilder, Handle, Journal, Registry, RunId, Step,
    Timestamp,
};
use stepwell_state::{Access, RunFilter, RunStatus, Store};

use crate::Failure;
use crate::plain::Rows;

/// A step that does nothing.
#[derive(Serialize, Deserialize)]
pub(crate) struct Noop;

impl Step for Noop {
    type Context = ();
    type Input = Vec<u64>;
    type Output = u64;
    const KIND: &'static str = "noop";
    const EFFECT: Effect = Effect::Create;
    const REPEATABLE: bool = true;

    async fn run(&self, _: &Attempt<()>, input: &Vec<u64>) -> Result<u64, Fault> {
        Ok(input.iter().copied().max().unwrap_or(0) + 1)
    }
}

/// A graph to run so many times at once.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) runs: usize,
    pub(crate) steps: usize,
    pub(crate) parallel: u32,
    build: fn(&mut GraphBuilder<()>, usize),
    size: usize,
}

impl Shape {
    pub(crate) fn chain(steps: usize) -> Self {
        Self {
            name: "chain",
            runs: 1,
            steps,
            parallel: 1,
            build: chain,
            size: steps,
        }
    }

    pub(crate) fn wide(width: usize) -> Self {
        Self {
            name: "wide",
            runs: 1,
            steps: width + 2,
            parallel: u32::try_from(width).unwrap_or(u32::MAX),
            build: |graph, width| {
                let first = graph.add("first", Noop, Vec::<Handle<u64>>::new());
                let middle = (0..width)
                    .map(|place| graph.add(format!("middle-{place}"), Noop, vec![first]))
                    .collect::<Vec<_>>();
                graph.add("last", Noop, middle);
            },
            size: width,
        }
    }

    pub(crate) fn many(runs: usize, steps: usize) -> Self {
        Self {
            name: "many",
            runs,
            ..Self::chain(steps)
        }
    }

    pub(crate) fn mesh(stages: usize) -> Self {
        Self {
            name: "mesh",
            runs: 1,
            steps: stages * 2,
            parallel: 2,
            build: |graph, stages| {
                let mut before: Vec<Handle<u64>> = Vec::new();
                for stage in 0..stages {
                    before = ["left", "right"]
                        .into_iter()
                        .map(|side| graph.add(format!("{side}-{stage}"), Noop, before.clone()))
                        .collect();
                }
            },
            size: stages,
        }
    }

    /// Rows of 100 steps; each row hangs on the first step of the one before.
    pub(crate) fn rows(steps: usize) -> Self {
        Self {
            name: "graph",
            runs: 1,
            steps,
            parallel: 256,
            build: |graph, steps| {
                let mut first: Option<Handle<u64>> = None;
                let mut needs = Vec::new();
                for place in 0..steps {
                    if place % 100 == 0 {
                        needs = first.into_iter().collect();
                    }
                    let handle = graph.add(format!("step-{place}"), Noop, needs.clone());
                    if place % 100 == 0 {
                        first = Some(handle);
                    }
                }
            },
            size: steps,
        }
    }

    pub(crate) fn graph(&self) -> Result<Graph, Failure> {
        let mut builder = Graph::builder();
        (self.build)(&mut builder, self.size);
        Ok(builder.finish()?)
    }
}

fn chain(graph: &mut GraphBuilder<()>, steps: usize) {
    let mut last = None;
    for place in 0..steps {
        last = Some(graph.add(
            format!("step-{place}"),
            Noop,
            last.into_iter().collect::<Vec<_>>(),
        ));
    }
}

/// What a round brought.
pub(crate) struct Measured {
    pub(crate) steps_per_s: f64,
    pub(crate) commits: u64,
    /// What is in the journal now.
    pub(crate) rows: Rows,
}

/// Runs a shape once in a fresh file, and checks that all of it is there.
pub(crate) fn measure(dir: &Path, shape: &Shape) -> Result<Measured, Failure> {
    let dir = tempfile::tempdir_in(dir)?;
    let path = dir.path().join("state.db");
    let store = Store::open(&path, Access::ReadWrite)?;
    let graph = Arc::new(shape.graph()?);
    let executor = executor(Arc::new(store.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let started = Instant::now();
    runtime.block_on(async {
        let mut runs = tokio::task::JoinSet::new();
        for number in 0..shape.runs {
            let (executor, graph) = (executor.clone(), graph.clone());
            let created = created(number, shape.parallel);
            let run = RunId::from_u128(number as u128 + 1);
            runs.spawn(async move { executor.start(run, created, &graph).await });
        }
        while let Some(ended) = runs.join_next().await {
            ended??;
        }
        Ok::<(), Failure>(())
    })?;
    let took = started.elapsed();
    let commits = store.commits();
    drop((runtime, executor, store));
    verify(&path, shape)?;
    let steps = (shape.runs * shape.steps) as f64;
    Ok(Measured {
        steps_per_s: steps / took.as_secs_f64(),
        commits,
        rows: Rows::read(&path)?,
    })
}

/// An executor over a journal that tells nobody.
pub(crate) fn executor(journal: Arc<dyn Journal>) -> Arc<Executor<()>> {
    let registry = Arc::new(Registry::new().register::<Noop>());
    Arc::new(Executor::new(registry, Arc::new(()), journal))
}

/// The facts of a run.
pub(crate) fn created(number: usize, parallel: u32) -> RunCreated {
    RunCreated {
        parallel,
        ..RunCreated::new("bench", format!("bench/{number}"), Value::Null)
    }
}

/// The time that the tools of this benchmark write down.
pub(crate) const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// Counts, in a fresh connection, every start and every result.
pub(crate) fn verify(path: &Path, shape: &Shape) -> Result<(), Failure> {
    let store = Store::open(path, Access::ReadOnly)?;
    let rows = store.runs(&RunFilter::default())?;
    if rows.len() != shape.runs {
        return Err(format!("{} runs are recorded, not {}", rows.len(), shape.runs).into());
    }
    for row in rows {
        let events = store.events(row.id)?;
        let count = |wanted: fn(&EventBody) -> bool| {
            events.iter().filter(|event| wanted(&event.body)).count()
        };
        let starts = count(|body| matches!(body, EventBody::AttemptStarted { .. }));
        let results = count(|body| matches!(body, EventBody::AttemptSucceeded { .. }));
        if (row.status, starts, results) != (RunStatus::Succeeded, shape.steps, shape.steps) {
            return Err(format!(
                "run {} is {} with {starts} starts and {results} results of {} steps",
                row.id, row.status, shape.steps
            )
            .into());
        }
    }
    Ok(())
}
