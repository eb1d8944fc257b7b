//! The plan looks and touches nothing.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use stepwell_engine::{
    Attempt, Change, Effect, Fault, Found, GraphBuilder, Machine, Planner, Registry, RunId, Step,
    TokioClock,
};

use super::support::{Act, Bench, create, delete, graph, read, secs, wait};

async fn planned(bench: &Bench, defs: Vec<super::support::Def>) -> Vec<(String, Change)> {
    let steps = graph(defs);
    let before = bench.world.things();
    let planned = bench
        .planner(&[])
        .of_start(bench.run, &steps)
        .await
        .unwrap();
    assert_eq!(bench.world.things(), before);
    assert!(bench.events().is_empty());
    let calls = bench.world.calls();
    assert!(
        calls.iter().all(|call| call.starts_with("check ")),
        "{calls:?}"
    );
    planned
        .iter()
        .map(|step| {
            let until = step.until.as_ref();
            let until = until.map_or_else(String::new, |name| format!(" until {name}"));
            let ids = step.ids.join(",");
            let line = format!("{}{until} {ids}", step.name);
            (line.trim().to_owned(), step.change)
        })
        .collect()
}

fn line(text: &str, change: Change) -> (String, Change) {
    (text.to_owned(), change)
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_would_be_made() {
    let bench = Bench::new();
    let defs = vec![
        create("a", &[]),
        create("b", &["a"]),
        wait("w", &["b"]),
        read("look", &[]),
        delete("gone", &["look"]),
        delete("old", &[]),
    ];
    assert_eq!(
        planned(&bench, defs).await,
        [
            line("a", Change::Create),
            line("b until a", Change::Create),
            line("w until b", Change::Unknown),
            line("look", Change::Read),
            line("gone until look", Change::Delete),
            line("old", Change::Delete),
        ]
    );
    // What depends on what does not exist is not even looked at.
    assert_eq!(bench.world.count("check b"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_kept_or_adopted() {
    let bench = Bench::new();
    let defs = || vec![create("a", &[]), create("b", &["a"]), delete("d", &[])];
    bench.start(&graph([create("a", &[])])).await;
    let again = Bench {
        world: bench.world.clone(),
        ..Bench::new()
    };
    again.world.put("b");
    again.world.put("d");
    let steps = graph(defs());
    let planned = again
        .planner(&[])
        .of_start(again.run, &steps)
        .await
        .unwrap();
    let changes: Vec<_> = planned.iter().map(|step| step.change).collect();
    assert_eq!(changes, [Change::Keep, Change::Adopt, Change::Gone]);
    assert_eq!(planned[0].ids, ["id-a"]);
    assert_eq!(planned[0].kind, "create");
    assert_eq!(again.world.count("run a"), 1, "the one of the run before");
}

#[tokio::test(start_paused = true)]
async fn a_plan_looks_again_for_what_would_be_made() {
    let bench = Bench::new();
    for thing in ["a", "b"] {
        bench.world.put(thing);
    }
    // The first look misses one, and with it what depends on it.
    bench.script("a", "check", [Act::Miss]);
    let defs = || graph([create("a", &[]), create("b", &["a"]), create("c", &["b"])]);
    let steps = defs();
    let look = async |doubts: &[Duration]| {
        let planned = bench.planner(doubts).of_start(bench.run, &steps).await;
        let planned = planned.unwrap();
        planned.iter().map(|step| step.change).collect::<Vec<_>>()
    };
    let all = [Change::Adopt, Change::Adopt, Change::Create];
    assert_eq!(look(&[secs(2), secs(5)]).await, all);
    assert_eq!(bench.world.count("check a"), 2, "found is found");
    assert_eq!(bench.world.count("check b"), 1);
    assert_eq!(bench.world.count("check c"), 2, "not before b was found");

    bench.script("a", "check", [Act::Miss]);
    assert_eq!(look(&[]).await, [Change::Create; 3]);
}

#[tokio::test(start_paused = true)]
async fn a_plan_bears_transient_faults_and_reports_others() {
    let bench = Bench::new();
    let throttled = Act::Fail(Fault::transient("throttled"));
    bench.script("a", "check", [throttled, Act::Slow(secs(1))]);
    let changes = planned(&bench, vec![create("a", &[])]).await;
    assert_eq!(changes, [line("a", Change::Create)]);

    bench.script("a", "check", [Act::Fail(Fault::operator("expired"))]);
    let steps = graph([create("a", &[]), create("b", &["a"]), create("c", &[])]);
    let planned = bench
        .planner(&[])
        .of_start(bench.run, &steps)
        .await
        .unwrap();
    // The step's own fault, and what can be said of the others all the same.
    let faults: Vec<_> = (planned.iter())
        .map(|step| step.fault.as_ref().map(|fault| &*fault.message))
        .collect();
    assert_eq!(faults, [Some("expired"), None, None]);
    let changes: Vec<_> = planned.iter().map(|step| step.change).collect();
    assert_eq!(changes, [Change::Unknown, Change::Create, Change::Create]);
}

/// What a check finds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum There {
    No,
    Yes,
    Leaving,
}

#[derive(Serialize, Deserialize)]
struct Thing(There);

impl Step for Thing {
    type Context = ();
    type Input = ();
    type Output = ();
    const KIND: &'static str = "thing";
    const EFFECT: Effect = Effect::Create;

    async fn check(&self, _: &Attempt<()>, (): &()) -> Result<Found<()>, Fault> {
        match self.0 {
            There::No => Ok(Found::Nothing),
            There::Yes => Ok(Found::Theirs(())),
            There::Leaving => Err(Fault::pending("it has to go first")),
        }
    }

    async fn run(&self, _: &Attempt<()>, (): &()) -> Result<(), Fault> {
        Err(Fault::permanent("a plan runs nothing"))
    }
}

/// An order without data keeps nothing from being there, and what is on its way
/// out is not there to be used.
#[tokio::test(start_paused = true)]
async fn what_merely_comes_after_is_looked_at() {
    let mut graph = GraphBuilder::new();
    let first = graph.add("first", Thing(There::No), ());
    graph.add_after("there", Thing(There::Yes), (), &[&first]);
    graph.add_after("missing", Thing(There::No), (), &[&first]);
    graph.add("leaving", Thing(There::Leaving), ());
    let graph = graph.finish().unwrap();
    let clock = Arc::new(TokioClock::paused());
    let run = RunId::from_u128(1);
    let registry = Arc::new(Registry::new().register::<Thing>());
    let planner = Planner::new(registry, Arc::new(()), clock);
    let planned = planner.of_start(run, &graph).await.unwrap();
    let found: Vec<_> = planned
        .iter()
        .map(|step| (&*step.name, step.change, step.until.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("first", Change::Create, None),
            ("there", Change::Adopt, None),
            ("missing", Change::Create, Some("first")),
            ("leaving", Change::Create, None),
        ]
    );
}

/// Looks go on beside each other, and not too many.
#[tokio::test(start_paused = true)]
async fn looks_overlap_within_bounds() {
    let bench = Bench::new();
    let names = ["a", "b", "c", "d", "e", "f"];
    for name in names {
        bench.script(name, "check", [Act::Slow(secs(10))]);
    }
    let steps = graph(names.map(|name| create(name, &[])));
    let before = bench.clock.elapsed();
    let mut planner = bench.planner(&[]);
    planner.at_once = 3;
    planner.of_start(bench.run, &steps).await.unwrap();
    assert_eq!((bench.clock.elapsed() - before).as_secs(), 20);
    assert_eq!(bench.world.peak_and_active(), (3, 0));
}

/// The plan of a run that is taken up: what is done is not looked at.
#[tokio::test(start_paused = true)]
async fn a_resume_is_planned_from_its_history() {
    let bench = Bench::new();
    let expired = Fault::operator("expired");
    bench.script("b", "run", [Act::Fail(expired)]);
    let steps = graph([
        create("a", &[]),
        wait("w", &["a"]),
        create("b", &["w"]),
        create("c", &["b"]),
    ]);
    bench.start(&steps).await;
    let looks = bench.world.count("check a");
    let machine = Machine::replay(&bench.events()).unwrap();
    let planned = bench.planner(&[]).of_resume(&machine).await.unwrap();
    let changes: Vec<_> = planned.iter().map(|step| step.change).collect();
    assert_eq!(
        changes,
        [Change::Keep, Change::Done, Change::Create, Change::Create]
    );
    assert_eq!(planned[0].ids, ["id-a"]);
    assert_eq!(bench.world.count("check a"), looks);
}
