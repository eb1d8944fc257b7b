//! Peering on the simulated account.

mod accounts;
pub(crate) mod campaign;
mod create;
mod delete;
mod destinations;
mod ended;
mod list;
mod names;
mod rights;
pub(crate) mod with_aurora;

use std::sync::Arc;

use aws_sdk_ec2::types::RouteTable;
use stepwell_engine::event::OnFailure;
use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::aurora::Provisioned;
use stepwell_workflows::peering::{
    CreateOptions, CreateParameters, DeleteOptions, DeleteParameters, Peered, RosaPlace,
    create_graph, delete_graph, survey_create, survey_delete,
};
use stepwell_workflows::rosa::RosaNetwork;
use stepwell_workflows::{SurveyError, Workflow};

use crate::layout::{AuroraNet, RosaNet};
use crate::support::{REGION, Wanted, World, ended_well, memory};

/// Aurora's region in the tests, and ROSA's where it is another one.
pub(crate) const HERE: &str = "eu-west-1";
pub(crate) const THERE: &str = "us-east-1";

/// Two networks that are to be peered.
pub(crate) struct Nets {
    pub(crate) aurora: AuroraNet,
    pub(crate) rosa: RosaNet,
}

impl Nets {
    pub(crate) async fn lay_out(world: &World, rosa_region: &str) -> Self {
        Self {
            aurora: world.aurora_net(HERE, "keycloak", "192.168.7.0/24").await,
            rosa: world.rosa_net(rosa_region, "10.0.0.0/16").await,
        }
    }

    /// A route to a peering that was deleted before its routes, as the scripts do.
    pub(crate) async fn leave_stale_route(&self, world: &World) -> String {
        let (aurora, rosa) = (&self.aurora, &self.rosa);
        let id = world
            .request_peering(
                (&rosa.region, &rosa.vpc),
                (&aurora.region, &aurora.vpc),
                Some("keycloak"),
            )
            .await;
        world.accept_peering(&aurora.region, &id).await;
        world
            .route(&rosa.region, &rosa.public, &aurora.cidr, &id)
            .await;
        world.delete_peering(&rosa.region, &id).await;
        let stands = world.leads(&rosa.region, &rosa.public, &aurora.cidr).await;
        assert_eq!(stands, Some((id.clone(), true)));
        id
    }

    /// ROSA's tables: all three serve a subnet of the cluster.
    pub(crate) fn rosa_tables(&self) -> [&str; 3] {
        [&self.rosa.private, &self.rosa.public, &self.rosa.main]
    }

    pub(crate) fn aurora_tables(&self) -> [&str; 2] {
        [&self.aurora.table, &self.aurora.main]
    }
}

/// The network of a cluster that serves.
pub(crate) async fn cluster_net(world: &World) -> AuroraNet {
    assert_eq!(HERE, REGION);
    let mut wanted = crate::support::options(1);
    wanted.vpc_cidr = Some("192.168.7.0/24".to_owned());
    let report = world
        .create(memory(), world.run_id(), wanted, Wanted::default())
        .await
        .expect("run");
    assert!(ended_well(&report), "{report:?}");
    let made: Provisioned = serde_json::from_value(report.output.expect("output")).expect("made");
    let tables = world.tables(HERE, &made.vpc_id).await;
    let of = |main: bool| {
        let is = |table: &&RouteTable| {
            let mut associations = table.associations().iter();
            main == associations.any(|association| association.main() == Some(true))
        };
        let table = tables.iter().find(is).expect("a table");
        table.route_table_id().expect("an id").to_owned()
    };
    AuroraNet {
        region: HERE.to_owned(),
        cluster: "keycloak".to_owned(),
        cidr: made.cidr.clone(),
        group: made.security_group_id.clone(),
        table: of(false),
        main: of(true),
        vpc: made.vpc_id,
    }
}

pub(crate) fn options() -> CreateOptions {
    CreateOptions {
        cluster: "keycloak".to_owned(),
        region: HERE.to_owned(),
        security_group_name: None,
        tags: Vec::new(),
    }
}

