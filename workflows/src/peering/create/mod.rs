//! `peering create`: ROSA's machines reach the database, and nobody else.

mod database;
mod networks;
mod overlap;
mod parameters;
pub(crate) mod steps;
mod survey;

use stepwell_engine::{Graph, GraphBuilder, GraphError, Handle, Precedes};

use super::end::End;
use crate::aws::Aws;
pub(crate) use database::resume_refusal;
pub use parameters::{
    Before, CreateOptions, CreateParameters, CreateRequest, ExistingPeering, PlannedRoute,
};
use steps::{
    AcceptPeering, Connection, CreatePeering, CreateRoute, LookUpNetwork, OpenPort, TagAccepter,
    VerifyPeering, WaitActive,
};
pub use survey::survey_create;

/// The graph of a peering. Follows from the parameters alone.
pub fn create_graph(parameters: &CreateParameters) -> Result<Graph, GraphError> {
    let p = parameters;
    let mut graph = GraphBuilder::new();
    let mut tables: Vec<String> = p
        .routes_to_aurora
        .iter()
        .map(|route| route.table.clone())
        .collect();
    tables.dedup();
    let network = graph.add(
        "rosa-network",
        LookUpNetwork {
            network: p.rosa.clone(),
            end: p.rosa_end.clone(),
            tables,
        },
        (),
    );
    let peering = graph.add(
        "peering",
        CreatePeering {
            aurora: p.aurora.clone(),
            labels: p.labels.clone(),
        },
        network,
    );
    let accepted = graph.add("peering-accepted", AcceptPeering {}, peering);
    let mut before_end: Vec<Handle<()>> = Vec::new();
    if !p.aurora.sees_the_same(&p.rosa_end) {
        before_end.push(graph.add(
            "peering-tags",
            TagAccepter {
                labels: p.labels.clone(),
            },
            accepted,
        ));
    }
    let active = graph.add("peering-active", WaitActive {}, accepted);
    let port = graph.add(
        "ingress",
        OpenPort {
            end: p.aurora.clone(),
            labels: p.labels.clone(),
            group: p.security_group_id.clone(),
            source: p.rosa.machine_cidr,
            port: p.port,
            cluster: p.identity.clone(),
        },
        active,
    );

    // What replaces a stale route comes after all else that may fail: AWS does
    // not promise to take back a target that is gone.
    let mut certain: Vec<Handle<steps::RouteMade>> = Vec::new();
    let mut sides: [Vec<Option<Handle<steps::RouteMade>>>; 2] = [Vec::new(), Vec::new()];
    let planned = [
        ("aurora", &p.rosa_end, &p.routes_to_aurora),
        ("rosa", &p.aurora, &p.routes_to_rosa),
    ];
    for ((to, end, routes), side) in planned.iter().zip(&mut sides) {
        for (place, route) in routes.iter().enumerate() {
            side.push((!survey::replaces(route)).then(|| {
                let name = name(to, routes, place);
                add_route(&mut graph, name, end, route, active, &[])
            }));
            certain.extend(side.last().copied().flatten());
        }
    }
    let mut after: Vec<&dyn Precedes> = certain.iter().map(|made| made as _).collect();
    after.push(&port);
    for ((to, end, routes), side) in planned.iter().zip(&mut sides) {
        for (place, route) in routes.iter().enumerate() {
            if side[place].is_none() {
                let name = name(to, routes, place);
                side[place] = Some(add_route(&mut graph, name, end, route, active, &after));
            }
        }
    }
    let [to_aurora, to_rosa] = sides.map(|side| side.into_iter().flatten().collect::<Vec<_>>());
    let before_end: Vec<&dyn Precedes> = before_end.iter().map(|tagged| tagged as _).collect();
    let verified = graph.add_after(
        "verify",
        VerifyPeering {
            cluster: p.cluster.clone(),
            aurora: p.aurora.clone(),
            rosa: p.rosa_end.clone(),
            rosa_cluster: p.rosa.cluster.clone(),
            machine_cidr: p.rosa.machine_cidr,
            cidrs: p.cidrs.clone(),
            changed: p.has_changes(),
        },
        (active, to_aurora, to_rosa, port),
        &before_end,
    );
    graph.output(verified);
    graph.finish()
}

/// `route-to-aurora-rtb-1`; with the destination where a table gets several.
fn name(to: &str, routes: &[PlannedRoute], place: usize) -> String {
    let route = &routes[place];
    let several = routes
        .iter()
        .filter(|other| other.table == route.table)
        .count()
        > 1;
    let name = format!("route-to-{to}-{}", route.table);
    if several {
        format!("{name}-{}", route.destination)
    } else {
        name
    }
}

fn add_route(
    graph: &mut GraphBuilder<Aws>,
    name: String,
    end: &End,
    route: &PlannedRoute,
    active: Handle<Connection>,
    after: &[&dyn Precedes],
) -> Handle<steps::RouteMade> {
    graph.add_after(
        name,
        CreateRoute {
            end: end.clone(),
            table: route.table.clone(),
            destination: route.destination,
            before: route.before.clone(),
        },
        active,
        after,
    )
}
