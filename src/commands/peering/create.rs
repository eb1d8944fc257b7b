//! `stepwell peering create`.

use stepwell_engine::{Graph, GraphError};
use stepwell_workflows::Workflow;
use stepwell_workflows::peering::{self, Accounts, CreateParameters, CreateRequest};
use stepwell_workflows::rosa::RosaNetwork;

use super::verify;
use crate::Context;
use crate::arguments::peering::CreateArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::launch::{Connecting, Launch, launch};
use crate::session::targets::Targets;
use crate::session::{Connection, Session, rosa, survey};
use crate::settings::place::Place;
use crate::settings::rosa::RosaSettings;
use crate::settings::workflow::WorkflowSettings;
use crate::settings::{kubernetes, peering as settings_of};

/// Lets the machines of a ROSA cluster reach an Aurora cluster.
pub fn run(context: &Context, arguments: &CreateArguments) -> Result<Exit, Problem> {
    let mut create = Create {
        request: settings_of::create(arguments, &context.environment)?,
        sought: RosaSettings::resolve(&arguments.rosa, &context.environment)?,
        how: WorkflowSettings::reversible(&arguments.workflow, arguments.on_failure)?,
        rosa: None,
    };
    let verification = if arguments.verify {
        let place = Place::resolve(&arguments.cluster, &context.environment)?;
        let probe = kubernetes::verify(&arguments.probe, &place, None, &context.environment)?;
        if !create.how.plan {
            verify::survey(context, &probe)?;
        }
        Some((place, probe))
    } else {
        kubernetes::refuse_idle(&arguments.probe)?;
        None
    };
    let exit = launch(context, &mut create)?;
    match (verification, &create.rosa) {
        (Some((place, probe)), Some((network, _))) if exit == Exit::Success && !create.how.plan => {
            let profile = create.sought.profile.as_deref();
            verify::verify(context, &place, &probe.of_vpc(&network.vpc_id), profile)
        }
        _ => Ok(exit),
    }
}

struct Create {
    request: CreateRequest,
    sought: RosaSettings,
    how: WorkflowSettings,
    /// Where ROSA is, once it is known.
    rosa: Option<(RosaNetwork, Accounts)>,
}

impl Launch for Create {
    type Parameters = CreateParameters;
    const WORKFLOW: Workflow = Workflow::PeeringCreate;

    fn plan(&self) -> bool {
        self.how.plan
    }

    async fn region(&mut self, _: &Context, _: &Connection) -> Result<String, Problem> {
        Ok(self.request.region().to_owned())
    }

    fn connecting(&mut self) -> Connecting<'_> {
        Connecting {
            profile: self.sought.profile.as_deref(),
            ..Connecting::default()
        }
    }

    async fn target(&mut self, session: &Session) -> Result<String, Problem> {
        let (region, profile) = (self.request.region(), self.sought.profile.as_deref());
        let (connection, account) = (&session.connection, &session.account);
        let accounts = rosa::accounts(connection, account, region, profile).await?;
        let (context, sought) = (&session.context, &self.sought);
        let network = rosa::find(context, connection, sought, &sought.request).await;
        let network = network.map_err(|error| {
            survey::refused(context, "could not look up the rosa cluster", error)
        })?;
        let target = self.request.target(&network);
        self.rosa = Some((network, accounts));
        Ok(target)
    }

    async fn survey(
        &mut self,
        session: &Session,
        _: &mut Targets,
    ) -> Result<CreateParameters, Problem> {
        let Some((network, accounts)) = self.rosa.clone() else {
            return Err(Problem::error("the rosa cluster was not looked up"));
        };
        let printer = &session.context.printer;
        printer.note(format!(
            "rosa is in {} of {}, found by {}",
            network.vpc_id, network.region, network.found_by
        ));
        let aws = &session.connection.aws;
        let found = peering::survey_create(aws, &self.request, network, &accounts).await;
        found.map_err(|error| survey::refused(&session.context, survey::READING, error))
    }

    fn announce(&self, session: &Session, found: &CreateParameters) {
        if !found.has_changes() {
            session.context.printer.note(format!(
                "nothing to change: cluster {} is peered with {} already",
                found.cluster, found.rosa.vpc_id
            ));
        }
    }

    fn settings(&self, _: &CreateParameters) -> Result<WorkflowSettings, Problem> {
        Ok(self.how)
    }

    fn graph(found: &CreateParameters) -> Result<Graph, GraphError> {
        peering::create_graph(found)
    }
}
