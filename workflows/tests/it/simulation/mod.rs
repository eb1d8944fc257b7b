//! The deterministic simulation: executor, machine, journal and sandbox in one
//! process on virtual time. Workflow, faults, deaths, delays and the order of
//! things follow from one number, which repeats a failure to the last event.
//! Only a reset is missing: it works with a program of the machine, `kubectl`.
//!
//! `STEPWELL_SIMULATION_RUNS` says how many are tried, `STEPWELL_SIMULATION_FIRST`
//! from which number on.

mod judge;
mod ledger;
mod network;
mod play;
mod scenario;
mod stage;
mod subject;
mod tally;
mod weather;

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use play::{Played, play};
use scenario::Scenario;
use stage::Stage;
use tally::Tally;

/// How many are tried where nobody says.
const SHORT: u64 = 300;

fn number(name: &str, otherwise: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}; allowed: a number")),
        Err(_) => otherwise,
    }
}

/// Plays a scenario; a panic is a failure like any other.
fn tried(stage: &mut Stage, scenario: &Scenario) -> Result<Played, String> {
    std::panic::catch_unwind(AssertUnwindSafe(|| play(stage, scenario))).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panicked: {}", text.unwrap_or("no message")))
    })
}

/// The simplest scenario found that fails like this one, with its failure.
fn shrunk(stage: &mut Stage, failing: Scenario, failure: String) -> (Scenario, String) {
    let (mut scenario, mut failure) = (failing, failure);
    'simpler: loop {
        for candidate in scenario.simpler() {
            if let Err(other) = tried(stage, &candidate) {
                (scenario, failure) = (candidate, other);
                continue 'simpler;
            }
        }
        return (scenario, failure);
    }
}

/// Plays so many scenarios from a number on, on all cores.
fn simulate(first: u64, count: u64) -> Tally {
    let next = AtomicU64::new(first);
    let failed = AtomicBool::new(false);
    let total = Mutex::new(Tally::default());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut stage = Stage::new();
                let mut tally = Tally::default();
                while !failed.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed - first >= count {
                        break;
                    }
                    let scenario = Scenario::draw(seed);
                    match tried(&mut stage, &scenario) {
                        Ok(played) => tally += played.tally,
                        Err(failure) => {
                            failed.store(true, Ordering::Relaxed);
                            let (simplest, failure) = shrunk(&mut stage, scenario, failure);
                            panic!(
                                "number {seed} fails; STEPWELL_SIMULATION_FIRST={seed} STEPWELL_SIMULATION_RUNS=1 repeats it\nat its simplest: {simplest:#?}\n{failure}"
                            );
                        }
                    }
                    if (seed - first + 1).is_multiple_of(50_000) {
                        println!("{} of {count}", seed - first + 1);
                    }
                }
                *total.lock().expect("the total") += tally;
            });
        }
    });
    total.into_inner().expect("the total")
}

#[test]
fn whatever_happens_the_account_is_complete_or_as_before() {
    let first = number("STEPWELL_SIMULATION_FIRST", 1);
    let count = number("STEPWELL_SIMULATION_RUNS", SHORT);
    let tally = simulate(first, count);
    println!("numbers {first} to {}: {tally}", first + count - 1);
    assert_eq!(tally.total(), count);
    if count >= SHORT {
        // That all of it is met, and not only what is easy.
        for (met, what) in [
            (tally.deaths, "deaths"),
            (tally.full_disks, "full disks"),
            (tally.blows, "struck calls"),
            (tally.complete, "complete"),
            (tally.as_before, "as before"),
            (tally.forgotten, "lost histories"),
            (tally.settled, "settled"),
        ] {
            assert!(met * 100 >= count, "{met} {what} of {count}");
        }
    }
}

#[test]
fn a_number_repeats_a_run_to_the_last_event() {
    // Not in the order in which they are played first: what a stage keeps must
    // make no difference.
    let mut stage = Stage::new();
    let once: Vec<Played> = (1..=40)
        .map(|seed| play(&mut stage, &Scenario::draw(seed)).expect("a good end"))
        .collect();
    let mut stage = Stage::new();
    for (once, seed) in once.iter().zip(1..).collect::<Vec<_>>().into_iter().rev() {
        let again = play(&mut stage, &Scenario::draw(seed)).expect("a good end");
        assert_eq!(again.events, once.events, "number {seed}");
        assert_eq!(again.account, once.account, "number {seed}");
    }
}
