//! `peering delete`: from tags and from the peering itself, also where one of
//! the clusters is gone. Routes first, then the way in, then the peering: a
//! route to what is gone stays behind as a blackhole.

mod hindrance;
mod inventory;
mod known;
mod parameters;
mod rules;
mod steps;
mod survey;

use std::collections::BTreeMap;

use stepwell_engine::{Graph, GraphBuilder, GraphError, Handle, Precedes};

use crate::aws::Aws;
pub(crate) use hindrance::resume_refusal;
pub(crate) use known::{Known, add, links, name_at};
pub use parameters::{
    DeleteOptions, DeleteParameters, DeleteRequest, PeeringInventory, RosaPlace, RouteInventory,
    RuleInventory,
};
pub(super) use steps::register;
use steps::{ClosePort, DeletePeering, DeleteRoute, VerifyUnpeered, WaitPeeringGone};
pub use steps::{Unpeered, UnpeeredLink};
pub(crate) use survey::peerings_of;
pub use survey::survey_delete;

/// The graph of a deletion. Follows from the parameters alone.
pub fn delete_graph(parameters: &DeleteParameters) -> Result<Graph, GraphError> {
    let mut graph = GraphBuilder::new();
    let gone = add_steps(&mut graph, &parameters.peerings);
    let gone: Vec<&dyn Precedes> = gone.iter().map(|handle| handle as _).collect();
    let left = graph.add_after(
        "verify",
        VerifyUnpeered {
            peerings: parameters.peerings.clone(),
        },
        (),
        &gone,
    );
    graph.output(left);
    graph.finish()
}

/// The steps that take peerings away; gives the last one of each.
pub(crate) fn add_steps(
    graph: &mut GraphBuilder<Aws>,
    peerings: &[PeeringInventory],
) -> Vec<Handle<()>> {
    // Two peerings of one cluster may name the same rule.
    let mut closed: BTreeMap<&str, Handle<()>> = BTreeMap::new();
    let mut gone = Vec::new();
    let deleted: Vec<String> = peerings.iter().map(|peering| peering.id.clone()).collect();
    for peering in peerings {
        let mut parts: Vec<Handle<()>> = Vec::new();
        for route in &peering.routes {
            parts.push(graph.add(
                format!("delete-route-{}-{}", route.table, route.destination),
                DeleteRoute {
                    end: route.end.clone(),
                    table: route.table.clone(),
                    destination: route.destination.clone(),
                    peering: peering.id.clone(),
                },
                (),
            ));
        }
        for rule in &peering.rules {
            let handle = *closed.entry(&rule.rule).or_insert_with(|| {
                graph.add(
                    format!("close-port-{}", rule.rule),
                    ClosePort {
                        rule: rule.clone(),
                        deleted: deleted.clone(),
                        reached: [peering.aurora.clone(), peering.rosa.clone()],
                    },
                    (),
                )
            });
            parts.push(handle);
        }
        let parts: Vec<&dyn Precedes> = parts.iter().map(|handle| handle as _).collect();
        let deleted = graph.add_after(
            format!("delete-{}", peering.id),
            DeletePeering {
                peering: peering.id.clone(),
                end: peering.requester().clone(),
            },
            (),
            &parts,
        );
        gone.push(graph.add_after(
            format!("{}-gone", peering.id),
            WaitPeeringGone {
                peering: peering.id.clone(),
                ends: [peering.rosa.clone(), peering.aurora.clone()],
            },
            (),
            &[&deleted],
        ));
    }
    gone
}
