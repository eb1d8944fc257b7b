//! `stepwell aurora scale`.

use stepwell_state::Access;
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{self, ScaleOptions, ScaleParameters};

use crate::arguments::aurora::ScaleArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::confirm::confirm;
use crate::session::start::{self, Prepared};
use crate::session::{Backend, find, locks, store, survey};
use crate::settings::create;
use crate::settings::place::{self, Place, Sourced};
use crate::settings::workflow::WorkflowSettings;
use crate::{Context, runtime};

/// Adds readers to a cluster, or takes some away.
pub fn run(context: &Context, arguments: &ScaleArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let instances = Sourced {
        value: arguments.instances.clone(),
        variable: None,
    };
    let request = ScaleOptions {
        cluster: place.cluster,
        region: place.region,
        instances: place::number("--instances", Some(instances), 1, 1..=16)?,
        instance_class: arguments.instance_class.clone(),
    }
    .validate()
    .map_err(|invalid| create::refuse(&invalid, &context.environment))?;
    let backend = Backend::of(settings)?;
    let access = match arguments.workflow.plan {
        true => Access::ReadOnly,
        false => Access::ReadWrite,
    };
    let state = store::open(settings, access)?;
    runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        let connection = connection.taking_over(arguments.take_over);
        let account = connection.account(request.region()).await?;
        let target = request.target();
        let _lock = match arguments.workflow.plan {
            true => None,
            false => {
                let clock = connection.clock.as_ref();
                Some(locks::target(context, &state, &account, &target, clock).await?)
            }
        };
        find::refuse_unfinished(context, &state, &account, &target)?;
        connection
            .aws
            .bury(find::dead(&state, &account, Some(&target))?);
        let what = "aws could not be asked";
        let parameters = survey::once_alone(context, &connection, what, async || {
            aurora::survey_scale(&connection.aws, &request).await
        })
        .await?;
        // What is added can be undone, what is taken away can't.
        let how = match parameters.is_reversible() {
            true => WorkflowSettings::reversible(&arguments.workflow, arguments.on_failure)?,
            false => WorkflowSettings::forward_only(&arguments.workflow, arguments.on_failure)?,
        };
        if parameters.is_empty() {
            return nothing(context, &parameters);
        }
        let graph = aurora::scale_graph(&parameters);
        let prepared = Prepared::new(Workflow::AuroraScale, target, &parameters, graph)?;
        if how.plan {
            return start::show_plan(context, &connection, &how, &prepared).await;
        }
        if !parameters.removing.is_empty() {
            let (what, name) = (parameters.question(), &parameters.cluster);
            confirm(context, &account, request.region(), &what, name)?;
        }
        start::start(context, &state, &connection, &account, &how, prepared).await
    })
}

fn nothing(context: &Context, parameters: &ScaleParameters) -> Result<Exit, Problem> {
    outcome::nothing_to_do(
        &context.printer,
        Workflow::AuroraScale.name(),
        &parameters.target(),
        &format!(
            "nothing to do: cluster {} in {} has {} instances",
            parameters.cluster, parameters.region, parameters.instances
        ),
    )
}
