//! A run is taken up with the graph it was started with, and no other.

use stepwell_engine::event::End;
use stepwell_engine::machine::Status;
use stepwell_engine::{Fault, RunError};

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
