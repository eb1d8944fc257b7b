//! The shell around the executor: locks, unfinished runs, plans, giving up.

use std::sync::Arc;

use serde_json::Value;
use stepwell_engine::event::{Actor, End, RunCreated};
use stepwell_engine::machine::Status;
use stepwell_engine::summary::RunStatus;
use stepwell_engine::{
    Begun, Change, Executor, Fault, Graph, LockError, Locked, MemoryStore, RollbackRequest, RunId,
    Runner, RunnerError, Timestamp,
};

use super::support::{Act, Bench, World, actor, assert_suspended, create, graph, registry};

/// A runner in the world of a bench, over a store of its own.
fn runner(bench: &Bench) -> Runner<World> {
    let store = Arc::new(MemoryStore::new());
    let executor = Executor {
        clock: bench.clock.clone(),
        ..Executor::new(registry(), bench.world.clone(), store.clone())
    };
    Runner {
        actor: actor(),
        ..Runner::over(store, executor)
    }
}

fn created() -> RunCreated {
    RunCreated::new("test", "target", Value::Null)
}

fn chain() -> Graph {
    graph([create("a", &[]), create("b", &["a"])])
}

async fn begin(runner: &Runner<World>, created: RunCreated) -> Result<Begun, RunnerError> {
    let lock = runner.lock_target(&created.account, &created.target);
    let run = RunId::new(runner.executor.clock.now());
    runner.begin(run, &lock.await?, created).await
}

async fn suspended(bench: &Bench, runner: &Runner<World>) -> RunId {
    let expired = Fault::operator("expired");
    bench.script("b", "run", [Act::Fail(expired)]);
    let report = runner.start(created(), &chain()).await.unwrap();
    assert_suspended(&report);
    report.run
}

#[tokio::test(start_paused = true)]
async fn a_run_is_taken_up_undone_and_recorded_with_who_did_it() {
    let bench = Bench::lenient();
    let runner = runner(&bench);
    let run = suspended(&bench, &runner).await;
    let seen = runner.summary(run).await.unwrap();
    assert_eq!(seen.state, RunStatus::Suspended);
    let plan = runner.look(run).await.unwrap();
    let plan = plan.plan(&runner).await.unwrap();
    let changes: Vec<_> = plan.iter().map(|step| step.change).collect();
    assert_eq!(changes, [Change::Keep, Change::Create]);

    let report = runner.resume(run).await.unwrap();
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.things(), ["a", "b"]);

    let seen = runner.look(run).await.unwrap();
    let undo = seen.plan_rollback(&runner, &[]).await.unwrap();
    let names: Vec<_> = undo.iter().map(|step| &*step.name).collect();
    assert_eq!(names, ["b", "a"]);
    let request = RollbackRequest::default();
    let report = runner.rollback(run, request).await.unwrap();
    let waived = Vec::new();
    assert_eq!(report.status, Status::Ended(End::RolledBack { waived }));
    assert!(bench.world.things().is_empty());
    assert_eq!(seen.machine.created().by, actor());
}

#[tokio::test(start_paused = true)]
async fn one_unfinished_run_for_each_target() {
    let bench = Bench::lenient();
    let runner = runner(&bench);
    let run = suspended(&bench, &runner).await;
    let second = runner.start(created(), &chain()).await;
    let error = second.unwrap_err();
    assert!(matches!(&error, RunnerError::Unfinished { run: found, .. } if *found == run));
    assert_eq!(
        error.to_string(),
        format!("target has an unfinished run: {run}")
    );
    // Another target, or another account, is another matter.
    for other in [
        RunCreated::new("test", "elsewhere", Value::Null),
        RunCreated {
            account: "another".into(),
            ..created()
        },
    ] {
        begin(&runner, other).await.unwrap();
    }
    // So is the target once the run is given up.
    runner.abandon(run, "superseded").await.unwrap();
    begin(&runner, created()).await.unwrap();
    let again = runner.abandon(run, "superseded").await.unwrap_err();
    assert!(again.to_string().contains("history"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn what_is_locked_is_named() {
    let bench = Bench::lenient();
    let runner = runner(&bench);
    let run = suspended(&bench, &runner).await;
    let now = Timestamp(0);
    let held = runner.store.lock_run(run, &actor(), now).await.unwrap();
    let error = runner.resume(run).await.unwrap_err();
    let RunnerError::Lock(LockError::Held { what, .. }) = &error else {
        panic!("{error:?}");
    };
    assert_eq!(*what, Locked::Run(run));
    assert_eq!(
        error.to_string(),
        format!("run {run} is locked by another process")
    );
    drop(held);
    let (by, account) = (actor(), Value::Null);
    let target = runner.store.lock_target(&account, "target", &by, now);
    let held = target.await.unwrap();
    let error = runner.resume(run).await.unwrap_err().to_string();
    assert_eq!(error, "target is locked by another process");
    drop(held);
    // A lock is given back, also where what it was for failed.
    runner.resume(run).await.unwrap();
    runner.look(run).await.map(drop).unwrap();
}

#[tokio::test(start_paused = true)]
async fn there_has_to_be_a_run() {
    let runner = runner(&Bench::lenient());
    let run = RunId::from_u128(404);
    let error = runner.resume(run).await.unwrap_err();
    assert_eq!(error.to_string(), format!("there is no run {run}"));
}

#[test]
fn a_holder_is_told_in_a_few_words() {
    let holder = |by: &Actor| stepwell_engine::Holder::new(by, Timestamp(0)).to_string();
    assert_eq!(holder(&actor()), "process 1 of user on host");
    let nameless = Actor {
        pid: 7,
        ..Actor::default()
    };
    assert_eq!(holder(&nameless), "process 7");
}
