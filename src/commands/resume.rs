//! `stepwell resume`.

use clap::Args;
use stepwell_engine::{ParameterChange, Runner, TakenUp};
use stepwell_state::{Access, RunStatus};
use stepwell_workflows::{Aws, aurora};

use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::session::takeup::{Locks, Taken};
use crate::session::which::Purpose;
use crate::session::which::WhichArguments;
use crate::session::{Session, survey, takeup};
use crate::settings::password;
use crate::settings::password::PasswordArguments;
use crate::settings::times::TimeArguments;
use crate::settings::workflow::TakeOverArguments;
use crate::{Context, runtime};

/// `stepwell resume`.
#[derive(Debug, Clone, Args)]
pub struct ResumeArguments {
    /// Which run.
    #[command(flatten)]
    pub which: WhichArguments,

    /// Make the instances that are not made yet of this class, for example where a lack of capacity
    /// or a quota has stopped the run
    #[arg(long, value_name = "CLASS")]
    pub instance_class: Option<String>,

    /// With --instance-class: go on although the instances will be of different classes
    #[arg(long, requires = "instance_class")]
    pub allow_mixed_classes: bool,

    /// The master user's password, where the run was started with one.
    #[command(flatten)]
    pub password: PasswordArguments,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,

    /// How long it may take.
    #[command(flatten)]
    pub times: TimeArguments,
}

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
        let take_over = arguments.take_over.take_over;
        let session = found.connect(context, password, take_over).await?;
        let taken = found.take(&session, Locks::Take).await?;
        refuse_ended(&short, taken.status)?;
        let session = found.verify(session, &taken).await?;
        taken.refuse_alive(&session).await?;
        // To resume a run that is being rolled back is to roll it back.
        let back = taken.recorded().machine.will_roll_back();
        taken.refuse_as_things_are(&session, back).await?;
        let change = change(&session, &taken, arguments, back).await?;
        let work = async |taken: TakenUp, runner: Runner<Aws>| match change {
            None => taken.resume(&runner).await,
            Some(change) => taken.resume_changed(&runner, change).await,
        };
        taken.carry(&session, false, work).await
    })
    .map_err(|problem| found.placed(context, problem))
}

/// What is to be made otherwise from now on; none where nothing was said, or
/// nothing differs.
async fn change(
    session: &Session,
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
    let context = &session.context;
    let (aws, workflow) = (&session.connection.aws, &taken.created().workflow);
    let (mixed, events) = (arguments.allow_mixed_classes, &taken.recorded().events);
    let change = aurora::change_class(aws, workflow, events, class, mixed)
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
