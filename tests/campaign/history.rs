//! What the histories of a home say, held against each other and against what
//! was done to the processes.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::account::makers;
use super::stage::Stage;

/// Where the work of a trial stands, by its histories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stands {
    /// No run was begun, or the last one was given up.
    Nowhere,
    /// A run is to be gone on with.
    Unfinished { run: String, status: String },
    /// It has ended well.
    Done { run: String },
    /// It was undone.
    Undone,
}

/// Where the work stands. A run of a process that died has no process.
pub(crate) fn stands(stage: &mut Stage<'_>) -> Result<Stands, String> {
    let list = stage.look(&["runs", "list"]);
    if list["unreadable"] != Value::Array(Vec::new()) {
        return Err(format!("unreadable runs: {list}"));
    }
    let text = |run: &Value, key: &str| run[key].as_str().unwrap_or_default().to_owned();
    let runs = list["runs"].as_array().cloned().unwrap_or_default();
    if let Some(run) = runs.iter().find(|run| run["status"] == "running") {
        return Err(format!(
            "a run whose process is gone is said to be running: {run}"
        ));
    }
    let is_open = |run: &&Value| {
        ["suspended", "stuck", "interrupted"].contains(&run["status"].as_str().unwrap_or_default())
    };
    if let Some(run) = runs.iter().find(is_open) {
        return Ok(Stands::Unfinished {
            run: text(run, "id"),
            status: text(run, "status"),
        });
    }
    Ok(match runs.first() {
        None => Stands::Nowhere,
        Some(run) => match run["status"].as_str().unwrap_or_default() {
            "succeeded" => Stands::Done {
                run: text(run, "id"),
            },
            // What an earlier run made, the run of a late rival leaves alone.
            "rolled_back" => match runs.iter().find(|run| run["status"] == "succeeded") {
                Some(run) => Stands::Done {
                    run: text(run, "id"),
                },
                None => Stands::Undone,
            },
            "abandoned" => Stands::Nowhere,
            other => return Err(format!("a run is {other:?}: {run}")),
        },
    })
}

/// What may have gone wrong for a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    /// Faults and blows.
    Foul,
    /// Nothing.
    Calm,
    /// Nothing, but what was done before is not known any more.
    Lost,
}

/// Whether an exit code fits where the work stands afterwards; `worked` is the
/// run that was named, and `forward` says whether the work only takes away.
pub(crate) fn fits(
    code: i32,
    asked: bool,
    stands: &Stands,
    worked: Option<&str>,
    weather: Weather,
    forward: bool,
) -> bool {
    use Stands::{Done, Nowhere, Undone, Unfinished};
    match (code, stands) {
        // Another of several runs is left, or stands.
        (0, Unfinished { run, .. }) | (4, Done { run }) => {
            worked.is_some_and(|worked| !run.starts_with(worked))
        }
        (0, Done { .. } | Undone) | (4, Undone) => true,
        // Nothing was left to do, and a run that had not ended is given up.
        (0, Nowhere) => forward || weather == Weather::Lost,
        // What was to be created is there.
        (1, Nowhere) if weather == Weather::Lost => true,
        (3, Unfinished { status, .. }) => status != "stuck",
        (5, Unfinished { status, .. }) => status == "stuck",
        (130 | 143, Unfinished { .. } | Nowhere) => asked,
        // It came when nothing was left to stop, or before there was a run.
        (130 | 143, Done { .. } | Undone) => asked,
        // A survey failed: nothing was begun, or nothing gone on with.
        (1 | 7, Nowhere | Unfinished { .. } | Done { .. }) => weather == Weather::Foul,
        _ => false,
    }
}

