//! The plan looks and touches nothing.

use stepwell_engine::{Change, Fault, plan};

use super::support::{Act, Bench, create, delete, graph, read, secs, wait};

async fn planned(bench: &Bench, defs: Vec<super::support::Def>) -> Vec<(String, Change)> {
    let steps = graph(defs);
    let world = bench.world.clone();
    let before = bench.world.things();
    let planned = plan(&steps, bench.run, world, bench.clock.clone())
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
    let planned = plan(&steps, again.run, again.world.clone(), again.clock.clone())
        .await
        .unwrap();
    let changes: Vec<_> = planned.iter().map(|step| step.change).collect();
    assert_eq!(changes, [Change::Keep, Change::Adopt, Change::Gone]);
    assert_eq!(planned[0].ids, ["id-a"]);
    assert_eq!(planned[0].kind, "scripted");
    assert_eq!(again.world.count("run a"), 1, "the one of the run before");
}

#[tokio::test(start_paused = true)]
async fn a_plan_bears_transient_faults_and_reports_others() {
    let bench = Bench::new();
    let throttled = Act::Fail(Fault::transient("throttled"));
    bench.script("a", "check", [throttled, Act::Slow(secs(1))]);
    let changes = planned(&bench, vec![create("a", &[])]).await;
    assert_eq!(changes, [line("a", Change::Create)]);

    bench.script("a", "check", [Act::Fail(Fault::operator("expired"))]);
    let steps = graph([create("a", &[])]);
    let world = bench.world.clone();
    let fault = plan(&steps, bench.run, world, bench.clock.clone()).await;
    assert_eq!(fault.unwrap_err().message, "expired");
}
