//! One trial: a workflow under blows, and the judgement.

use std::mem::take;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use serde_json::Value;

use super::account::{Picture, complete, makers, unfired};
use super::history::{Stands, Weather, fits, must_be_recorded, must_be_right, stands};
use super::kubernetes;
use super::plan::{Form, Life, Plan};
use super::stage::{CALM, Dealt, Ended, Rival, Stage};
use super::work::Work;
use crate::command::harness::Home;

/// How a trial ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    AsBefore,
}

/// What a trial that went well says.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) end: End,
    pub(crate) dealt: Dealt,
    /// Attempts that are marked as crashed.
    pub(crate) marked: u64,
    /// How many lines each process said on stderr.
    pub(crate) lines: Vec<usize>,
}

/// What went wrong.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) why: String,
    pub(crate) script: String,
    pub(crate) dealt: Dealt,
    /// Where all is kept.
    pub(crate) kept: PathBuf,
}

/// How often a run is taken up once the world is whole again.
const PATIENCE: usize = 8;

/// Carries a plan out in a home of its own.
pub(crate) fn attempt(plan: &Plan) -> Result<Record, Failure> {
    let mut home = Home::new();
    let mut stage = set(plan, &mut home);
    let result = catch_unwind(AssertUnwindSafe(|| carry(plan, &mut stage)));
    let why = match result {
        Ok(Ok(record)) => return Ok(record),
        Ok(Err(why)) => why,
        Err(panic) => (panic.downcast_ref::<String>().cloned())
            .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
            .unwrap_or_else(|| "a panic".to_owned()),
    };
    let (script, said) = (take(&mut stage.script), take(&mut stage.said));
    let dealt = stage.dealt;
    drop(stage);
    let kept = home.keep();
    // What can't be kept is printed all the same.
    let _ = std::fs::write(kept.join("said.txt"), said);
    Err(Failure {
        why,
        script,
        dealt,
        kept,
    })
}

/// A stage for a plan.
fn set<'a>(plan: &Plan, home: &'a mut Home) -> Stage<'a> {
    plan.work.ground().laid().copy_to(home);
    let copy = home.path().join("before.json");
    if home.sandbox().exists() {
        std::fs::copy(home.sandbox(), copy).expect("a copy");
    }
    if let Some(password) = plan.work.password() {
        home.set("AURORA_PASSWORD", password);
    }
    if plan.work == Work::Reset {
        kubernetes::furnish(home);
    }
    Stage::serve(home, plan.speed)
}

fn carry(plan: &Plan, stage: &mut Stage<'_>) -> Result<Record, String> {
    let before = Picture::of(stage.home);
    let mut known = makers(stage.home);
    let mut lost = false;
    let wanted = complete(plan.work);
    let mut lines = Vec::new();
    let mut now = Stands::Nowhere;
    for life in &plan.lives {
        if life.lost {
            stage.lose_state();
            known = makers(stage.home);
            (now, lost) = (Stands::Nowhere, true);
        }
        let Some(words) = next(plan, &now, life, lost) else {
            break;
        };
        plant(stage, life);
        let ended = stage.live(&words, life.form, &life.blows);
        let weather = if lost { Weather::Lost } else { Weather::Foul };
        now = judged(plan, stage, &words, &ended, life.form, weather)?;
        lines.push(ended.done.stderr.lines().count());
        if ended.was_killed() {
            must_be_recorded(stage, &known)?;
            stage.dealt.of_runs += u64::from(now != Stands::Nowhere);
        }
    }
    // The world is whole again.
    let left = unfired(stage.home);
    stage.dealt.fired = stage.dealt.planted - left;
    stage.calm();
    now = finish(plan, stage, now, lost)?;
    let end = match now {
        Stands::Done { .. } => End::Complete,
        Stands::Undone => End::AsBefore,
        other => return Err(format!("it ends {other:?}")),
    };
    if plan.end.is_some_and(|only| only != end) {
        return Err(format!("it ends {end:?}"));
    }
    let marked = must_be_right(stage)?;
    let after = Picture::of(stage.home);
    match end {
        End::Complete => {
            let (more, count) = after.more_than(&wanted.1);
            stage.dealt.duplicates = count;
            if count > 0 {
                return Err(format!("duplicates: {more:#?}"));
            }
            if !after.is_like(&before, &wanted) {
                let how = after.differences(&before, &wanted);
                return Err(format!("not as after an undisturbed run:\n{how}"));
            }
        }
        End::AsBefore => {
            let (more, count) = after.more_than(&before);
            stage.dealt.leftovers = count;
            if count > 0 {
                return Err(format!("leftovers: {more:#?}"));
            }
            if after != before {
                let how = after.differences(&before, &(before.clone(), before.clone()));
                return Err(format!("not as before:\n{how}"));
            }
        }
    }
    if plan.work == Work::Reset {
        kubernetes::must_be_reset(stage.home)?;
    }
    Ok(Record {
        end,
        dealt: stage.dealt,
        marked,
        lines,
    })
}

