//! `stepwell peering create`.

use clap::Args;
use stepwell_engine::{Graph, GraphError};
use stepwell_workflows::peering::{self, Accounts, CreateOptions, CreateParameters, CreateRequest};
use stepwell_workflows::rosa::RosaNetwork;
use stepwell_workflows::{Target, Workflow};

use super::verify;
use crate::Context;
use crate::environment::{self, Environment};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::launch::{Connecting, Launch, launch};
use crate::session::targets::Targets;
use crate::session::{Connection, Session, rosa, survey};
use crate::settings::kubernetes::ProbeArguments;
use crate::settings::place::ClusterArguments;
use crate::settings::place::Place;
use crate::settings::rosa::RosaArguments;
use crate::settings::rosa::RosaSettings;
use crate::settings::workflow::WorkflowSettings;
use crate::settings::workflow::{Policy, WorkflowArguments};
use crate::settings::{input, kubernetes, place};

/// `stepwell peering create`.
#[derive(Debug, Clone, Default, Args)]
pub struct CreateArguments {
    /// Which Aurora cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// The name of the Aurora cluster's security group, where the cluster itself does not tell
    /// [env: AURORA_SECURITY_GROUP_NAME] [default: CLUSTER-security-group]
    #[arg(long, value_name = "NAME")]
    pub security_group_name: Option<String>,

    /// A further tag for everything that is made; may be repeated
    #[arg(long = "tag", value_name = "KEY=VALUE")]
    pub tags: Vec<String>,

    /// At the end, prove that a pod in the ROSA cluster reaches the database, through kubectl
    #[arg(long)]
    pub verify: bool,

    /// Which ROSA cluster.
    #[command(flatten)]
    pub rosa: RosaArguments,

    /// The pod of the verification.
    #[command(flatten)]
    pub probe: ProbeArguments,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,

    /// What to do when a step fails for good [default: rollback]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub on_failure: Option<Policy>,
}

/// Lets the machines of a ROSA cluster reach an Aurora cluster.
pub fn run(context: &Context, arguments: &CreateArguments) -> Result<Exit, Problem> {
    let mut create = Create {
        request: request(arguments, &context.environment)?,
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

    async fn target(&mut self, session: &Session) -> Result<Target, Problem> {
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

/// Resolves and checks everything, before any effect.
fn request(
    arguments: &CreateArguments,
    environment: &Environment,
) -> Result<CreateRequest, Problem> {
    let place = Place::resolve(&arguments.cluster, environment)?;
    let group = place::input(
        arguments.security_group_name.as_ref(),
        environment,
        &[environment::AURORA_SECURITY_GROUP_NAME],
    );
    CreateOptions {
        cluster: place.cluster,
        region: place.region,
        security_group_name: group.map(|given| given.value),
        tags: arguments
            .tags
            .iter()
            .map(|tag| input::pair("--tag", tag))
            .collect::<Result<_, _>>()?,
    }
    .validate()
    .map_err(|invalid| input::refuse(&invalid, environment))
}
