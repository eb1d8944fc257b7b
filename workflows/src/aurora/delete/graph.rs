//! The graph of a delete. Follows from the parameters alone.
//!
//! First goes what can go while the database stands: peerings, rules, gateways,
//! endpoints. What can't go there keeps the data from being destroyed.

use stepwell_engine::{Graph, GraphBuilder, GraphError, Handle, Precedes};

use super::steps::{
    DeleteCluster, DeleteInstance, DeletePart, DeleteRouteTable, DeleteSecurityGroup, DeleteSubnet,
    DeleteSubnetGroup, DeleteVpc, DetachPart, Disassociate, ReadyCluster, RevokeRule, VerifyGone,
    WaitClusterGone, WaitInstanceGone, WaitPartGone,
};
use super::{DeleteParameters, VpcInventory};
use crate::aurora::InstanceIdentity;
use crate::aurora::holders::{Doomed, NamingRule, Part, When};
use crate::aws::Aws;
use crate::peering::add_delete_steps;

/// The graph of a delete. Follows from the parameters alone.
pub fn delete_graph(parameters: &DeleteParameters) -> Result<Graph, GraphError> {
    let (p, doomed) = (parameters, parameters.doomed());
    let mut graph = GraphBuilder::new();

    // Peerings first: they hold on to the VPC, and what leads to them from the
    // other side is of no use any more.
    let unpeered = add_delete_steps(&mut graph, &p.peerings);
    let unpeered: Vec<&dyn Precedes> = unpeered.iter().map(|handle| handle as _).collect();

    let ready =
        ReadyCluster::of(&doomed).map(|step| graph.add_after("ready-cluster", step, (), &unpeered));
    let mut first = unpeered.clone();
    first.extend(ready.iter().map(|handle| handle as &dyn Precedes));

    let parts: Vec<&Part> = (p.inventory.vpcs.iter())
        .flat_map(|vpc| &vpc.parts)
        .collect();
    let mut free = Vec::new();
    for rule in &p.inventory.rules {
        free.push(revoke(&mut graph, &p.region, rule, &first));
    }
    for part in parts
        .iter()
        .filter(|part| part.kind.when() == When::BeforeData)
    {
        free.push(delete_part(&mut graph, &p.region, part, &first));
    }
    let mut before = first.clone();
    before.extend(free.iter().map(|handle| handle as &dyn Precedes));

    // Readers before the writer: else Aurora would promote one for nothing.
    let (readers, writers) = (&p.inventory.readers, &p.inventory.writers);
    let readers = delete_instances(&mut graph, &doomed, readers, true, &before);
    let mut before_writer = before.clone();
    before_writer.extend(readers.iter().map(|handle| handle as &dyn Precedes));
    let is_first = readers.is_empty();
    let writers = delete_instances(&mut graph, &doomed, writers, is_first, &before_writer);
    let mut asked = before_writer.clone();
    asked.extend(writers.iter().map(|handle| handle as &dyn Precedes));

    // RDS takes the cluster's deletion as soon as all instances are going.
    let mut gone: Vec<Handle<()>> = Vec::new();
    if let Some(ready) = ready {
        let step = DeleteCluster {
            doomed: doomed.clone(),
        };
        let deleted = graph.add_after("delete-cluster", step, ready, &asked);
        let step = WaitClusterGone {
            doomed: doomed.clone(),
        };
        gone.push(graph.add_after("cluster-gone", step, (), &[&deleted]));
    }
    for instance in p.inventory.instances() {
        let step = WaitInstanceGone {
            region: p.region.clone(),
            instance: instance.clone(),
        };
        let name = format!("{}-gone", instance.instance);
        gone.push(graph.add_after(name, step, (), &asked));
    }
    let mut gone: Vec<&dyn Precedes> = gone.iter().map(|handle| handle as _).collect();
    gone.extend(&before);

    let mut groups = Vec::new();
    for group in &p.inventory.subnet_groups {
        let step = DeleteSubnetGroup {
            region: p.region.clone(),
            name: group.name.clone(),
            vpc: group.vpc.clone(),
        };
        let name = format!("delete-subnet-group-{}", group.name);
        groups.push(graph.add_after(name, step, (), &gone));
    }
    let mut after_groups = gone.clone();
    after_groups.extend(groups.iter().map(|handle| handle as &dyn Precedes));

    let mut last = Vec::new();
    for vpc in &p.inventory.vpcs {
        last.push(delete_vpc(&mut graph, &doomed, vpc, &after_groups));
    }
    let mut last: Vec<&dyn Precedes> = last.iter().map(|handle| handle as _).collect();
    last.extend(after_groups);
    let step = VerifyGone {
        parts: parts.into_iter().cloned().collect(),
        doomed,
    };
    let left = graph.add_after("verify", step, (), &last);
    graph.output(left);
    graph.finish()
}

