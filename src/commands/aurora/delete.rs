//! `stepwell aurora delete`.

use stepwell_state::Access;
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{DeleteOptions, DeleteParameters};

use crate::arguments::aurora::DeleteArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::confirm::confirm;
use crate::session::deletion::Deletion;
use crate::session::{Backend, rosa, start, store};
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
        let profile = arguments.rosa_profile.as_deref();
        let connection = backend.connect(settings, None).await?;
        let connection = rosa::connect(context, &backend, connection, profile).await?;
        let connection = connection.taking_over(arguments.take_over);
        let account = connection.account(request.region()).await?;
        let request = if arguments.with_peerings {
            let region = request.region();
            let accounts = rosa::accounts(&backend, &connection, &account, region, profile).await?;
            request.with_peerings(accounts)
        } else {
            request
        };
        let deletion =
            Deletion::look(context, &state, &connection, &account, &request, how.plan).await?;
        let parameters = &deletion.parameters;
        let unfinished = deletion.unfinished(context, &state, None)?;
        if deletion.is_empty() && unfinished.is_empty() {
            return nothing(context, parameters);
        }
        announce(context, parameters, arguments.final_snapshot.as_deref());
        let prepared = deletion.prepare()?;
        if how.plan {
            return start::show_plan(context, &connection, &how, &prepared).await;
        }
        let what = format!("the deletion of cluster {}", parameters.cluster);
        let region = &parameters.region;
        confirm(context, &account, region, &what, &parameters.cluster)?;
        deletion
            .give_up(context, &state, &connection, &unfinished)
            .await?;
        if deletion.is_empty() {
            return nothing(context, parameters);
        }
        start::start(context, &state, &connection, &account, &how, prepared).await
    })
}

fn announce(context: &Context, parameters: &DeleteParameters, wanted: Option<&str>) {
    let printer = &context.printer;
    let lines = parameters.lines();
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
    match (&parameters.final_snapshot, wanted) {
        (Some(name), _) => printer.note(format!("the data is kept in snapshot {name}")),
        (None, Some(name)) => printer.warn(format!(
            "there is no cluster of which snapshot {name} could be taken"
        )),
        (None, None) => printer.note("no snapshot is made: the data is lost"),
    }
}

fn nothing(context: &Context, parameters: &DeleteParameters) -> Result<Exit, Problem> {
    outcome::nothing_to_do(
        &context.printer,
        Workflow::AuroraDelete.name(),
        &parameters.target(),
        &format!(
            "nothing to delete: there is nothing of cluster {} in {}",
            parameters.cluster, parameters.region
        ),
    )
}
