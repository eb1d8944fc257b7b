//! What always holds while a run goes on.

use std::sync::Arc;

use stepwell_engine::event::End;
use stepwell_engine::machine::Status;
use stepwell_engine::{Fault, JournalError, RunError, RunId};

use super::support::{Act, Bench, create, graph, secs};

#[tokio::test(start_paused = true)]
async fn no_more_than_so_many_at_once() {
    for parallel in [1, 2, 3, 20] {
        let mut bench = Bench::new();
        bench.parallel = parallel;
        let names: Vec<&'static str> = (0..12).map(|at| &*format!("s{at}").leak()).collect();
        for name in &names {
            bench.script(name, "run", [Act::Slow(secs(1))]);
        }
        let report = bench
            .start(&graph(names.iter().map(|name| create(name, &[]))))
            .await;
        assert_eq!(report.status, Status::Ended(End::Succeeded));
        let (peak, active) = bench.world.peak_and_active();
        assert_eq!((peak, active), (12.min(parallel as usize), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_and_what_it_unblocks_share_a_transaction() {
    let bench = Bench::new();
    bench
        .start(&graph([
            create("a", &[]),
            create("b", &["a"]),
            create("c", &["b"]),
        ]))
        .await;
    // created + start, result + start, result + start, result + end.
    assert_eq!(bench.journal.appends(), [2, 2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn results_that_arrive_together_share_a_transaction() {
    let mut bench = Bench::new();
    bench.parallel = 100;
    let names: Vec<&'static str> = (0..100).map(|at| &*format!("s{at}").leak()).collect();
    bench
        .start(&graph(names.iter().map(|name| create(name, &[]))))
        .await;
    let appends = bench.journal.appends();
    assert!(appends.len() <= 4, "{appends:?}");
}

#[tokio::test(start_paused = true)]
async fn observers_hear_what_is_durable_in_order() {
    let bench = Bench::new();
    bench.script("b", "run", [Act::Fail(Fault::permanent("no"))]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    bench.start(&steps).await;
    assert_eq!(*bench.ears.events.lock().unwrap(), bench.events());
    for (place, event) in bench.events().iter().enumerate() {
        assert_eq!(event.seq as usize, place);
        assert_eq!(event.run, bench.run);
    }
}

#[tokio::test(start_paused = true)]
async fn observers_do_not_hear_what_is_not_durable() {
    let bench = Bench::new();
    let trouble = super::support::Trouble::Fails { at: 1 };
    bench.journal.set(Some(trouble));
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    assert!(bench.try_start(&steps).await.is_err());
    assert_eq!(*bench.ears.events.lock().unwrap(), bench.events());
    assert_eq!(bench.events().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_key_is_the_same_for_every_attempt() {
    let bench = Bench::new();
    let throttled = Act::Fail(Fault::transient("throttled"));
    bench.script(
        "a",
        "run",
        [throttled.clone(), Act::Fail(Fault::operator("expired"))],
    );
    bench.script("b", "run", [Act::Fail(Fault::permanent("no"))]);
    bench.script("a", "undo", [throttled]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    bench.start(&steps).await;
    bench.resume().await;
    assert_eq!(bench.world.keys("a"), [format!("{}/a", bench.run)]);
    assert!(bench.world.count("run a") > 2);
}

#[tokio::test(start_paused = true)]
async fn of_two_processes_on_one_run_one_is_refused() {
    let bench = Arc::new(Bench::new());
    bench.script("a", "run", [Act::Slow(secs(10))]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    let (one, other) = tokio::join!(bench.try_start(&steps), bench.try_start(&steps));
    assert_eq!(one.unwrap().status, Status::Ended(End::Succeeded));
    let run = bench.run;
    assert!(matches!(
        other,
        Err(RunError::Journal(JournalError::Conflict { run: of, seq: 0 })) if of == run
    ));
    assert_eq!(bench.world.count("run a"), 1);
}

#[tokio::test(start_paused = true)]
async fn who_takes_up_a_run_that_goes_on_elsewhere_loses_the_race() {
    let bench = Bench::new();
    bench.script("a", "run", [Act::Slow(secs(10))]);
    let steps = graph([create("a", &[]), create("b", &["a"])]);
    let late = async {
        bench.clock.sleep(secs(5)).await;
        // The lock on a run is the store's; this is what holds without it: the
        // second appends first, so the first is refused and stops.
        bench.try_resume().await
    };
    let (first, second) = tokio::join!(bench.try_start(&steps), late);
    assert!(matches!(
        first,
        Err(RunError::Journal(JournalError::Conflict { .. }))
    ));
    assert_eq!(second.unwrap().status, Status::Ended(End::Succeeded));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_run_leaves_no_attempt() {
    let bench = Bench::new();
    bench.script("a", "run", [Act::Slow(secs(10))]);
    let steps = graph([create("a", &[])]);
    let dropped = tokio::time::timeout(secs(5), bench.try_start(&steps)).await;
    assert!(dropped.is_err());
    bench.clock.sleep(secs(60)).await;
    assert_eq!(bench.world.peak_and_active().1, 0);
    assert!(bench.world.things().is_empty());
}

#[test]
fn ids_of_runs_sort_by_time() {
    let at = |millis| RunId::new(stepwell_engine::Timestamp(millis));
    assert!(at(1_000) < at(1_001));
    assert_ne!(at(1_000), at(1_000));
    let id = at(1_000);
    assert_eq!(id.to_string().parse(), Ok(id));
}
