//! `stepwell aurora create`.

use stepwell_engine::{Graph, GraphError};
use stepwell_workflows::aurora::{self, CreateParameters, CreateRequest};
use stepwell_workflows::{Secret, Workflow};

use crate::Context;
use crate::arguments::aurora::CreateArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::launch::{Connecting, Launch, launch};
use crate::session::targets::Targets;
use crate::session::{Connection, Session, survey};
use crate::settings::workflow::WorkflowSettings;
use crate::settings::{create, password};

/// Creates a cluster with everything it needs.
pub fn run(context: &Context, arguments: &CreateArguments) -> Result<Exit, Problem> {
    let password = match arguments.managed_password {
        true => None,
        false => password::resolve(&arguments.password, &context.environment)?,
    };
    let mut create = Create {
        request: create::resolve(arguments, &context.environment, password.as_ref())?,
        password,
        how: WorkflowSettings::reversible(&arguments.workflow, arguments.on_failure)?,
        take_over: arguments.take_over.take_over,
    };
    launch(context, &mut create)
}

struct Create {
    request: CreateRequest,
    password: Option<Secret>,
    how: WorkflowSettings,
    take_over: bool,
}

impl Launch for Create {
    type Parameters = CreateParameters;
    const WORKFLOW: Workflow = Workflow::AuroraCreate;

    fn plan(&self) -> bool {
        self.how.plan
    }

    async fn region(&mut self, _: &Context, _: &Connection) -> Result<String, Problem> {
        Ok(self.request.region().to_owned())
    }

    fn connecting(&mut self) -> Connecting<'_> {
        Connecting {
            password: self.password.take(),
            take_over: self.take_over,
            ..Connecting::default()
        }
    }

    async fn target(&mut self, _: &Session) -> Result<String, Problem> {
        Ok(self.request.target())
    }

    async fn survey(
        &mut self,
        session: &Session,
        _: &mut Targets,
    ) -> Result<CreateParameters, Problem> {
        survey::once_alone(session, survey::READING, async || {
            aurora::survey_create(&session.connection.aws, &self.request).await
        })
        .await
    }

    fn announce(&self, session: &Session, _: &CreateParameters) {
        let Context {
            environment,
            printer,
            ..
        } = &session.context;
        for note in create::notes(&self.request, environment) {
            printer.note(note);
        }
    }

    fn settings(&self, _: &CreateParameters) -> Result<WorkflowSettings, Problem> {
        Ok(self.how)
    }

    fn graph(found: &CreateParameters) -> Result<Graph, GraphError> {
        aurora::create_graph(found)
    }
}
