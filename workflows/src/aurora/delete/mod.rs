//! `aurora delete`: from tags and names alone, also what scripts made and what
//! is half made.

mod groups;
mod inventory;
mod steps;

use serde::{Deserialize, Serialize};
use stepwell_engine::{Graph, GraphError, Precedes};

use crate::aws::Aws;
use crate::input::{self, InvalidInput};
use crate::peering::{Accounts, PeeringInventory, RosaAccount, add_delete_steps};
pub(crate) use inventory::protection_refusal;
pub use inventory::{Inventory, RouteTableInventory, VpcInventory, survey_delete};
use steps::{
    DeleteCluster, DeleteInstance, DeleteRouteTable, DeleteSecurityGroup, DeleteSubnet,
    DeleteSubnetGroup, DeleteVpc, Disassociate, StartCluster, VerifyGone, WaitClusterGone,
    WaitInstanceGone,
};

/// `aurora delete` as it was asked for; nothing is checked yet.
#[derive(Debug, Clone)]
pub struct DeleteOptions {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The name of the snapshot to take before; none to take none.
    pub final_snapshot: Option<String>,
}

/// `aurora delete`, checked.
#[derive(Debug, Clone)]
pub struct DeleteRequest {
    pub(crate) cluster: String,
    pub(crate) region: String,
    pub(crate) final_snapshot: Option<String>,
    /// The accounts whose peerings go too; none to refuse a peered cluster.
    pub(crate) with_peerings: Option<Accounts>,
}

impl DeleteOptions {
    /// Checks every value by its form.
    pub fn validate(self) -> Result<DeleteRequest, InvalidInput> {
        Ok(DeleteRequest {
            cluster: input::cluster(&self.cluster)?,
            region: input::region(&self.region)?,
            final_snapshot: self
                .final_snapshot
                .map(|name| input::identifier("final-snapshot", &name, 255))
                .transpose()?,
            with_peerings: None,
        })
    }
}

impl DeleteRequest {
    /// Takes the cluster's peerings away too, before anything else.
    #[must_use]
    pub fn with_peerings(mut self, accounts: Accounts) -> Self {
        self.with_peerings = Some(accounts);
        self
    }

    /// What the run works on.
    pub fn target(&self) -> String {
        super::target(&self.region, &self.cluster)
    }

    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }
}

/// What a run of `aurora delete` starts from: what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteParameters {
    /// The cluster's name.
    pub cluster: String,
    /// The region.
    pub region: String,
    /// The name of the snapshot to take before.
    pub final_snapshot: Option<String>,
    /// What is to be deleted.
    pub inventory: Inventory,
    /// The peerings that go first, if they are to go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peerings: Vec<PeeringInventory>,
    /// The account in which ROSA lives, if its side is worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rosa_account: Option<RosaAccount>,
}

impl DeleteParameters {
    /// Whether there is nothing to delete.
    pub fn is_empty(&self) -> bool {
        self.inventory.is_empty() && self.peerings.is_empty()
    }

    /// What there is, a line each, for people.
    pub fn lines(&self) -> Vec<String> {
        let peerings = self.peerings.iter().flat_map(PeeringInventory::lines);
        peerings
            .chain(self.inventory.lines(&self.cluster))
            .collect()
    }

    /// What the run works on.
    pub fn target(&self) -> String {
        super::target(&self.region, &self.cluster)
    }
}