pub(crate) async fn survey(
    world: &World,
    network: RosaNetwork,
) -> Result<CreateParameters, SurveyError> {
    let request = options().validate().expect("valid options");
    survey_create(&world.aws, &request, network, &world.accounts()).await
}

/// Runs a create of what was found.
pub(crate) async fn peer(
    world: &World,
    journal: Arc<dyn Journal>,
    run: RunId,
    parameters: &CreateParameters,
) -> Report {
    let graph = create_graph(parameters);
    let target = parameters.target();
    let workflow = Workflow::PeeringCreate;
    world
        .start(
            journal,
            run,
            workflow,
            target,
            parameters,
            graph,
            Wanted::default(),
        )
        .await
        .expect("run")
}

/// Surveys and runs a create that must succeed.
pub(crate) async fn peered(world: &World, nets: &Nets) -> Peered {
    let parameters = survey(world, nets.rosa.network()).await.expect("survey");
    let report = peer(world, memory(), world.run_id(), &parameters).await;
    assert!(ended_well(&report), "{report:?}");
    serde_json::from_value(report.output.expect("output")).expect("peered")
}

/// The message of a survey that must refuse.
#[track_caller]
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, SurveyError>) -> String {
    match result {
        Err(SurveyError::Refused { message, hint }) => {
            assert!(!hint.is_empty());
            message
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn find(
    world: &World,
    options: DeleteOptions,
) -> Result<DeleteParameters, SurveyError> {
    let request = options.validate().expect("valid options");
    survey_delete(&world.aws, &request, &world.accounts()).await
}

/// Runs a deletion of what was found.
pub(crate) async fn unpeer(
    world: &World,
    journal: Arc<dyn Journal>,
    run: RunId,
    parameters: &DeleteParameters,
) -> Report {
    let graph = delete_graph(parameters);
    let wanted = Wanted {
        on_failure: OnFailure::Suspend,
        ..Wanted::default()
    };
    let (workflow, target) = (Workflow::PeeringDelete, parameters.target.clone());
    world
        .start(journal, run, workflow, target, parameters, graph, wanted)
        .await
        .expect("run")
}

/// Finds and deletes what must be found and deleted.
pub(crate) async fn unpeered(world: &World, options: DeleteOptions) -> DeleteParameters {
    let found = find(world, options).await.expect("survey");
    assert!(!found.peerings.is_empty());
    let report = unpeer(world, memory(), world.run_id(), &found).await;
    assert!(ended_well(&report), "{report:?}");
    found
}

/// The peering of the tests' cluster with a ROSA VPC.
pub(crate) fn one(rosa: &RosaNet) -> DeleteOptions {
    DeleteOptions::One {
        cluster: "keycloak".to_owned(),
        region: HERE.to_owned(),
        rosa: Some(place(rosa)),
    }
}

/// The tests' cluster alone.
pub(crate) fn alone() -> DeleteOptions {
    DeleteOptions::One {
        cluster: "keycloak".to_owned(),
        region: HERE.to_owned(),
        rosa: None,
    }
}

pub(crate) fn place(rosa: &RosaNet) -> RosaPlace {
    RosaPlace {
        region: rosa.region.clone(),
        vpc_id: rosa.vpc.clone(),
        machine_cidr: None,
    }
}

/// Peers two networks by plain calls as the scripts do: a tagged request, one
/// route in the public table, one back, and the port.
pub(crate) async fn peered_by_scripts(world: &World, aurora: &AuroraNet, rosa: &RosaNet) -> String {
    let id = world
        .request_peering(
            (&rosa.region, &rosa.vpc),
            (&aurora.region, &aurora.vpc),
            Some(&aurora.cluster),
        )
        .await;
    world.accept_peering(&aurora.region, &id).await;
    world
        .route(&rosa.region, &rosa.public, &aurora.cidr, &id)
        .await;
    world
        .route(&aurora.region, &aurora.table, &rosa.cidr, &id)
        .await;
    world
        .open_port(&aurora.region, &aurora.group, &rosa.cidr)
        .await;
    id
}