/// The command of the next life; none if there is nothing left to do.
fn next(plan: &Plan, now: &Stands, life: &Life, lost: bool) -> Option<Vec<String>> {
    let reversible = plan.work.is_reversible();
    Some(match now {
        Stands::Nowhere => plan.begin(lost),
        Stands::Unfinished { run, .. } if life.back && reversible => on("rollback", run, lost),
        // A deletion that is begun anew gives up the unfinished one.
        Stands::Unfinished { .. } if life.back && plan.work != Work::Reset => plan.begin(lost),
        Stands::Unfinished { run, .. } => on("resume", run, lost),
        Stands::Done { run } if reversible && plan.turns => on("rollback", run, lost),
        Stands::Done { .. } | Stands::Undone => return None,
    })
}

/// The words that go on with a run, one way or the other.
fn on(verb: &str, run: &str, lost: bool) -> Vec<String> {
    let confirmed = (verb == "rollback").then_some("--yes");
    // The sign of the run that is not known any more.
    let over = lost.then_some("--take-over");
    let words = [verb, &run[..13]].into_iter().chain(confirmed).chain(over);
    words.map(str::to_owned).collect()
}

fn plant(stage: &mut Stage<'_>, life: &Life) {
    for fault in &life.faults {
        let words = fault.words();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        stage.ask(&words);
        stage.dealt.planted += u64::from(fault.times);
        stage
            .script
            .push_str(&format!("stepwell {}\n", words.join(" ")));
    }
}

/// Takes the work up until it has ended.
fn finish(
    plan: &Plan,
    stage: &mut Stage<'_>,
    mut now: Stands,
    lost: bool,
) -> Result<Stands, String> {
    let weather = if lost { Weather::Lost } else { Weather::Calm };
    let go = |stage: &mut Stage<'_>, words: &[String]| {
        let ended = stage.live(words, Form::Json, &[]);
        let now = judged(plan, stage, words, &ended, Form::Json, weather)?;
        Ok::<_, String>((now, ended.done.code))
    };
    let back = plan.back && plan.work.is_reversible();
    for number in 0..PATIENCE {
        // Perhaps the machine is too busy even for that.
        stage.slow_down(CALM >> (2 * number.saturating_sub(1)).min(6));
        let code;
        (now, code) = match &now {
            Stands::Nowhere => go(stage, &plan.begin(lost))?,
            Stands::Unfinished { run, .. } if back => go(stage, &on("rollback", run, lost))?,
            Stands::Unfinished { run, .. } => go(stage, &on("resume", run, lost))?,
            Stands::Done { .. } | Stands::Undone => break,
        };
        // It was done, and its run given up or forgotten.
        if (lost || !plan.work.is_reversible()) && now == Stands::Nowhere && code < 2 {
            return Ok(Stands::Done { run: String::new() });
        }
    }
    let done = match &now {
        // What was left out because it could not be seen.
        Stands::Done { .. } if plan.work.is_repeated() => go(stage, &plan.begin(lost))?.0,
        Stands::Done { run } if back => go(stage, &on("rollback", run, lost))?.0,
        _ => return Ok(now),
    };
    Ok(done)
}

/// What a process printed, and how it ended, must fit where the work stands.
fn judged(
    plan: &Plan,
    stage: &mut Stage<'_>,
    words: &[String],
    ended: &Ended,
    form: Form,
    weather: Weather,
) -> Result<Stands, String> {
    let done = &ended.done;
    if done.stderr.contains("panicked") || done.code == 101 {
        return Err(format!("a panic: {done:#?}"));
    }
    if let Rival::Wrong(why) = &ended.rival {
        return Err(why.clone());
    }
    let now = stands(stage)?;
    // Where a rival proceeded, it is the rival's end that shows.
    if ended.was_killed() || matches!(ended.rival, Rival::Proceeded) {
        return Ok(now);
    }
    let forward = !plan.work.is_reversible();
    let verb = words.first().map(String::as_str);
    let worked = match verb {
        Some("resume" | "rollback") => words.get(1).map(String::as_str),
        _ => None,
    };
    if !fits(done.code, ended.asked, &now, worked, weather, forward) {
        return Err(format!(
            "exit {} does not fit {now:?}: {done:#?}",
            done.code
        ));
    }
    let lines: Vec<&str> = match form {
        Form::Text => Vec::new(),
        Form::Json => vec![done.stdout.as_str()],
        Form::Jsonl => done.stdout.lines().collect(),
    };
    for line in lines {
        if line.trim().is_empty() {
            // No document but with a run or where there is nothing to do.
            let expected = [0, 3, 4, 5].contains(&done.code);
            if expected {
                return Err(format!("no document: {done:#?}"));
            }
            continue;
        }
        if let Err(error) = serde_json::from_str::<Value>(line) {
            return Err(format!("{error} in {line}"));
        }
    }
    Ok(now)
}
