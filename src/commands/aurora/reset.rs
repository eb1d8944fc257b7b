//! `stepwell aurora reset`.

use clap::Args;
use stepwell_engine::{Graph, GraphError};
use stepwell_workflows::aurora::{self, ResetOptions, ResetParameters, ResetRequest};
use stepwell_workflows::{Target, Workflow};

use crate::Context;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::launch::{Connecting, Launch, Question, launch};
use crate::session::targets::Targets;
use crate::session::{Connection, Session, serving, survey};
use crate::settings::input;
use crate::settings::kubernetes::Client;
use crate::settings::kubernetes::ClientArguments;
use crate::settings::place::ClusterArguments;
use crate::settings::place::Place;
use crate::settings::workflow::WorkflowArguments;
use crate::settings::workflow::WorkflowSettings;

/// `stepwell aurora reset`.
#[derive(Debug, Clone, Args)]
pub struct ResetArguments {
    /// Which cluster.
    #[command(flatten)]
    pub cluster: ClusterArguments,

    /// The namespace in which Keycloak runs, in every data centre
    #[arg(short, long, value_name = "NAME")]
    pub namespace: String,

    /// The context of a data centre, in kubectl's configuration; repeat it for all of them. The
    /// schema is reset from the first one
    #[arg(long = "context", value_name = "NAME", required = true)]
    pub contexts: Vec<String>,

    /// The StatefulSet that runs Keycloak [default: keycloak]
    #[arg(long, value_name = "NAME", conflicts_with = "workload")]
    pub statefulset: Option<String>,

    /// What else runs Keycloak: statefulset/NAME or deployment/NAME
    #[arg(long, value_name = "KIND/NAME")]
    pub workload: Option<String>,

    /// The schema that is dropped and made anew [default: public]
    #[arg(long, value_name = "NAME")]
    pub schema: Option<String>,

    /// How the pod reaches the database.
    #[command(flatten)]
    pub client: ClientArguments,

    /// Leave Keycloak running while the schema goes, and replace its pods one by one afterwards
    #[arg(long)]
    pub no_stop: bool,

    /// Drop what in other schemas depends on this one too
    #[arg(long)]
    pub cascade: bool,

    /// Give up an unfinished reset of this cluster, and take away its pod
    #[arg(long)]
    pub anew: bool,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,
}

/// Empties the schema and restarts Keycloak.
pub fn run(context: &Context, arguments: &ResetArguments) -> Result<Exit, Problem> {
    // Kubernetes is the real one, also where AWS is simulated.
    let context = &Context {
        settings: context.settings.in_real_time(),
        ..context.clone()
    };
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let mut reset = Reset {
        request: request(arguments, &place, &context.environment)?,
        place,
        how: WorkflowSettings::forward_only(&arguments.workflow, None)?,
        anew: arguments.anew,
    };
    launch(context, &mut reset)
}

struct Reset {
    request: ResetRequest,
    place: Place,
    how: WorkflowSettings,
    /// Whether an unfinished reset is given up.
    anew: bool,
}

impl Launch for Reset {
    type Parameters = ResetParameters;
    const WORKFLOW: Workflow = Workflow::AuroraReset;

    fn plan(&self) -> bool {
        self.how.plan
    }

    async fn region(&mut self, _: &Context, _: &Connection) -> Result<String, Problem> {
        Ok(self.request.region().to_owned())
    }

    fn connecting(&mut self) -> Connecting<'_> {
        Connecting::default()
    }

    async fn target(&mut self, _: &Session) -> Result<Target, Problem> {
        Ok(self.request.target())
    }

    fn supersedes(&self) -> bool {
        self.anew
    }

    fn in_the_way(&self, problem: Problem) -> Problem {
        let hint = problem.hint.clone().unwrap_or_default();
        problem.hint(format!("{hint}, or give it up and begin anew: --anew"))
    }

    async fn survey(
        &mut self,
        session: &Session,
        _: &mut Targets,
    ) -> Result<ResetParameters, Problem> {
        let Session {
            context,
            connection,
            ..
        } = session;
        let endpoint = serving::find(context, connection, &self.place).await?;
        let found = aurora::survey_reset(connection.clock.as_ref(), &self.request, &endpoint).await;
        found.map_err(|error| {
            survey::refused(context, "could not read what is in kubernetes", error)
        })
    }

    fn announce(&self, session: &Session, found: &ResetParameters) {
        let printer = &session.context.printer;
        for line in found.lines() {
            printer.note(format!("about to {line}"));
        }
        for note in found.notes() {
            printer.warn(note);
        }
    }

    fn settings(&self, _: &ResetParameters) -> Result<WorkflowSettings, Problem> {
        Ok(self.how)
    }

    fn graph(found: &ResetParameters) -> Result<Graph, GraphError> {
        aurora::reset_graph(found)
    }

    fn question(&self, _: &ResetParameters) -> Option<Question> {
        let cluster = self.request.cluster();
        Some(Question {
            what: format!("the loss of all that keycloak has in cluster {cluster}"),
            word: cluster.to_owned(),
        })
    }
}

/// Resolves and checks everything, before any effect.
fn request(
    arguments: &ResetArguments,
    place: &Place,
    environment: &Environment,
) -> Result<ResetRequest, Problem> {
    let client = Client::resolve(&arguments.client, environment)?;
    ResetOptions {
        cluster: place.cluster.clone(),
        region: place.region.clone(),
        namespace: arguments.namespace.clone(),
        contexts: arguments.contexts.clone(),
        statefulset: arguments.statefulset.clone(),
        workload: arguments.workload.clone(),
        secret: client.secret,
        database: client.database,
        username: arguments.client.username.clone(),
        default_username: client.default_username,
        schema: (arguments.schema.clone()).unwrap_or_else(|| "public".to_owned()),
        image: arguments.client.image.clone(),
        cpu: arguments.client.cpu.clone(),
        memory: arguments.client.memory.clone(),
        no_stop: arguments.no_stop,
        cascade: arguments.cascade,
        kubectl: client.kubectl,
        anew: arguments.anew,
    }
    .validate()
    .map_err(|invalid| input::refuse(&invalid, environment))
}
