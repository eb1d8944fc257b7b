//! A run is taken up by its history alone, and by other programs.

use serde_json::json;
use stepwell_engine::event::{End, EventBody, RunCreated, StepChange};
use stepwell_engine::machine::Status;
use stepwell_engine::{Fault, ParameterChange, RunError};

use super::support::{Act, Bench, Def, assert_suspended, create, graph};

fn defs() -> Vec<Def> {
    vec![create("a", &[]), create("b", &["a"]), create("c", &["a"])]
}

async fn suspended() -> Bench {
    let bench = Bench::new();
    bench.script("b", "run", [Act::Fail(Fault::operator("expired"))]);
    assert_suspended(&bench.start(&graph(defs())).await);
    bench
}

#[tokio::test(start_paused = true)]
async fn a_run_goes_on_and_runs_nothing_twice() {
    let bench = suspended().await;
    let report = bench.resume().await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.count("run a"), 1);
    let history = bench.events();
    let again = bench.resume().await;
    assert_eq!(again.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.events(), history, "it stays ended");
}

/// Other data for a step.
fn change(bench: &Bench, step: &str) -> ParameterChange {
    let created = RunCreated::told(&bench.events()).unwrap();
    let record = created.steps.iter().find(|record| &*record.name == step);
    let mut data = record.unwrap().data.clone();
    data["data"] = "other".into();
    ParameterChange {
        parameters: json!({"size": "small"}),
        changes: vec![StepChange {
            step: step.into(),
            data,
        }],
        reason: "no large ones are left".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_made_yet_may_be_made_otherwise() {
    let bench = suspended().await;
    let refused = Fault::operator("expired again");
    bench.script("b", "run", [Act::Fail(refused)]);
    let change = change(&bench, "b");
    assert_suspended(&bench.resume_changed(change.clone()).await.unwrap());
    let told = RunCreated::told(&bench.events()).unwrap();
    assert_eq!(told.parameters, json!({"size": "small"}));
    assert_eq!(told.steps[1].data, change.changes[0].data);
    let report = bench.resume().await;
    assert_eq!(report.status, Status::Ended(End::Succeeded));
    assert_eq!(bench.world.count("run a"), 1);
    let data = ["", "other", "other"];
    assert_eq!(bench.world.data("b"), data, "what is recorded is read");
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
    let refused = bench.resume_changed(change(&bench, "a")).await;
    let Err(RunError::Change(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.to_string().contains(r#"step "a" is done"#), "{why}");
    assert_eq!(bench.events(), history, "nothing is recorded");
}

#[tokio::test(start_paused = true)]
async fn data_that_no_step_reads_is_refused() {
    let bench = suspended().await;
    let history = bench.events();
    let mut change = change(&bench, "b");
    change.changes[0].data = json!(7);
    let refused = bench.resume_changed(change).await;
    let Err(RunError::Unsupported(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        why.to_string().contains(r#"step "b": this is no "create""#),
        "{why}"
    );
    assert_eq!(bench.events(), history, "nothing is recorded");
}
