//! `stepwell rollback`.

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
    let ended = |how: &str| {
        Err(
            Problem::error(format!("run {short} {how}: there is nothing to undo"))
                .code("run_ended"),
        )
    };
    match found.row.status {
        RunStatus::RolledBack => return ended("is rolled back"),
        RunStatus::Abandoned => return ended("was given up"),
        _ => {}
    }
    runtime::block_on(found.pace(context), async {
        let connection = found.backend.connect(settings, None).await?;
        let connection = connection.taking_over(arguments.take_over);
        let taken = found.take(context, &connection)?;
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
        if found.row.status == RunStatus::Succeeded {
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
                    .rollback(&taken.events, by, &taken.graph, aws)
                    .await
            },
        )
        .await
    })
}
