//! The journal fails, or the process dies, at every single append.

use stepwell_engine::event::End;
use stepwell_engine::machine::Status;
use stepwell_engine::{Fault, Graph, RunError};

use super::support::{Act, Bench, Trouble, create, graph, read, secs, wait};

/// A run with calls that take their time, a lost answer, a retry and a wait.
fn forward(bench: &Bench) -> Graph {
    let lost = Fault::transient("reset");
    bench.script("b", "run", [Act::Lose(lost), Act::Slow(secs(3))]);
    bench.script("c", "run", [Act::Fail(Fault::transient("throttled"))]);
    bench.script("d", "run", [Act::Slow(secs(2))]);
    bench.script("w", "run", [Act::Slow(secs(30))]);
    graph([
        read("look", &[]),
        create("a", &["look"]),
        create("b", &["a"]),
        create("c", &["a"]),
        create("d", &["a"]),
        wait("w", &["b"]),
        create("e", &["w", "c", "d"]),
    ])
}

/// The same, with a last step that always fails and an undo that is repeated.
fn there_and_back(bench: &Bench) -> Graph {
    let steps = forward(bench);
    bench.script("e", "run", vec![Act::Fail(Fault::permanent("no")); 100]);
    bench.script("c", "undo", [Act::Lose(Fault::transient("reset"))]);
    bench.script("d", "undo", [Act::Slow(secs(2)), Act::Slow(secs(2))]);
    steps
}

type Scenario = fn(&Bench) -> Graph;

fn assert_ended_well(bench: &Bench, status: &Status, scenario: Scenario) {
    bench.world.assert_sound();
    if scenario as usize == forward as Scenario as usize {
        assert_eq!(*status, Status::Ended(End::Succeeded));
        assert_eq!(bench.world.things(), ["a", "b", "c", "d", "e"]);
        for name in bench.world.things() {
            assert_eq!(bench.world.keys(&name).len(), 1);
        }
    } else {
        assert_eq!(
            *status,
            Status::Ended(End::RolledBack { waived: Vec::new() })
        );
        assert!(bench.world.things().is_empty(), "{:#?}", bench.story());
    }
}

#[tokio::test(start_paused = true)]
async fn whichever_append_fails_nothing_unrecorded_happens_and_the_run_can_go_on() {
    for scenario in [forward as Scenario, there_and_back] {
        let mut failures = 0;
        for at in 0.. {
            let bench = Bench::new();
            let steps = scenario(&bench);
            bench.journal.set(Some(Trouble::Fails { at }));
            match bench.try_start(&steps).await {
                Ok(report) => {
                    assert_ended_well(&bench, &report.status, scenario);
                    break;
                }
                Err(RunError::Journal(_)) => failures += 1,
                Err(other) => panic!("{other}"),
            }
            // Nothing is under way any more.
            tokio::task::yield_now().await;
            assert_eq!(bench.world.peak_and_active().1, 0);
            bench.journal.set(None);
            let report = bench.go_on(&steps).await.unwrap();
            assert_ended_well(&bench, &report.status, scenario);
        }
        assert!(failures > 8, "{failures} appends");
    }
}

#[tokio::test(start_paused = true)]
async fn whichever_append_the_process_dies_at_the_run_can_go_on() {
    for scenario in [forward as Scenario, there_and_back] {
        for durable in [false, true] {
            // With and without time for the calls under way to have their effect.
            for linger in [0, 60] {
                let mut at = 0;
                while dies(scenario, at, durable, linger).await {
                    at += 1;
                }
                assert!(at > 8, "{at} appends");
            }
        }
    }
}

/// Takes the run up, unless it came to its end before the process died.
async fn finish(bench: &Bench, steps: &Graph) -> Status {
    match bench.status() {
        Some(Status::Ended(end)) => Status::Ended(end),
        _ => bench.go_on(steps).await.unwrap().status,
    }
}

/// Whether the run got as far as that append.
async fn dies(scenario: Scenario, at: usize, durable: bool, linger: u64) -> bool {
    let bench = Bench::new();
    let steps = scenario(&bench);
    bench.journal.set(Some(Trouble::Dies { at, durable }));
    let lingering = bench.clock.sleep(secs(linger));
    let lived = bench
        .journal
        .until_death(lingering, bench.try_start(&steps));
    let lived = lived.await;
    let died = lived.is_none();
    if let Some(report) = lived {
        assert_ended_well(&bench, &report.unwrap().status, scenario);
    } else {
        tokio::task::yield_now().await;
        bench.journal.set(None);
        let status = finish(&bench, &steps).await;
        assert_ended_well(&bench, &status, scenario);
    }
    died
}

#[tokio::test(start_paused = true)]
async fn a_run_may_die_over_and_over() {
    for scenario in [forward as Scenario, there_and_back] {
        for each in 1..5 {
            let bench = Bench::new();
            let steps = scenario(&bench);
            let mut durable = false;
            let status = loop {
                if let Some(Status::Ended(end)) = bench.status() {
                    break Status::Ended(end);
                }
                durable = !durable;
                bench.journal.set(Some(Trouble::Dies { at: each, durable }));
                let lingering = bench.clock.sleep(secs(2));
                let lived = bench.journal.until_death(lingering, bench.go_on(&steps));
                match lived.await {
                    Some(report) => break report.unwrap().status,
                    None => tokio::task::yield_now().await,
                }
                assert!(bench.events().len() < 500, "no progress");
            };
            assert_ended_well(&bench, &status, scenario);
        }
    }
}
