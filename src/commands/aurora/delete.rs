//! `stepwell aurora delete`.

use serde::Serialize;
use stepwell_state::Access;
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{self, DeleteOptions, DeleteParameters};

use crate::arguments::aurora::DeleteArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::confirm::confirm;
use crate::session::start::{self, Prepared};
use crate::session::{Backend, abandon, find, locks, store, survey};
use crate::settings::create;
use crate::settings::place::Place;
use crate::settings::workflow::WorkflowSettings;
use crate::{Context, runtime};

/// Deletes a cluster with everything that was made for it.
pub fn run(context: &Context, arguments: &DeleteArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    if arguments.final_snapshot.is_none() && !arguments.skip_final_snapshot {
        return Err(Problem::usage(
            "it is not said what becomes of the data; allowed: --final-snapshot NAME or --skip-final-snapshot",
        ));
    }
    let place = Place::resolve(&arguments.cluster, &context.environment)?;
    let request = DeleteOptions {
        cluster: place.cluster,
        region: place.region,
        final_snapshot: arguments.final_snapshot.clone(),
    }
    .validate()
    .map_err(|invalid| create::refuse(&invalid, &context.environment))?;
    let how = WorkflowSettings::forward_only(&arguments.workflow, arguments.on_failure)?;
    let backend = Backend::of(settings)?;
    let access = if how.plan {
        Access::ReadOnly
    } else {
        Access::ReadWrite
    };
    let state = store::open(settings, access)?;
    runtime::block_on(backend.pace(settings), async {
        let connection = backend.connect(settings, None).await?;
        let connection = connection.taking_over(arguments.take_over);
        let account = connection.account(request.region()).await?;
        let target = request.target();
        let _lock = if how.plan {
            None
        } else {
            let now = connection.clock.now();
            Some(locks::target(context, &state, &account, &target, now)?)
        };
        let unfinished = find::unfinished(&state, &account, &target)?;
        // The target's lock is held, so nobody is at work on the unfinished run.
        let dead = unfinished.as_ref().map(|(run, _)| run.id);
        let parameters = aurora::survey_delete(&connection.aws, &request.giving_up(dead))
            .await
            .map_err(|error| survey::refused(context, "could not look around in aws", error))?;
        if parameters.inventory.is_empty() && unfinished.is_none() {
            return nothing(context, &parameters);
        }
        announce(context, &parameters);
        if let Some((run, stands)) = &unfinished {
            context.printer.warn(format!(
                "the unfinished run {} of {} ({stands}) is given up with it",
                outcome::short(run.id),
                run.workflow
            ));
        }
        let graph = aurora::delete_graph(&parameters);
        let prepared = Prepared::new(Workflow::AuroraDelete, target.clone(), &parameters, graph)?;
        if how.plan {
            return start::show_plan(context, &connection, &how, &prepared).await;
        }
        let what = format!("the deletion of cluster {}", parameters.cluster);
        confirm(context, &what, &parameters.cluster)?;
        if let Some((run, _)) = &unfinished {
            let now = connection.clock.now();
            let reason = format!("{} of {target}", Workflow::AuroraDelete.name());
            abandon::abandon(context, &state, run, &reason, now).await?;
        }
        if parameters.inventory.is_empty() {
            return nothing(context, &parameters);
        }
        start::start(context, &state, &connection, &account, &how, prepared).await
    })
}

fn announce(context: &Context, parameters: &DeleteParameters) {
    let printer = &context.printer;
    let lines = parameters.inventory.lines(&parameters.cluster);
    if lines.is_empty() {
        return;
    }
    printer.note(format!(
        "found of cluster {} in {}:",
        parameters.cluster, parameters.region
    ));
    for line in lines {
        printer.note(format!("  {line}"));
    }
    match &parameters.final_snapshot {
        Some(name) => printer.note(format!("the data is kept in snapshot {name}")),
        None => printer.note("no snapshot is made: the data is lost"),
    }
}

fn nothing(context: &Context, parameters: &DeleteParameters) -> Result<Exit, Problem> {
    #[derive(Serialize)]
    struct Document<'a> {
        schema: u32,
        run: Option<&'a str>,
        workflow: &'a str,
        target: String,
        status: &'a str,
        outputs: Option<&'a str>,
    }
    if context.printer.output.is_json() {
        context.printer.document(&Document {
            schema: crate::SCHEMA,
            run: None,
            workflow: Workflow::AuroraDelete.name(),
            target: parameters.target(),
            status: "succeeded",
            outputs: None,
        })?;
    }
    context.printer.note(format!(
        "nothing to delete: there is nothing of cluster {} in {}",
        parameters.cluster, parameters.region
    ));
    Ok(Exit::Success)
}
