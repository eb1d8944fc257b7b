//! The graph of a reset, and what of Keycloak stands still while it is under way.

use stepwell_engine::machine::{Machine, Phase, StepState};
use stepwell_engine::{Graph, GraphBuilder, GraphError, Handle, Precedes};

use super::keycloak::is_started_again;
use super::steps::{
    DropSchema, Finish, LookAtSchema, NotePods, RemovePod, StartKeycloak, StopKeycloak,
};
use super::{ResetParameters, Restarted};

const STOP: &str = "stop-keycloak";
const DROP: &str = "drop-schema";
const START: &str = "start-";

/// The graph of a reset. Follows from the parameters alone.
pub fn reset_graph(parameters: &ResetParameters) -> Result<Graph, GraphError> {
    let p = parameters;
    let mut graph = GraphBuilder::new();
    let Some(first) = p.centres.first() else {
        return graph.finish();
    };
    let removed: Vec<_> = (p.leftovers.iter())
        .map(|pod| {
            let step = RemovePod {
                place: first.place.clone(),
                pod: pod.clone(),
            };
            graph.add(format!("remove-{pod}"), step, ())
        })
        .collect();
    let removed: Vec<&dyn Precedes> = removed.iter().map(|handle| handle as _).collect();
    let looked = graph.add_after("look-at-schema", LookAtSchema::of(p, first), (), &removed);
    let noted: Vec<_> = (p.centres.iter())
        .map(|centre| {
            let step = NotePods {
                centre: centre.clone(),
                workload: p.workload.clone(),
            };
            graph.add_after(format!("pods-{}", centre.name()), step, (), &[&looked])
        })
        .collect();
    let stopped = p
        .keycloak()
        .map(|keycloak| graph.add(STOP, StopKeycloak { keycloak }, noted.clone()));
    let mut before: Vec<&dyn Precedes> = vec![&looked];
    before.extend(stopped.iter().map(|handle| handle as &dyn Precedes));
    let dropped = graph.add_after(DROP, DropSchema::of(p, first), noted.clone(), &before);
    // Of several that find an empty schema only one can fill it.
    let mut started: Vec<Handle<Restarted>> = Vec::new();
    for (centre, pods) in p.centres.iter().zip(&noted) {
        let verb = if p.stop { START } else { "restart-" };
        let step = StartKeycloak {
            centre: centre.clone(),
            workload: p.workload.clone(),
            stopped: p.stop,
        };
        let name = format!("{verb}{}", centre.name());
        let after: &dyn Precedes = match started.last() {
            Some(former) => former,
            None => &dropped,
        };
        let handle = graph.add_after(name, step, *pods, &[after]);
        started.push(handle);
    }
    let finished = graph.add(
        "pod-removed",
        Finish {
            place: first.place.clone(),
            cluster: p.cluster.clone(),
            region: p.region.clone(),
            database: p.client.server.database.clone(),
            schema: p.schema.clone(),
        },
        (dropped, started),
    );
    graph.output(finished);
    graph.finish()
}

/// The data centres, by their contexts, in which a run of `aurora reset` may have
/// stopped Keycloak and not started it again. A drop that failed for good has
/// started it again, and told if it could not.
pub fn reset_stopped(machine: &Machine) -> Vec<String> {
    let shape = machine.shape();
    let of = |name: &str| shape.ids().find(|id| shape.name(*id).as_ref() == name);
    let (Some(stop), Some(drop)) = (of(STOP), of(DROP)) else {
        return Vec::new();
    };
    let (stop, drop) = (machine.step(stop), machine.step(drop));
    let last = if drop.runs > 0 { drop } else { stop };
    let given_back = |step: &StepState| {
        !step.in_doubt
            && step.phase != Phase::Running
            && step
                .fault
                .as_ref()
                .is_some_and(|fault| is_started_again(fault))
    };
    if stop.runs == 0 || given_back(last) {
        return Vec::new();
    }
    (shape.ids())
        .filter(|id| machine.step(*id).phase != Phase::Done)
        .filter_map(|id| shape.name(id).as_ref().strip_prefix(START))
        .map(str::to_owned)
        .collect()
}