/// The steps that ask for instances to be deleted. `first` are those before
/// which nothing is destroyed yet.
fn delete_instances(
    graph: &mut GraphBuilder<Aws>,
    doomed: &Doomed,
    instances: &[InstanceIdentity],
    first: bool,
    after: &[&dyn Precedes],
) -> Vec<Handle<()>> {
    let mut handles = Vec::new();
    for instance in instances {
        let step = DeleteInstance {
            doomed: doomed.clone(),
            instance: instance.clone(),
            first,
        };
        let name = format!("delete-{}", instance.instance);
        handles.push(graph.add_after(name, step, (), after));
    }
    handles
}

/// The step that takes a rule away.
fn revoke(
    graph: &mut GraphBuilder<Aws>,
    region: &str,
    rule: &NamingRule,
    after: &[&dyn Precedes],
) -> Handle<()> {
    let step = RevokeRule {
        region: region.to_owned(),
        rule: rule.clone(),
    };
    graph.add_after(format!("revoke-{}", rule.rule), step, (), after)
}

/// The steps that take a part away: detached, deleted, and waited for where it
/// takes its time.
fn delete_part(
    graph: &mut GraphBuilder<Aws>,
    region: &str,
    part: &Part,
    after: &[&dyn Precedes],
) -> Handle<()> {
    let (region, id) = (region.to_owned(), part.id.as_str());
    let mut before = after.to_vec();
    let detached = part.kind.is_attached().then(|| {
        let step = DetachPart {
            region: region.clone(),
            part: part.clone(),
        };
        graph.add_after(format!("detach-{id}"), step, (), after)
    });
    before.extend(detached.iter().map(|handle| handle as &dyn Precedes));
    let step = DeletePart {
        region: region.clone(),
        part: part.clone(),
    };
    let deleted = graph.add_after(format!("delete-{id}"), step, (), &before);
    if !part.kind.is_slow() {
        return deleted;
    }
    let step = WaitPartGone {
        region,
        part: part.clone(),
    };
    graph.add_after(format!("{id}-gone"), step, (), &[&deleted])
}

/// The steps that take a VPC with all that is in it.
fn delete_vpc(
    graph: &mut GraphBuilder<Aws>,
    doomed: &Doomed,
    vpc: &VpcInventory,
    after: &[&dyn Precedes],
) -> Handle<()> {
    let region = || doomed.region.clone();
    let mut subnets = Vec::new();
    for subnet in &vpc.subnets {
        let step = DeleteSubnet {
            region: region(),
            subnet: subnet.clone(),
        };
        subnets.push(graph.add_after(format!("delete-{subnet}"), step, (), after));
    }
    let mut after_subnets = after.to_vec();
    after_subnets.extend(subnets.iter().map(|handle| handle as &dyn Precedes));
    let mut parts = subnets.clone();
    for group in &vpc.security_groups {
        let step = DeleteSecurityGroup {
            region: region(),
            group: group.clone(),
        };
        parts.push(graph.add_after(format!("delete-{group}"), step, (), after));
    }
    for table in &vpc.route_tables {
        let mut associations = Vec::new();
        for association in &table.associations {
            let step = Disassociate {
                region: region(),
                vpc: vpc.id.clone(),
                association: association.clone(),
            };
            let name = format!("disassociate-{association}");
            associations.push(graph.add_after(name, step, (), after));
        }
        let mut before = after.to_vec();
        before.extend(associations.iter().map(|handle| handle as &dyn Precedes));
        let step = DeleteRouteTable {
            region: region(),
            table: table.id.clone(),
        };
        parts.push(graph.add_after(format!("delete-{}", table.id), step, (), &before));
    }
    for part in &vpc.parts {
        let after = match part.kind.when() {
            When::BeforeData => continue,
            When::AfterData => after,
            When::AfterSubnets => &after_subnets,
        };
        parts.push(delete_part(graph, &doomed.region, part, after));
    }
    let mut before = after.to_vec();
    before.extend(parts.iter().map(|handle| handle as &dyn Precedes));
    let step = DeleteVpc {
        region: region(),
        vpc: vpc.id.clone(),
    };
    graph.add_after(format!("delete-{}", vpc.id), step, (), &before)
}
