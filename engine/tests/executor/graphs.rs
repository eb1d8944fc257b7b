//! Graphs are built from typed handles; what is wrong with one is said.

use serde::Serialize;
use stepwell_engine::{
    Attempt, Effect, Fault, Graph, GraphBuilder, GraphError, Handle, Precedes, Shape, Step,
    StepRecord,
};

#[derive(Serialize)]
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

#[derive(Serialize)]
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
#[derive(Serialize)]
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
    assert_eq!(graph.records()[2].needs, [0, 1]);
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
    let mut other = Graph::<()>::builder();
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

    let mut builder = Graph::<()>::builder();
    builder.output(foreign);
    assert_eq!(builder.finish().err(), Some(GraphError::ForeignOutput));
}

#[test]
fn records_must_come_parents_first() {
    let record = |name: &str, needs: &[u32]| StepRecord {
        name: name.into(),
        kind: "any".into(),
        effect: Effect::Read,
        needs: needs.to_vec(),
        digest: String::new(),
    };
    for needs in [0, 1, 7] {
        let error = Shape::new(&[record("a", &[needs])]).err();
        assert_eq!(error, Some(GraphError::Order("a".into())));
    }
    assert!(Shape::new(&[record("a", &[]), record("b", &[0])]).is_ok());
}

fn fingerprint(build: impl FnOnce(&mut GraphBuilder<()>)) -> String {
    let mut builder = Graph::builder();
    build(&mut builder);
    builder.finish().unwrap().fingerprint().to_owned()
}

#[test]
fn the_fingerprint_covers_names_edges_wiring_and_data() {
    let build = |swap: bool, name: &'static str, data: u32, edge: bool| {
        fingerprint(|builder| {
            let [one, two] = numbers(builder);
            let needs = if swap { (two, one) } else { (one, two) };
            let last = builder.add(name, Difference, needs);
            let after: &[&dyn Precedes] = if edge { &[&last] } else { &[] };
            builder.add_after("end", Number(data), (), after);
        })
    };
    let same = build(false, "x", 3, false);
    assert_eq!(same, build(false, "x", 3, false), "it can be repeated");
    assert_eq!(same.len(), 64);
    for other in [
        build(true, "x", 3, false),
        build(false, "y", 3, false),
        build(false, "x", 4, false),
        build(false, "x", 3, true),
    ] {
        assert_ne!(same, other);
    }
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
