//! `stepwell rollback`.

use stepwell_engine::Waiver;
use stepwell_engine::event::RunCreated;
use stepwell_state::RunStatus;
use stepwell_workflows::{Workflow, rollback_refusal};

use crate::arguments::workflow::RollbackArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::carry::{Carried, carry};
use crate::session::confirm::confirm;
use crate::session::{rosa, takeup};
use crate::{Context, runtime};

/// Undoes what a run made.
pub fn run(context: &Context, arguments: &RollbackArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let found = takeup::find(context, &arguments.run)?;
    let short = outcome::short(found.row.id);
    refuse_ended(&short, found.row.status)?;
    let reason = arguments.reason.as_deref().unwrap_or_default().trim();
    if !arguments.waive.is_empty() && reason.is_empty() {
        return Err(Problem::usage(
            "--reason \"\" is empty; allowed: a few words on why the step is passed over",
        ));
    }
    runtime::block_on(found.pace(context), async {
        let connection = found.backend.connect(settings, None).await?;
        let connection = connection.taking_over(arguments.take_over);
        let taken = found.take(context, &connection)?;
        refuse_ended(&short, taken.status)?;
        if !taken.created.reversible {
            return Err(Problem::refused(format!(
                "run {short} of {} only goes forward",
                taken.created.workflow
            ))
            .code("forward_only")
            .hint(format!(
                "go on with it: {}",
                settings.command_for("resume", &short)
            )));
        }
        let waivers = waivers(&taken.created, &arguments.waive, reason)?;
        found.verify(&connection).await?;
        let connection = rosa::take_up(context, &found.backend, connection, &taken).await?;
        taken.refuse_alive(context, &connection).await?;
        let refusal = rollback_refusal(
            &connection.aws,
            &taken.created.workflow,
            &taken.created.parameters,
        )
        .await
        .map_err(|fault| Problem::from_fault("could not look around in aws", &fault))?;
        if let Some((message, hint)) = refusal {
            return Err(Problem::refused(message).hint(hint));
        }
        if taken.status == RunStatus::Succeeded {
            // `aurora/<region>/<cluster>`, `peering/<region>/<cluster>/<vpc>`
            let name = found.row.target.split('/').nth(2).unwrap_or_default();
            let what = if taken.created.workflow == Workflow::PeeringCreate.name() {
                format!("the removal of the peering of cluster {name}")
            } else {
                format!("the deletion of cluster {name} with all its data")
            };
            confirm(context, &what, name)?;
        }
        let carried = Carried {
            run: found.row.id,
            created: &taken.created,
            history: &taken.events,
            asked_back: true,
        };
        carry(
            context,
            &found.state,
            &connection,
            carried,
            async |executor| {
                let by = context.actor.clone();
                let aws = connection.aws.clone();
                executor
                    .rollback(&taken.events, by, waivers, &taken.graph, aws)
                    .await
            },
        )
        .await
    })
}

/// Refuses to undo what is undone, or no longer the run's.
fn refuse_ended(short: &str, status: RunStatus) -> Result<(), Problem> {
    let how = match status {
        RunStatus::RolledBack => "is rolled back",
        RunStatus::Abandoned => "was given up",
        _ => return Ok(()),
    };
    Err(Problem::error(format!("run {short} {how}: there is nothing to undo")).code("run_ended"))
}

/// The steps that are to be passed over; each must be one of the run's.
fn waivers(created: &RunCreated, steps: &[String], reason: &str) -> Result<Vec<Waiver>, Problem> {
    let waiver = |name: &String| {
        let known = created.steps.iter().find(|step| *step.name == **name);
        let step = known.ok_or_else(|| {
            let names: Vec<&str> = created.steps.iter().map(|step| &*step.name).collect();
            Problem::usage(format!(
                "--waive {name:?} is no step of the run; allowed: {}",
                names.join(", ")
            ))
        })?;
        Ok(Waiver {
            step: step.name.clone(),
            reason: reason.to_owned(),
        })
    };
    steps.iter().map(waiver).collect()
}