/// The graph of a delete. Follows from the parameters alone.
pub fn delete_graph(parameters: &DeleteParameters) -> Result<Graph<Aws>, GraphError> {
    let p = parameters;
    let region = || p.region.clone();
    let mut graph = Graph::builder();
    let mut last: Vec<Box<dyn Precedes>> = Vec::new();

    // Peerings first: they hold on to the VPC, and what leads to them from the
    // other side is of no use any more.
    let unpeered = add_delete_steps(&mut graph, &p.peerings);
    let mut first: Vec<&dyn Precedes> = unpeered.iter().map(|handle| handle as _).collect();

    // A stopped cluster can't lose instances.
    let started = p.inventory.stopped.then(|| {
        graph.add_after(
            "start-cluster",
            StartCluster {
                region: region(),
                cluster: p.cluster.clone(),
            },
            (),
            &first,
        )
    });
    first.extend(started.iter().map(|handle| handle as &dyn Precedes));

    // Readers before the writer: else Aurora would promote one for nothing.
    let delete =
        |graph: &mut stepwell_engine::GraphBuilder<Aws>, name: &str, after: &[&dyn Precedes]| {
            graph.add_after(
                format!("delete-{name}"),
                DeleteInstance {
                    region: p.region.clone(),
                    instance: name.to_owned(),
                },
                (),
                after,
            )
        };
    let readers: Vec<_> = p
        .inventory
        .readers
        .iter()
        .map(|name| delete(&mut graph, name, &first))
        .collect();
    let mut before_writer = first.clone();
    before_writer.extend(readers.iter().map(|handle| handle as &dyn Precedes));
    let writers: Vec<_> = p
        .inventory
        .writers
        .iter()
        .map(|name| delete(&mut graph, name, &before_writer))
        .collect();

    // RDS takes the cluster's deletion as soon as all instances are going.
    let mut asked: Vec<&dyn Precedes> = before_writer.clone();
    asked.extend(writers.iter().map(|handle| handle as &dyn Precedes));
    let mut gone: Vec<_> = Vec::new();
    let cluster = p.inventory.cluster.then(|| {
        graph.add_after(
            "delete-cluster",
            DeleteCluster {
                region: region(),
                cluster: p.cluster.clone(),
                final_snapshot: p.final_snapshot.clone(),
            },
            (),
            &asked,
        )
    });
    for name in p.inventory.readers.iter().chain(&p.inventory.writers) {
        gone.push(graph.add_after(
            format!("{name}-gone"),
            WaitInstanceGone {
                region: region(),
                instance: name.clone(),
            },
            (),
            &asked,
        ));
    }
    if let Some(cluster) = &cluster {
        gone.push(graph.add_after(
            "cluster-gone",
            WaitClusterGone {
                region: region(),
                cluster: p.cluster.clone(),
            },
            (),
            &[cluster],
        ));
    }
    let mut gone: Vec<&dyn Precedes> = gone.iter().map(|handle| handle as _).collect();
    gone.extend(unpeered.iter().map(|handle| handle as &dyn Precedes));

    let mut groups = Vec::new();
    for name in &p.inventory.subnet_groups {
        groups.push(graph.add_after(
            format!("delete-subnet-group-{name}"),
            DeleteSubnetGroup {
                region: region(),
                name: name.clone(),
            },
            (),
            &gone,
        ));
    }
    let mut after_groups = gone.clone();
    after_groups.extend(groups.iter().map(|handle| handle as &dyn Precedes));

    for vpc in &p.inventory.vpcs {
        let handle = delete_vpc(&mut graph, &p.region, vpc, &after_groups);
        last.push(Box::new(handle));
    }
    let mut last: Vec<&dyn Precedes> = last.iter().map(AsRef::as_ref).collect();
    last.extend(after_groups);
    let left = graph.add_after(
        "verify",
        VerifyGone {
            region: region(),
            cluster: p.cluster.clone(),
            subnet_groups: p.inventory.subnet_groups.clone(),
            final_snapshot: p.final_snapshot.clone(),
        },
        (),
        &last,
    );
    graph.output(left);
    graph.finish()
}

/// The steps that take a VPC with all that is in it.
fn delete_vpc(
    graph: &mut stepwell_engine::GraphBuilder<Aws>,
    region: &str,
    vpc: &VpcInventory,
    after: &[&dyn Precedes],
) -> stepwell_engine::Handle<()> {
    let mut parts = Vec::new();
    for subnet in &vpc.subnets {
        parts.push(graph.add_after(
            format!("delete-{subnet}"),
            DeleteSubnet {
                region: region.to_owned(),
                subnet: subnet.clone(),
            },
            (),
            after,
        ));
    }
    for group in &vpc.security_groups {
        parts.push(graph.add_after(
            format!("delete-{group}"),
            DeleteSecurityGroup {
                region: region.to_owned(),
                group: group.clone(),
            },
            (),
            after,
        ));
    }
    for table in &vpc.route_tables {
        let associations: Vec<_> = table
            .associations
            .iter()
            .map(|association| {
                graph.add_after(
                    format!("disassociate-{association}"),
                    Disassociate {
                        region: region.to_owned(),
                        vpc: vpc.id.clone(),
                        association: association.clone(),
                    },
                    (),
                    after,
                )
            })
            .collect();
        let mut before = after.to_vec();
        before.extend(associations.iter().map(|handle| handle as &dyn Precedes));
        parts.push(graph.add_after(
            format!("delete-{}", table.id),
            DeleteRouteTable {
                region: region.to_owned(),
                table: table.id.clone(),
            },
            (),
            &before,
        ));
    }
    let mut before = after.to_vec();
    before.extend(parts.iter().map(|handle| handle as &dyn Precedes));
    graph.add_after(
        format!("delete-{}", vpc.id),
        DeleteVpc {
            region: region.to_owned(),
            vpc: vpc.id.clone(),
        },
        (),
        &before,
    )
}
