//! `stepwell aurora scale`.

use clap::Args;
use stepwell_engine::{Graph, GraphError};
use stepwell_workflows::aurora::{self, ScaleOptions, ScaleParameters, ScaleRequest};
use stepwell_workflows::{Target, Workflow};

use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::launch::{Connecting, Launch, Question, launch};
use crate::session::targets::Targets;
use crate::session::{Connection, Session, survey};
use crate::settings::input;
use crate::settings::place::ClusterArguments;
use crate::settings::place::{self, Place, Sourced};
use crate::settings::workflow::WorkflowSettings;
use crate::settings::workflow::{Policy, TakeOverArguments, WorkflowArguments};

/// `stepwell aurora scale`.
#[derive(Debug, Clone, Args)]
pub struct ScaleArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// How many instances the cluster is to have, the writer included: 1 to 16
    #[arg(long, value_name = "N")]
    pub instances: String,

    /// The class of those that are added [default: the writer's]
    #[arg(long, value_name = "CLASS")]
    pub instance_class: Option<String>,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,

    /// What to do when a step fails for good [default: rollback of what was added; where readers
    /// are taken away, suspend]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub on_failure: Option<Policy>,
}

/// Adds readers to a cluster, or takes some away.
pub fn run(context: &Context, arguments: &ScaleArguments) -> Result<Exit, Problem> {
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let instances = Sourced {
        value: arguments.instances.clone(),
        variable: None,
    };
    let options = ScaleOptions {
        cluster: place.cluster,
        region: place.region,
        instances: place::number("--instances", Some(instances), 1, 1..=16)?,
        instance_class: arguments.instance_class.clone(),
    };
    let mut scale = Scale {
        arguments,
        request: options
            .validate()
            .map_err(|invalid| input::refuse(&invalid, &context.environment))?,
    };
    launch(context, &mut scale)
}

struct Scale<'a> {
    arguments: &'a ScaleArguments,
    request: ScaleRequest,
}

impl Launch for Scale<'_> {
    type Parameters = ScaleParameters;
    const WORKFLOW: Workflow = Workflow::AuroraScale;

    fn plan(&self) -> bool {
        self.arguments.workflow.plan
    }

    async fn region(&mut self, _: &Context, _: &Connection) -> Result<String, Problem> {
        Ok(self.request.region().to_owned())
    }

    fn connecting(&mut self) -> Connecting<'_> {
        Connecting {
            take_over: self.arguments.take_over.take_over,
            ..Connecting::default()
        }
    }

    async fn target(&mut self, _: &Session) -> Result<Target, Problem> {
        Ok(self.request.target())
    }

    async fn survey(
        &mut self,
        session: &Session,
        _: &mut Targets,
    ) -> Result<ScaleParameters, Problem> {
        survey::once_alone(session, "aws could not be asked", async || {
            aurora::survey_scale(&session.connection.aws, &self.request).await
        })
        .await
    }

    fn nothing_to_do(&self, found: &ScaleParameters) -> Option<String> {
        found.is_empty().then(|| {
            format!(
                "nothing to do: cluster {} in {} has {} instances",
                found.cluster, found.region, found.instances
            )
        })
    }

    /// What is added can be undone, what is taken away can't.
    fn settings(&self, found: &ScaleParameters) -> Result<WorkflowSettings, Problem> {
        let ScaleArguments {
            workflow,
            on_failure,
            ..
        } = self.arguments;
        match found.is_reversible() {
            true => WorkflowSettings::reversible(workflow, *on_failure),
            false => WorkflowSettings::forward_only(workflow, *on_failure),
        }
    }

    fn reversible(found: &ScaleParameters) -> bool {
        found.is_reversible()
    }

    fn graph(found: &ScaleParameters) -> Result<Graph, GraphError> {
        aurora::scale_graph(found)
    }

    fn question(&self, found: &ScaleParameters) -> Option<Question> {
        (!found.removing.is_empty()).then(|| Question {
            what: found.question(),
            word: found.cluster.clone(),
        })
    }
}
