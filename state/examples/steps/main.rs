//! How fast the real executor with the real journal is, compared in the same
//! folder with raw SQLite (one small insert per transaction) and with plain
//! SQLite (the journal's own rows, one transaction per step).
//!
//! ```text
//! steps DIR chain N     N steps in a row
//! steps DIR wide N      one step, then N, then one
//! steps DIR many R S    R runs at once of S steps in a row each
//! steps DIR mesh N      N stages, two wide; each step needs the stage before
//! steps DIR graph N     N steps (in a ladder of rows), then 2N: time and memory
//! steps DIR resume N    open, find, load and replay a run of N events
//! ```
//! Prints one JSON line. Every start and every result is durable, and counted
//! afterwards.

mod load;
mod plain;
mod raw;
mod scale;
mod shapes;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

/// The benchmark's failures are only printed.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// How long one round of raw SQLite takes.
const RAW_ROUND: Duration = Duration::from_millis(300);

/// How often shape and raw SQLite are measured in turn: a disk's speed drifts.
const ROUNDS: usize = 9;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<Value, Failure> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (dir, shape) = match words[..] {
        [dir, "chain", steps] => (dir, shapes::Shape::chain(steps.parse()?)),
        [dir, "wide", steps] => (dir, shapes::Shape::wide(steps.parse()?)),
        [dir, "mesh", stages] => (dir, shapes::Shape::mesh(stages.parse()?)),
        [dir, "many", runs, steps] => (dir, shapes::Shape::many(runs.parse()?, steps.parse()?)),
        [dir, "graph", steps] => return scale::measure(Path::new(dir), steps.parse()?),
        [dir, "resume", events] => return load::measure(Path::new(dir), events.parse()?),
        _ => {
            return Err(
                "usage: steps DIR (chain N | wide N | many RUNS N | mesh N | graph N | resume N)"
                    .into(),
            );
        }
    };
    compare(Path::new(dir), &shape)
}

/// Measures shape, plain and raw SQLite in turn, each in a fresh file.
fn compare(dir: &Path, shape: &shapes::Shape) -> Result<Value, Failure> {
    let count = (shape.runs * shape.steps) as f64;
    // Not counted: the first round also pays for warming everything up.
    raw::commits_per_s(dir, RAW_ROUND / 2)?;
    let mut rows = shapes::measure(dir, shape)?.rows;
    let mut raw = vec![raw::commits_per_s(dir, RAW_ROUND)?];
    let (mut steps, mut plain) = (Vec::new(), Vec::new());
    let (mut to_raw, mut to_plain, mut beyond) = (Vec::new(), Vec::new(), Vec::new());
    let mut commits = 0;
    for round in 0..ROUNDS {
        // In turn the one and the other comes first, and so after raw SQLite:
        // what that leaves the disk to do is not to be the one's alone.
        let first = (round % 2 == 1).then(|| rows.write(dir)).transpose()?;
        let measured = shapes::measure(dir, shape)?;
        rows = measured.rows;
        let took = first.map_or_else(|| rows.write(dir), Ok)?;
        let plainly = count / took.as_secs_f64();
        raw.push(raw::commits_per_s(dir, RAW_ROUND)?);
        // Against the mean of the raw rounds before and after.
        let raw = (raw[round] + raw[round + 1]) / 2.0;
        commits = measured.commits;
        to_raw.push(measured.steps_per_s / raw);
        to_plain.push(measured.steps_per_s / plainly);
        beyond.push(1e6 / measured.steps_per_s - 1e6 / raw);
        steps.push(measured.steps_per_s);
        plain.push(plainly);
    }
    let thousandths = |value: f64| (value * 1000.0).round() / 1000.0;
    // The median comes first, because it sorts.
    let (raw_ratio, plain_ratio) = (median(&mut to_raw), median(&mut to_plain));
    let ends = |sorted: &[f64]| [sorted[0], sorted[ROUNDS - 1]].map(thousandths);
    Ok(json!({
        "shape": shape.name,
        "runs": shape.runs,
        "steps": shape.runs * shape.steps,
        "steps_per_s": median(&mut steps).round(),
        "plain_steps_per_s": median(&mut plain).round(),
        "raw_commits_per_s": median(&mut raw).round(),
        "ratio_to_raw": thousandths(raw_ratio),
        "ratio_to_raw_spread": ends(&to_raw),
        "ratio_to_plain": thousandths(plain_ratio),
        "ratio_to_plain_spread": ends(&to_plain),
        "us_per_step_beyond_raw": median(&mut beyond).round(),
        "commits": commits,
        "rounds": ROUNDS,
    }))
}

/// Sorts the values and gives the middle one.
fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The process's peak of resident memory, in MB; 0 where it can't be told.
pub(crate) fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes / 1024)
}
