//! Graphs are built from typed handles; what is wrong with one is said.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stepwell_engine::event::RunCreated;
use stepwell_engine::{
    Attempt, Effect, Executor, Fault, Graph, GraphBuilder, GraphError, Handle, Journal as _,
    Machine, MemoryJournal, Precedes, Registry, RunId, Shape, Step, StepRecord, Wiring,
};

#[derive(Serialize, Deserialize)]
struct Number(u32);

impl Step for Number {
    type Context = ();
    type Input = ();
    type Output = u32;
    const KIND: &'static str = "number";
    const EFFECT: Effect = Effect::Read;

    async fn run(&self, _: &Attempt<()>, (): &()) -> Result<u32, Fault> {
        Ok(self.0)
    }
}

#[derive(Serialize, Deserialize)]
struct Difference;

impl Step for Difference {
    type Context = ();
    type Input = (u32, u32);
    type Output = u32;
    const KIND: &'static str = "difference";
    const EFFECT: Effect = Effect::Read;

    async fn run(&self, _: &Attempt<()>, (a, b): &(u32, u32)) -> Result<u32, Fault> {
        Ok(a - b)
    }
}

/// A step that takes all kinds of needs at once.
#[derive(Serialize, Deserialize)]
struct Collect;

impl Step for Collect {
    type Context = ();
    type Input = (Vec<u32>, Option<u32>, (u32, ()));
    type Output = String;
    const KIND: &'static str = "collect";
    const EFFECT: Effect = Effect::Read;

    async fn run(&self, _: &Attempt<()>, input: &Self::Input) -> Result<String, Fault> {
        Ok(format!("{input:?}"))
    }
}

fn numbers(builder: &mut GraphBuilder<()>) -> [Handle<u32>; 2] {
    [
        builder.add("one", Number(1), ()),
        builder.add("two", Number(2), ()),
    ]
}

#[test]
fn edges_come_from_handles() {
    let mut builder = Graph::builder();
    let [one, two] = numbers(&mut builder);
    let needs = (vec![two, one], Some(one), (two, ()));
    let all = builder.add_after("all", Collect, needs, &[&one as &dyn Precedes]);
    builder.add_after("later", Number(3), (), &[&all, &two]);
    builder.output(all);
    let graph = builder.finish().unwrap();
    let shape = graph.shape();
    let find = |name| shape.find(name).unwrap();
    let parents = |name| {
        let mut names: Vec<_> = shape
            .parents(find(name))
            .map(|id| shape.name(id).to_string())
            .collect();
        names.sort();
        names
    };
    assert_eq!(parents("all"), ["one", "two"]);
    assert_eq!(parents("later"), ["all", "two"]);
    assert_eq!(shape.children(find("two")).count(), 2);
    assert_eq!(shape.len(), 4);
    assert_eq!(graph.output().map(|name| &**name), Some("all"));
    let all = &graph.records()[2];
    assert_eq!(all.parents(), [0, 1]);
    // As data: the outputs in the shape in which they are read.
    let text = serde_json::to_value(&all.input).unwrap();
    assert_eq!(text, json!([[1, 0], 0, [1, null]]));
    assert_eq!(all.after, [0]);
    assert_eq!(graph.records()[0].data, json!(1));
    assert_eq!(graph.records()[0].input, Wiring::Nothing);
}

#[test]
fn two_steps_of_one_name_are_refused() {
    let mut builder = Graph::builder();
    builder.add("same", Number(1), ());
    builder.add("same", Number(2), ());
    let error = builder.finish().err();
    assert_eq!(error, Some(GraphError::DuplicateName("same".into())));
}

#[test]
fn a_step_without_a_name_is_refused() {
    let mut builder = Graph::builder();
    builder.add("", Number(1), ());
    assert_eq!(builder.finish().err(), Some(GraphError::EmptyName));
}

#[test]
fn a_handle_of_another_graph_is_refused() {
    let mut other = Graph::builder::<()>();
    let [_, foreign] = numbers(&mut other);

    let mut builder = Graph::builder();
    let [one, _] = numbers(&mut builder);
    builder.add("bad", Difference, (one, foreign));
    let error = builder.finish().err();
    assert_eq!(error, Some(GraphError::ForeignHandle("bad".into())));

    let mut builder = Graph::builder();
    builder.add_after("bad", Number(1), (), &[&foreign]);
    let error = builder.finish().err();
    assert_eq!(error, Some(GraphError::ForeignHandle("bad".into())));

    let mut builder = Graph::builder::<()>();
    builder.output(foreign);
    assert_eq!(builder.finish().err(), Some(GraphError::ForeignOutput));
}

#[test]
fn records_must_come_parents_first() {
    let record = |name: &str, needs: &[u32]| StepRecord {
        name: name.into(),
        kind: "any".into(),
        effect: Effect::Read,
        data: Value::Null,
        limit: None,
        input: Wiring::Nothing,
        after: needs.to_vec(),
    };
    for needs in [0, 1, 7] {
        let error = Shape::new([record("a", &[needs])].into()).err();
        assert_eq!(error, Some(GraphError::Order("a".into())));
    }
    assert!(Shape::new([record("a", &[]), record("b", &[0])].into()).is_ok());
}

/// What comes out of a history is what went in, by the data alone.
#[tokio::test]
async fn outputs_reach_the_inputs_by_the_recorded_wiring() {
    let mut builder = GraphBuilder::new();
    let [one, two] = numbers(&mut builder);
    builder.add("difference", Difference, (two, one));
    let needs = (vec![two, one], None::<Handle<u32>>, (one, ()));
    let all = builder.add("all", Collect, needs);
    builder.output(all);
    let graph = builder.finish().unwrap();
    let registry = Registry::new()
        .register::<Number>()
        .register::<Difference>()
        .register::<Collect>();
    let journal = Arc::new(MemoryJournal::new());
    let executor = Executor::new(Arc::new(registry), Arc::new(()), journal.clone());
    let run = RunId::from_u128(1);
    let created = RunCreated::new("test", "target", Value::Null);
    let report = executor.start(run, created, &graph).await.unwrap();
    assert_eq!(report.output, Some("([2, 1], None, (1, ()))".into()));
    let events = journal.load(run).await.unwrap();
    let outputs = Machine::replay(&events).unwrap();
    let difference = outputs.shape().find("difference").unwrap();
    assert_eq!(outputs.step(difference).output, Some(json!(1)));
}

#[test]
fn a_large_graph_is_built() {
    let mut builder = Graph::builder();
    let mut last = builder.add("start", Number(0), ());
    for at in 0..20_000 {
        last = builder.add(format!("step {at}"), Difference, (last, last));
    }
    let graph = builder.finish().unwrap();
    assert_eq!(graph.shape().len(), 20_001);
}
