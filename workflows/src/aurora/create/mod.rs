//! `aurora create`: a cluster with all that it needs, empty or from a snapshot.

mod parameters;
mod snapshot;
pub(crate) mod steps;
mod survey;

use stepwell_engine::{Graph, GraphError, Handle, Precedes};

use crate::aws::Aws;
pub use parameters::{
    CreateOptions, CreateParameters, CreateRequest, Origin, PasswordSource, PlannedInstance,
};
use steps::{
    AssociateSubnet, ChooseRange, CreateCluster, CreateInstance, CreateRouteTable,
    CreateSecurityGroup, CreateSubnet, CreateSubnetGroup, CreateVpc, ProtectCluster,
    RestoreCluster, SetPassword, VerifyEndpoint, WaitCluster, WaitInstance,
};
pub use survey::survey_create;
pub(crate) use survey::{available_zones, offering_zones};

/// The graph of a create. Follows from the parameters alone.
pub fn create_graph(parameters: &CreateParameters) -> Result<Graph<Aws>, GraphError> {
    let p = parameters;
    let region = || p.region.clone();
    let labels = || p.labels.clone();
    let mut graph = Graph::builder();

    let range = graph.add(
        "address-range",
        ChooseRange {
            region: region(),
            cluster: p.cluster.clone(),
            wanted: p.vpc_cidr,
        },
        (),
    );
    let vpc = graph.add(
        "vpc",
        CreateVpc {
            region: region(),
            labels: labels(),
        },
        range,
    );
    let route_table = graph.add(
        "route-table",
        CreateRouteTable {
            region: region(),
            labels: labels(),
        },
        vpc,
    );
    let mut subnets = Vec::new();
    let mut associations = Vec::new();
    for (part, zone) in p.zones.iter().enumerate() {
        let subnet = graph.add(
            format!("subnet-{zone}"),
            CreateSubnet {
                region: region(),
                labels: labels(),
                zone: zone.clone(),
                part,
            },
            vpc,
        );
        associations.push(graph.add(
            format!("route-table-{zone}"),
            AssociateSubnet { region: region() },
            (vpc, route_table, subnet),
        ));
        subnets.push(subnet);
    }
    let security_group = graph.add(
        "security-group",
        CreateSecurityGroup {
            region: region(),
            labels: labels(),
            name: p.security_group_name.clone(),
        },
        vpc,
    );
    let subnet_group = graph.add(
        "subnet-group",
        CreateSubnetGroup {
            region: region(),
            labels: labels(),
            name: p.subnet_group_name.clone(),
        },
        (vpc, subnets),
    );
    let cluster = match &p.snapshot {
        None => graph.add(
            "cluster",
            CreateCluster {
                region: region(),
                labels: labels(),
                engine: p.engine.clone(),
                engine_version: p.engine_version.clone(),
                username: p.username.clone(),
                password: p.password,
                database: p.database.clone(),
            },
            (subnet_group, security_group),
        ),
        Some(snapshot) => graph.add(
            "restore",
            RestoreCluster {
                region: region(),
                labels: labels(),
                snapshot: snapshot.clone(),
                engine: p.engine.clone(),
                engine_version: p.engine_version.clone(),
            },
            (subnet_group, security_group),
        ),
    };
    let mut cluster_available = graph.add(
        "cluster-available",
        WaitCluster { region: region() },
        cluster,
    );
    if p.snapshot.is_some() && p.password != PasswordSource::Kept {
        // Before the instances: whoever finds them all available may then
        // take the cluster for complete.
        let password = graph.add(
            "password",
            SetPassword {
                region: region(),
                password: p.password,
            },
            cluster_available,
        );
        cluster_available = graph.add("password-set", WaitCluster { region: region() }, password);
    }

    let mut instances: Vec<Handle<_>> = Vec::new();
    for planned in &p.instances {
        // Nor before the network is whole, for the same reason. And the first
        // instance to be available becomes the writer, so the others wait for
        // it: else the writer's zone would be left to chance.
        let first = instances.first().copied();
        let mut after: Vec<&dyn Precedes> = Vec::new();
        match &first {
            Some(first) => after.push(first),
            None => after.extend(associations.iter().map(|made| made as &dyn Precedes)),
        }
        let short = planned
            .name
            .strip_prefix(&format!("{}-", p.cluster))
            .unwrap_or(&planned.name);
        let made = graph.add_after(
            short.to_owned(),
            CreateInstance {
                region: region(),
                labels: labels(),
                name: planned.name.clone(),
                zone: planned.zone.clone(),
                class: p.instance_class.clone(),
                engine: p.engine.clone(),
            },
            cluster_available,
            &after,
        );
        instances.push(graph.add(
            format!("{short}-available"),
            WaitInstance {
                region: region(),
                cluster: p.cluster.clone(),
                writer: first.is_none(),
            },
            made,
        ));
    }
    let endpoint = graph.add(
        "endpoint",
        VerifyEndpoint {
            region: region(),
            cluster: p.cluster.clone(),
            database: p.database.clone(),
            username: p.username.clone(),
        },
        (vpc, security_group, instances),
    );
    if p.deletion_protection {
        graph.add_after(
            "deletion-protection",
            ProtectCluster { region: region() },
            cluster,
            &[&endpoint],
        );
    }
    graph.output(endpoint);
    graph.finish()
}
