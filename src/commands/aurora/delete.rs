//! `stepwell aurora delete`.

use serde::Serialize;
use stepwell_state::Access;
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{self, DeleteOptions, DeleteParameters};
use stepwell_workflows::peering::PeeringInventory;

use crate::arguments::aurora::DeleteArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::session::confirm::confirm;
use crate::session::start::{self, Prepared};
use crate::session::targets::Targets;
use crate::session::{Backend, rosa, store, survey};
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
        let account = connection.account(request.region()).await?;
        let request = if arguments.with_peerings {
            let region = request.region();
            let accounts = rosa::accounts(&backend, &connection, &account, region, profile).await?;
            request.with_peerings(accounts)
        } else {
            request
        };
        let target = request.target();
        let mut targets = Targets::new(&account, std::slice::from_ref(&target));
        if !how.plan {
            targets.lock(context, &state, &connection)?;
        }
        let parameters = aurora::survey_delete(&connection.aws, &request)
            .await
            .map_err(|error| survey::refused(context, "could not look around in aws", error))?;
        // What is found says what else has to be locked.
        let peered: Vec<String> = parameters
            .peerings
            .iter()
            .map(PeeringInventory::target)
            .collect();
        let mut peered = Targets::new(&account, &peered);
        if !how.plan {
            peered.lock(context, &state, &connection)?;
        }
        let mut unfinished = targets.unfinished(context, &state)?;
        unfinished.extend(peered.unfinished(context, &state)?);
        if parameters.is_empty() && unfinished.is_empty() {
            return nothing(context, &parameters);
        }
        announce(context, &parameters);
        let graph = aurora::delete_graph(&parameters);
        let prepared = Prepared::new(Workflow::AuroraDelete, target.clone(), &parameters, graph)?;
        if how.plan {
            return start::show_plan(context, &connection, &how, &prepared).await;
        }
        let what = format!("the deletion of cluster {}", parameters.cluster);
        confirm(context, &what, &parameters.cluster)?;
        let reason = format!("{} of {target}", Workflow::AuroraDelete.name());
        targets
            .abandon(context, &state, &connection, &unfinished, &reason)
            .await?;
        if parameters.is_empty() {
            return nothing(context, &parameters);
        }
        start::start(context, &state, &connection, &account, &how, prepared).await
    })
}

fn announce(context: &Context, parameters: &DeleteParameters) {
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