/// The attempts whose process died, by the events of a run: begun, and without
/// an end until somebody took the run up, or to this day.
fn crashed(events: &[Value]) -> BTreeSet<String> {
    let mut open: BTreeSet<String> = BTreeSet::new();
    let mut crashed = BTreeSet::new();
    for event in events {
        let data = &event["data"];
        let key = || {
            let text = |name: &str| data[name].as_str().unwrap_or_default();
            format!("{} {} {}", text("step"), text("verb"), data["attempt"])
        };
        match event["kind"].as_str().unwrap_or_default() {
            "attempt_started" => drop(open.insert(key())),
            "attempt_succeeded" | "attempt_failed" | "attempt_interrupted" => {
                open.remove(&key());
            }
            "run_resumed" => crashed.append(&mut open),
            _ => {}
        }
    }
    crashed.append(&mut open);
    crashed
}

/// Nothing may have been made whose beginning is not recorded. `before` are the
/// makers of what was there already.
pub(crate) fn must_be_recorded(
    stage: &mut Stage<'_>,
    before: &BTreeSet<(String, String)>,
) -> Result<(), String> {
    let mut begun: HashMap<String, BTreeSet<String>> = HashMap::new();
    for (run, step) in makers(stage.home).difference(before) {
        if !begun.contains_key(run) {
            let done = stage.home.run(&["runs", "events", "-o", "jsonl", run]);
            if done.code != 0 {
                return Err(format!(
                    "{step} was made by {run}, of which nothing is recorded"
                ));
            }
            let started = |event: &Value| event["kind"] == "attempt_started";
            let step = |event: Value| event["data"]["step"].as_str().map(str::to_owned);
            let steps = done.lines().into_iter().filter(started).filter_map(step);
            begun.insert(run.clone(), steps.collect());
        }
        if !begun[run].contains(step) {
            return Err(format!(
                "{step} of {run} was made, and its start is not recorded"
            ));
        }
    }
    Ok(())
}

/// What the histories must say at the end.
pub(crate) fn must_be_right(stage: &mut Stage<'_>) -> Result<u64, String> {
    let verdict = stage.look(&["runs", "verify"]);
    let runs = verdict["runs"].as_array().cloned().unwrap_or_default();
    let whole = |run: &Value| run["verdict"] == "whole";
    if verdict["whole"] != true || !runs.iter().all(whole) {
        return Err(format!("the histories are not whole: {verdict}"));
    }
    let mut marked = 0;
    for run in &runs {
        let id = run["id"].as_str().unwrap_or_default();
        let events = stage.look(&["runs", "events", id]);
        let events = events["events"].as_array().cloned().unwrap_or_default();
        let story = stage.look(&["runs", "show", id]);
        let crashed = crashed(&events);
        let mut shown = BTreeSet::new();
        for step in story["steps"].as_array().into_iter().flatten() {
            for attempt in step["attempts"].as_array().into_iter().flatten() {
                if attempt["outcome"] == "crashed" {
                    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                    shown.insert(format!(
                        "{} {} {}",
                        text(&step["name"]),
                        text(&attempt["verb"]),
                        attempt["number"]
                    ));
                    if !attempt["ended_at"].is_null() {
                        return Err(format!("a crash has an end: {step}"));
                    }
                }
                if attempt["outcome"] == "running" {
                    return Err(format!("of a run without a process: {step}"));
                }
            }
        }
        if shown != crashed {
            return Err(format!(
                "crashed by the events of {id}: {crashed:?}, as shown: {shown:?}"
            ));
        }
        marked += crashed.len() as u64;
        let resumed = story["resumed"].as_array().cloned().unwrap_or_default();
        let takings = events.iter().filter(|event| event["kind"] == "run_resumed");
        if resumed.len() != takings.count() {
            return Err(format!("not every taking up of {id} is shown: {resumed:?}"));
        }
        let by = resumed.iter().map(|taking| &taking["by"]);
        for by in by.chain([&story["by"]]) {
            let pid = by["pid"].as_u64().unwrap_or_default();
            if !stage.pids.iter().any(|&known| u64::from(known) == pid) {
                return Err(format!("a stranger is in the history of {id}: {by}"));
            }
        }
    }
    Ok(marked)
}
