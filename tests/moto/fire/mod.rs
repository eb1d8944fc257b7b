//! Every workflow under every kind of fault that microburst can inject, and
//! killed meanwhile. What is struck is what an undisturbed run was seen to
//! call, so a call that is new is struck by itself.
//!
//! What passes by itself strikes every operation, as much at once as does not
//! hide each other. With `STEPWELL_EXHAUSTIVE=1` each kind has a run of its own,
//! the answer to each single call with an effect is lost in a run of its own,
//! and each is refused for good in one; without, one for each workflow.

mod blows;
mod carried;
mod kills;
mod likeness;
mod regions;
mod tally;
mod trial;
mod workflows;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use blows::{Blow, Call};
use tally::Tally;
use trial::Trial;
use workflows::{Course, WORKFLOWS};

use super::account::REGION;
use super::rosa::THERE;

/// How many scenarios are under way at once: they wait most of the time, half a
/// minute for each effect that may or may not have taken place.
const WIDTH: usize = 24;

type Job<'a> = (String, Box<dyn FnOnce() + Send + 'a>);

/// Does all jobs, and gives the names of those that failed.
#[must_use]
fn side_by_side(jobs: Vec<Job<'_>>) -> Vec<String> {
    let all = jobs.len();
    let jobs = Mutex::new(VecDeque::from(jobs));
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WIDTH {
            scope.spawn(|| {
                loop {
                    let next = locked(&jobs).pop_front();
                    let Some((name, job)) = next else { return };
                    if catch_unwind(AssertUnwindSafe(job)).is_err() {
                        println!("FAILED: {name}");
                        locked(&failed).push(name);
                    }
                    let left = locked(&jobs).len();
                    if left > 0 && left.is_multiple_of(50) {
                        println!("{left} of {all} scenarios are left");
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_exhaustive() -> bool {
    std::env::var("STEPWELL_EXHAUSTIVE").is_ok_and(|value| value == "1")
}

fn trials(tally: &Tally) -> Vec<Trial<'_>> {
    (0..WORKFLOWS.len())
        .map(|number| Trial { number, tally })
        .collect()
}

/// Records what all workflows call, side by side.
fn record(trials: &[Trial<'_>]) {
    let jobs = trials.iter().map(|&trial| -> Job<'_> {
        let name = format!("{}, undisturbed", trial.workflow().name);
        (name, Box::new(move || _ = trial.undisturbed()))
    });
    let failed = side_by_side(jobs.collect());
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn what_passes_by_itself_makes_no_difference() {
    let tally = Tally::default();
    let trials = trials(&tally);
    record(&trials);
    let mut jobs: Vec<Job<'_>> = Vec::new();
    // In an order in which none hides the next: what was carried out is not
    // called again.
    let together: &[&[Blow]] = if is_exhaustive() {
        &[
            &[Blow::Throttled],
            &[Blow::Unavailable],
            &[Blow::Reset],
            &[Blow::Lost],
            &[Blow::Broken],
            &[Blow::Truncated],
        ]
    } else {
        &[
            &[Blow::Throttled, Blow::Unavailable, Blow::Lost],
            &[Blow::Reset, Blow::Truncated],
        ]
    };
    for blows in together {
        for &trial in &trials {
            let name = format!("{}, {blows:?}", trial.workflow().name);
            jobs.push((name, Box::new(move || trial.struck_everywhere(blows))));
        }
    }
    if is_exhaustive() {
        for &trial in &trials {
            for (call, count) in trial.undisturbed().effects() {
                for number in 0..*count {
                    let name = format!("{}, lost {call:?} {number}", trial.workflow().name);
                    let job = move || trial.struck_once(call, number, Blow::Lost);
                    jobs.push((name, Box::new(job)));
                }
            }
        }
    }
    let failed = side_by_side(jobs);
    let all = tally.told("what passes by itself");
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(all.fired >= 600, "{all:?}");
    assert_eq!(all.whole, all.scenarios);
}

#[test]
fn what_is_refused_for_good_is_undone_or_gone_on_with() {
    let tally = Tally::default();
    let trials = trials(&tally);
    record(&trials);
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for &trial in &trials {
        let workflow = trial.workflow();
        let mut points: Vec<(&Call, u64)> = Vec::new();
        for (call, count) in &trial.undisturbed().calls {
            // What only looks is struck where it looks.
            let counts = call.mutates() || workflow.course == Course::Looking;
            if counts {
                points.extend((0..*count).map(|number| (call, number)));
            }
        }
        let mut both = [(Blow::Refused, points.clone()), (Blow::Expired, points)];
        if is_exhaustive() {
            // Where credentials expire, the first call of an operation stands
            // for the others.
            both[1].1.retain(|(_, number)| *number == 0);
        } else {
            for (blow, points) in &mut both {
                points.retain(|(call, _)| !call.is_sign_of_life);
                // The last one leaves most to undo.
                let at = match blow {
                    Blow::Refused => points.len() - 1,
                    _ => points.len() / 2,
                };
                *points = vec![points[at]];
            }
        }
        for (blow, points) in both {
            for (call, number) in points {
                let name = format!("{}, {blow:?} {call:?} {number}", workflow.name);
                let job = move || trial.struck_for_good(call, number, blow);
                jobs.push((name, Box::new(job)));
            }
        }
    }
    let failed = side_by_side(jobs);
    let all = tally.told("what is refused for good");
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(all.fired >= 26, "{all:?}");
    assert_eq!(all.whole + all.undone, all.scenarios);
    assert!(all.undone >= 4, "{all:?}");
}

#[test]
fn faults_in_one_of_two_regions_are_lived_through() {
    let tally = Tally::default();
    let trials = trials(&tally);
    record(&trials);
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for &trial in &trials {
        let has = |region| {
            let mut effects = trial.undisturbed().effects();
            effects.any(|(call, _)| call.region == region)
        };
        if !has(REGION) || !has(THERE) {
            continue;
        }
        for region in [REGION, THERE] {
            let name = format!("{}, {region}", trial.workflow().name);
            jobs.push((name.clone(), Box::new(move || trial.region_away(region))));
            jobs.push((name, Box::new(move || trial.region_closed(region))));
        }
    }
    let failed = side_by_side(jobs);
    let all = tally.told("faults in one of two regions");
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(all.scenarios >= 16, "{all:?}");
    assert_eq!(all.whole, all.scenarios);
}

#[test]
fn kills_amid_faults_are_lived_through() {
    let tally = Tally::default();
    let trials = trials(&tally);
    let rounds = if is_exhaustive() { 5 } else { 1 };
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for _ in 0..rounds {
        for &trial in &trials {
            if trial.workflow().course != Course::Looking {
                let name = format!("{}, killed", trial.workflow().name);
                jobs.push((name, Box::new(move || trial.killed())));
            }
        }
    }
    let failed = side_by_side(jobs);
    let all = tally.told("kills amid faults");
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(all.kills >= 12 && all.fired >= 12, "{all:?}");
    assert_eq!(all.whole, all.scenarios);
}
