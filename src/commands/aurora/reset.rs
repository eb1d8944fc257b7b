//! `stepwell aurora reset`.

use stepwell_engine::{Graph, GraphError};
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{self, ResetParameters, ResetRequest};

use crate::Context;
use crate::arguments::aurora::ResetArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::launch::{Connecting, Launch, Question, launch};
use crate::session::targets::Targets;
use crate::session::{Connection, Session, serving, survey};
use crate::settings::kubernetes;
use crate::settings::place::Place;
use crate::settings::workflow::WorkflowSettings;

/// Empties the schema and restarts Keycloak.
pub fn run(context: &Context, arguments: &ResetArguments) -> Result<Exit, Problem> {
    // Kubernetes is the real one, also where AWS is simulated.
    let context = &Context {
        settings: context.settings.in_real_time(),
        ..context.clone()
    };
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let mut reset = Reset {
        request: kubernetes::reset(arguments, &place, &context.environment)?,
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

    async fn target(&mut self, _: &Session) -> Result<String, Problem> {
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
