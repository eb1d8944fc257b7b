//! `stepwell resume`.

use stepwell_state::RunStatus;

use crate::arguments::workflow::ResumeArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::carry::{Carried, carry};
use crate::session::{rosa, takeup};
use crate::settings::password;
use crate::{Context, runtime};

/// Goes on with a run.
pub fn run(context: &Context, arguments: &ResumeArguments) -> Result<Exit, Problem> {
    let password = password::resolve(&arguments.password, &context.environment)?;
    let found = takeup::find(context, &arguments.run)?;
    let context = &found.context(context);
    let short = outcome::short(found.row.id);
    refuse_ended(&short, found.row.status)?;
    runtime::block_on(found.pace(context), async {
        let connection = found.backend.connect(&context.settings, password).await?;
        let connection = connection.taking_over(arguments.take_over);
        let taken = found.take(context, &connection)?;
        refuse_ended(&short, taken.status)?;
        found.verify(&connection).await?;
        let connection = rosa::take_up(context, &found.backend, connection, &taken).await?;
        taken.refuse_alive(context, &connection).await?;
        let carried = Carried {
            run: found.row.id,
            created: &taken.created,
            history: &taken.events,
            asked_back: false,
        };
        carry(
            context,
            &found.state,
            &connection,
            carried,
            async |executor| {
                let by = context.actor.clone();
                let aws = connection.aws.clone();
                executor.resume(&taken.events, by, &taken.graph, aws).await
            },
        )
        .await
    })
}

/// Refuses to go on with a run that is at its end.
fn refuse_ended(short: &str, status: RunStatus) -> Result<(), Problem> {
    let how = match status {
        RunStatus::Succeeded => "has succeeded",
        RunStatus::RolledBack => "is rolled back",
        RunStatus::Abandoned => "was given up",
        RunStatus::Running | RunStatus::Suspended | RunStatus::Interrupted | RunStatus::Stuck => {
            return Ok(());
        }
    };
    Err(
        Problem::error(format!("run {short} {how}: there is nothing to go on with"))
            .code("run_ended"),
    )
}
