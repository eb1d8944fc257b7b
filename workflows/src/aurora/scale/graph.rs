//! The steps of a scaling.

use stepwell_engine::{Graph, GraphBuilder, GraphError, Handle, Precedes};

use super::ScaleParameters;
use super::steps::{AddInstance, DeleteReader, FindCluster, SetInstances, VerifyScaled};
use crate::aurora::create::steps::{CreateInstance, WaitInstance};
use crate::aurora::delete::WaitInstanceGone;

/// The graph of a scaling. Follows from the parameters alone.
pub fn scale_graph(parameters: &ScaleParameters) -> Result<Graph, GraphError> {
    let p = parameters;
    let region = || p.region.clone();
    let mut graph = GraphBuilder::new();
    let cluster = graph.add(
        "cluster",
        FindCluster {
            region: region(),
            cluster: p.identity.clone(),
        },
        (),
    );
    let tag = |before: u32| SetInstances {
        region: region(),
        instances: p.instances,
        before,
    };
    let recorded = p.recorded.filter(|_| p.retags());

    // A cluster that is to shrink is not half made while it does, nor is one
    // that is to grow: the tag follows the instances up, and goes before them
    // down.
    let mut last: Vec<Box<dyn Precedes>> = Vec::new();
    let mut asked = vec![cluster];
    if let Some(before) = recorded.filter(|_| !p.removing.is_empty()) {
        asked = vec![graph.add("instances", tag(before), cluster)];
    }
    let mut added: Vec<Handle<_>> = Vec::new();
    for instance in &p.adding {
        let made = graph.add(
            p.step_of(&instance.name),
            AddInstance(CreateInstance {
                region: region(),
                labels: p.labels.clone(),
                name: instance.name.clone(),
                zone: instance.zone.clone(),
                class: instance.class.clone(),
                engine: p.engine.clone(),
            }),
            cluster,
        );
        added.push(graph.add(
            format!("{}-available", p.step_of(&instance.name)),
            WaitInstance { region: region() },
            made,
        ));
        last.push(Box::new(made));
    }
    for removal in &p.removing {
        let name = &removal.instance.instance;
        let deleted = graph.add(
            format!("delete-{}", p.step_of(name)),
            DeleteReader {
                region: region(),
                instance: removal.instance.clone(),
            },
            asked[0],
        );
        last.push(Box::new(graph.add_after(
            format!("{}-gone", p.step_of(name)),
            WaitInstanceGone {
                region: region(),
                instance: removal.instance.clone(),
            },
            (),
            &[&deleted],
        )));
    }
    last.extend(
        added
            .iter()
            .map(|added| Box::new(*added) as Box<dyn Precedes>),
    );
    if let Some(before) = recorded.filter(|_| p.removing.is_empty()) {
        let after: Vec<&dyn Precedes> = last.iter().map(AsRef::as_ref).collect();
        let tagged = graph.add_after("instances", tag(before), cluster, &after);
        last.push(Box::new(tagged));
    }
    let after: Vec<&dyn Precedes> = last.iter().map(AsRef::as_ref).collect();
    let scaled = graph.add_after(
        "scaled",
        VerifyScaled {
            region: region(),
            removed: (p.removing.iter())
                .map(|removal| removal.instance.instance.clone())
                .collect(),
        },
        (cluster, added.clone()),
        &after,
    );
    graph.output(scaled);
    graph.finish()
}

impl ScaleParameters {
    /// The name of an instance's step: without the cluster's in front.
    pub(crate) fn step_of<'a>(&self, instance: &'a str) -> &'a str {
        instance
            .strip_prefix(&format!("{}-", self.cluster))
            .unwrap_or(instance)
    }
}
