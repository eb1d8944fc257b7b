//! `stepwell aurora reset`.

use stepwell_state::Access;
use stepwell_workflows::{Workflow, aurora};

use crate::arguments::aurora::ResetArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::confirm::confirm;
use crate::session::start::{self, Prepared};
use crate::session::{Backend, abandon, find, locks, serving, store, survey};
use crate::settings::kubernetes;
use crate::settings::place::Place;
use crate::settings::workflow::WorkflowSettings;
use crate::{Context, runtime};

/// Empties the schema and restarts Keycloak.
pub fn run(context: &Context, arguments: &ResetArguments) -> Result<Exit, Problem> {
    // Kubernetes is the real one, also where AWS is simulated.
    let settings = &context.settings.in_real_time();
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let request = kubernetes::reset(arguments, &place, &context.environment)?;
    let how = WorkflowSettings::forward_only(&arguments.workflow, None)?;
    let backend = Backend::of(settings)?;
    let access = if how.plan {
        Access::ReadOnly
    } else {
        Access::ReadWrite
    };
    let state = store::open(settings, access)?;
    runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        let account = connection.account(request.region()).await?;
        let target = request.target();
        let _lock = if how.plan {
            None
        } else {
            let clock = connection.clock.as_ref();
            Some(locks::target(context, &state, &account, &target, clock).await?)
        };
        let unfinished = if arguments.anew {
            find::unfinished(&state, &account, &target)?
        } else {
            find::refuse_unfinished(context, &state, &account, &target).map_err(|problem| {
                let hint = problem.hint.clone().unwrap_or_default();
                problem.hint(format!("{hint}, or give it up and begin anew: --anew"))
            })?;
            None
        };
        let endpoint = serving::find(context, &connection, &place).await?;
        let parameters = aurora::survey_reset(connection.clock.as_ref(), &request, &endpoint)
            .await
            .map_err(|error| {
                survey::refused(context, "could not read what is in kubernetes", error)
            })?;
        for line in parameters.lines() {
            context.printer.note(format!("about to {line}"));
        }
        for note in parameters.notes() {
            context.printer.warn(note);
        }
        if let Some((run, stands)) = &unfinished {
            context.printer.warn(format!(
                "the unfinished run {} of {} ({stands}) is given up with it",
                outcome::short(run.id),
                run.workflow
            ));
        }
        let graph = aurora::reset_graph(&parameters);
        let prepared = Prepared::new(Workflow::AuroraReset, target.clone(), &parameters, graph)?;
        if how.plan {
            return start::show_plan(context, &connection, &how, &prepared).await;
        }
        let what = format!(
            "the loss of all that keycloak has in cluster {}",
            request.cluster()
        );
        let (region, name) = (request.region(), request.cluster());
        confirm(context, &account, region, &what, name)?;
        if let Some((run, _)) = &unfinished {
            let clock = connection.clock.as_ref();
            let reason = format!("{} of {target}", Workflow::AuroraReset.name());
            abandon::abandon(context, &state, run, &reason, clock).await?;
        }
        start::start(context, &state, &connection, &account, &how, prepared).await
    })
}
