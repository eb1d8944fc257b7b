//! Large graphs: linear time, bounded memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};
use stepwell_engine::RunId;
use stepwell_state::{Access, Store};

use crate::shapes::{Shape, created, executor, verify};
use crate::{Failure, peak_mb};

/// Builds and runs a graph of so many steps, in rows of 100 that hang on the
/// row's first step, then one twice as large, on the real journal.
pub(crate) fn measure(dir: &Path, steps: usize) -> Result<Value, Failure> {
    let once = run(dir, steps)?;
    let peak = peak_mb();
    let twice = run(dir, steps * 2)?;
    Ok(json!({
        "shape": "graph",
        "journal": "sqlite",
        "steps": steps,
        "build_s": once.build,
        "run_s": once.run,
        "peak_mb": peak,
        "commits": once.commits,
        "twice": {
            "steps": steps * 2,
            "build_s": twice.build,
            "run_s": twice.run,
            "peak_mb": peak_mb(),
        },
        "time_ratio": (twice.build + twice.run) / (once.build + once.run),
    }))
}

struct Times {
    build: f64,
    run: f64,
    commits: u64,
}

fn run(dir: &Path, steps: usize) -> Result<Times, Failure> {
    let dir = tempfile::tempdir_in(dir)?;
    let path = dir.path().join("state.db");
    let store = Store::open(&path, Access::ReadWrite)?;
    let shape = Shape::rows(steps);
    let started = Instant::now();
    let graph = shape.graph()?;
    let build = started.elapsed().as_secs_f64();
    let executor = executor(Arc::new(store.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let started = Instant::now();
    let created = created(0, shape.parallel);
    runtime.block_on(executor.start(RunId::from_u128(1), created, &graph))?;
    let run = started.elapsed().as_secs_f64();
    let commits = store.commits();
    drop((runtime, executor, store, graph));
    // Reading all of it back at once is no part of a run: its memory counts
    // for the larger graph only.
    verify(&path, &shape)?;
    Ok(Times {
        build,
        run,
        commits,
    })
}
