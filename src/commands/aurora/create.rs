//! `stepwell aurora create`.

use stepwell_state::Access;
use stepwell_workflows::{Workflow, aurora};

use crate::Context;
use crate::arguments::aurora::CreateArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::runtime;
use crate::session::start::{self, Prepared};
use crate::session::{Backend, find, locks, store, survey};
use crate::settings::workflow::WorkflowSettings;
use crate::settings::{create, password};

/// Creates a cluster with everything it needs.
pub fn run(context: &Context, arguments: &CreateArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let password = match arguments.managed_password {
        true => None,
        false => password::resolve(&arguments.password, &context.environment)?,
    };
    let request = create::resolve(arguments, &context.environment, password.as_ref())?;
    let how = WorkflowSettings::reversible(&arguments.workflow, arguments.on_failure)?;
    let backend = Backend::of(settings)?;
    let access = if how.plan {
        Access::ReadOnly
    } else {
        Access::ReadWrite
    };
    let state = store::open(settings, access)?;
    runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, password).await?;
        let connection = connection.taking_over(arguments.take_over);
        let account = connection.account(request.region()).await?;
        let target = request.target();
        let _lock = if how.plan {
            None
        } else {
            let clock = connection.clock.as_ref();
            Some(locks::target(context, &state, &account, &target, clock).await?)
        };
        find::refuse_unfinished(context, &state, &account, &target)?;
        connection
            .aws
            .bury(find::dead(&state, &account, Some(&target))?);
        let what = "could not read what is in aws";
        let parameters = survey::once_alone(context, &connection, what, async || {
            aurora::survey_create(&connection.aws, &request).await
        })
        .await?;
        for note in create::notes(&request, &context.environment) {
            context.printer.note(note);
        }
        let graph = aurora::create_graph(&parameters);
        let prepared = Prepared::new(Workflow::AuroraCreate, target, &parameters, graph)?;
        if how.plan {
            start::show_plan(context, &connection, &how, &prepared).await
        } else {
            start::start(context, &state, &connection, &account, &how, prepared).await
        }
    })
}
