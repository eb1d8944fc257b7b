//! A run is taken up with the graph it was started with, and no other.

use serde_json::json;
use stepwell_engine::event::{End, EventBody, RunCreated};
use stepwell_engine::machine::Status;
use stepwell_engine::{Fault, ParameterChange, RunError};

use super::support::{Act, Bench, Def, assert_suspended, create, graph, wait};

fn defs() -> Vec<Def> {
    vec![create("a", &[]), create("b", &["a"]), create("c", &["a"])]
}

async fn suspended() -> Bench {
    let bench = Bench::new();
    bench.script("b", "run", [Act::Fail(Fault::operator("expired"))]);
    assert_suspended(&bench.start(&graph(defs())).await);
    bench
}

async fn differences(change: impl FnOnce(&mut Vec<Def>)) -> Vec<String> {
    let bench = suspended().await;
    let before = bench.events();
    let mut changed = defs();
    change(&mut changed);
    match bench.try_resume(&graph(changed)).await {
        Err(RunError::Fingerprint { differences }) => {
            assert_eq!(bench.events(), before, "nothing is recorded");
            differences
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn another_graph_is_refused_and_the_difference_shown() {
    let added = differences(|defs| defs.insert(0, create("new", &[]))).await;
    assert_eq!(added, [r#"step "new" is new"#]);
    let removed = differences(|defs| drop(defs.pop())).await;
    assert_eq!(removed, [r#"step "c" is no longer there"#]);
    let other = differences(|defs| defs[1] = wait("b", &["a"])).await;
    assert_eq!(other, [r#"step "b" is another"#]);
    let edge = differences(|defs| defs[2].needs = vec!["b"]).await;
    assert_eq!(edge, [r#"step "c" needs other steps"#]);
    let data = differences(|defs| defs[2].data = "other").await;
    assert_eq!(data, [r#"step "c" has other data"#]);
}

#[tokio::test(start_paused = true)]
async fn the_same_graph_goes_on_and_runs_nothing_twice() {
    let bench = suspended().await;
    let report = bench.resume(&graph(defs())).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.count("run a"), 1);
    let history = bench.events();
    let again = bench.resume(&graph(defs())).await;
    assert_eq!(again.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.events(), history, "it stays ended");
}

/// The steps with other data for one of them.
fn with_data(step: usize) -> Vec<Def> {
    let mut changed = defs();
    changed[step].data = "other";
    changed
}

fn change() -> ParameterChange {
    ParameterChange {
        parameters: json!({"size": "small"}),
        reason: "no large ones are left".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_made_yet_may_be_made_otherwise() {
    let bench = suspended().await;
    bench.script("b", "run", [Act::Fail(Fault::operator("expired again"))]);
    let changed = graph(with_data(1));
    assert_suspended(&bench.resume_changed(change(), &changed).await.unwrap());
    let told = RunCreated::told(&bench.events()).unwrap();
    assert_eq!(told.parameters, json!({"size": "small"}));
    assert_eq!(told.fingerprint, changed.fingerprint());
    assert_eq!(told.steps, changed.records());
    // From now on it is the run's graph, and the one that it began with is not.
    let before = bench.try_resume(&graph(defs())).await;
    assert!(matches!(before, Err(RunError::Fingerprint { .. })));
    let report = bench.resume(&changed).await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.count("run a"), 1);
    let changes = bench.events().into_iter().filter_map(|event| {
        let EventBody::ParametersChanged(change) = event.body else {
            return None;
        };
        Some(change.reason)
    });
    assert_eq!(changes.collect::<Vec<_>>(), ["no large ones are left"]);
    bench.world.assert_sound();
}

#[tokio::test(start_paused = true)]
async fn what_was_made_stays_as_it_is() {
    let bench = suspended().await;
    let history = bench.events();
    let refused = bench.resume_changed(change(), &graph(with_data(0))).await;
    let Err(RunError::Change(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.to_string().contains(r#"step "a" is done"#), "{why}");
    assert_eq!(bench.events(), history, "nothing is recorded");
}
