//! Peering on the simulated account.

mod campaign;
mod create;

use std::sync::Arc;

use stepwell_engine::{Journal, Report, RunId};
use stepwell_workflows::peering::{
    CreateOptions, CreateParameters, Peered, create_graph, survey_create,
};
use stepwell_workflows::rosa::RosaNetwork;
use stepwell_workflows::{SurveyError, Workflow};

use crate::layout::{AuroraNet, RosaNet};
use crate::support::{Wanted, World, ended_well, memory};

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

    /// ROSA's tables: all three serve a subnet of the cluster.
    pub(crate) fn rosa_tables(&self) -> [&str; 3] {
        [&self.rosa.private, &self.rosa.public, &self.rosa.main]
    }

    pub(crate) fn aurora_tables(&self) -> [&str; 2] {
        [&self.aurora.table, &self.aurora.main]
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
