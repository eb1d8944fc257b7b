//! `aurora create`: a cluster with all that it needs, empty or from a snapshot.

mod capacity;
mod existing;
mod parameters;
mod refusal;
mod snapshot;
pub(crate) mod steps;
mod survey;
mod versions;

use stepwell_engine::{Graph, GraphBuilder, GraphError, Precedes};

pub use capacity::Capacity;
pub(crate) use capacity::SERVERLESS;
pub use parameters::{
    CreateOptions, CreateParameters, CreateRequest, Inheritance, Origin, PasswordSource,
    PlannedInstance,
};
pub(crate) use refusal::{resume_refusal, rollback_refusal};
use steps::{
    AssociateSubnet, ChooseRange, ChooseWriter, CreateCluster, CreateInstance, CreateRouteTable,
    CreateSecurityGroup, CreateSubnet, CreateSubnetGroup, CreateVpc, ProtectCluster,
    RestoreCluster, SetPassword, TakeOver, VerifyEndpoint, WaitCluster, WaitInstance,
};
pub(crate) use survey::available_zones;
pub use survey::survey_create;
pub(crate) use versions::{newest, offer};

/// The graph of a create. Follows from the parameters alone.
pub fn create_graph(parameters: &CreateParameters) -> Result<Graph, GraphError> {
    let p = parameters;
    let region = || p.region.clone();
    let labels = || p.labels.clone();
    let mut graph = GraphBuilder::new();

    let take_over = p.take_over.as_ref().map(|inheritance| {
        graph.add(
            "take-over",
            TakeOver {
                region: region(),
                labels: labels(),
                subnet_group_name: p.subnet_group_name.clone(),
                cluster: inheritance.cluster.clone(),
            },
            (),
        )
    });
    let first: Vec<&dyn Precedes> = take_over.iter().map(|step| step as _).collect();
    let range = graph.add_after(
        "address-range",
        ChooseRange {
            region: region(),
            cluster: p.cluster.clone(),
            wanted: p.vpc_cidr,
        },
        (),
        &first,
    );
    let vpc = graph.add(
        "vpc",
        CreateVpc {
            region: region(),
            labels: labels(),
            takes_over: take_over.is_some(),
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
                instances: p.instances.len(),
                capacity: p.serverless_capacity,
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
                instances: p.instances.len(),
                capacity: p.serverless_capacity,
            },
            (subnet_group, security_group),
        ),
    };
    let cluster_available = graph.add(
        "cluster-available",
        WaitCluster {
            region: region(),
            changed: false,
        },
        cluster,
    );
    let password_set = (p.snapshot.is_some() && p.password != PasswordSource::Kept).then(|| {
        let password = graph.add(
            "password",
            SetPassword {
                region: region(),
                password: p.password,
            },
            cluster_available,
        );
        let wait = WaitCluster {
            region: region(),
            changed: true,
        };
        graph.add("password-set", wait, password)
    });

    // No instance is made before the network is whole and the password set:
    // whoever finds all of them may then take the cluster for complete. A
    // restored cluster takes instances only once it is available.
    let mut before: Vec<&dyn Precedes> = associations.iter().map(|made| made as _).collect();
    if p.snapshot.is_some() {
        before.push(password_set.as_ref().unwrap_or(&cluster_available));
    }
    let mut instances = Vec::new();
    let mut last = None;
    for planned in &p.instances {
        let short = planned
            .name
            .strip_prefix(&format!("{}-", p.cluster))
            .unwrap_or(&planned.name);
        let step = CreateInstance {
            region: region(),
            labels: labels(),
            name: planned.name.clone(),
            zone: planned.zone.clone(),
            class: planned.class.as_ref().unwrap_or(&p.instance_class).clone(),
            engine: p.engine.clone(),
        };
        // Each is asked for right after the one before, which need not be
        // available: the others would wait ten minutes for the first.
        let made = match &last {
            None => graph.add_after(short.to_owned(), step, cluster, &before),
            Some(last) => graph.add_after(short.to_owned(), step, cluster, &[last]),
        };
        let wait = WaitInstance { region: region() };
        instances.push(graph.add(format!("{short}-available"), wait, made));
        last = Some(made);
    }
    // The first to be available is the writer, and that may be any of them.
    let writer = graph.add(
        "writer",
        ChooseWriter { region: region() },
        (cluster_available, instances.clone()),
    );
    let endpoint = graph.add_after(
        "endpoint",
        VerifyEndpoint { region: region() },
        (vpc, security_group, cluster_available, instances),
        &[&writer],
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
