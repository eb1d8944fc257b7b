//! `stepwell resume`.

use stepwell_engine::ParameterChange;
use stepwell_state::{Access, RunStatus};
use stepwell_workflows::aurora;

use crate::arguments::workflow::ResumeArguments;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::carry::{Carried, carry};
use crate::session::takeup::Taken;
use crate::session::which::Purpose;
use crate::session::{Connection, rosa, survey, takeup};
use crate::settings::password;
use crate::{Context, runtime};

/// Goes on with a run.
pub fn run(context: &Context, arguments: &ResumeArguments) -> Result<Exit, Problem> {
    let password = password::resolve(&arguments.password, &context.environment)?;
    let found = takeup::find(
        context,
        &arguments.which,
        Purpose::Resume,
        Access::ReadWrite,
    )?;
    let context = &found.context(context);
    let short = outcome::short(found.row.id);
    refuse_ended(&short, found.row.status)?;
    runtime::block_on(found.pace(context), async {
        let connection = found.backend.connect(&context.settings, password).await?;
        let connection = connection.taking_over(arguments.take_over);
        let taken = found.take(context, &connection).await?;
        refuse_ended(&short, taken.status)?;
        found.verify(&connection).await?;
        let connection = rosa::take_up(context, &found.backend, connection, &taken).await?;
        taken.refuse_alive(context, &connection).await?;
        // To resume a run that is being rolled back is to roll it back.
        let back = taken.machine()?.goes_back();
        taken.refuse_as_things_are(&connection, back).await?;
        let change = change(context, &connection, &taken, arguments, back).await?;
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
                let (by, events) = (context.actor.clone(), &taken.events);
                match change {
                    None => executor.resume(events, by).await,
                    Some(change) => executor.resume_changed(events, by, change).await,
                }
            },
        )
        .await
    })
    .map_err(|problem| found.placed(context, problem))
}

/// What is to be made otherwise from now on; none where nothing was said, or
/// nothing differs.
async fn change(
    context: &Context,
    connection: &Connection,
    taken: &Taken,
    arguments: &ResumeArguments,
    back: bool,
) -> Result<Option<ParameterChange>, Problem> {
    let Some(class) = &arguments.instance_class else {
        return Ok(None);
    };
    if back {
        return Err(
            Problem::refused("the run is being rolled back: it makes no further instance")
                .code("not_changeable")
                .hint("resume it without --instance-class; nothing was changed"),
        );
    }
    let (aws, workflow) = (&connection.aws, &taken.created.workflow);
    let mixed = arguments.allow_mixed_classes;
    let change = aurora::change_class(aws, workflow, &taken.events, class, mixed)
        .await
        .map_err(|error| survey::refused(context, "aws could not be asked", error))?;
    if change.is_none() {
        context
            .printer
            .note(format!("the run asks for {class} already"));
    }
    Ok(change)
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
