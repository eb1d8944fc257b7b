//! `stepwell rollback`.

mod waive;

use clap::Args;
use stepwell_engine::{PlannedUndo, RollbackRequest, Runner, StepName, TakenUp, Waiver};
use stepwell_state::{Access, RunStatus};
use stepwell_workflows::aurora::{self, AtStake, RollbackOptions};
use stepwell_workflows::{Aws, Recorded};

use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::outcome;
use crate::report::undoing::Undoing;
use crate::session::confirm::confirm;
use crate::session::takeup::{Found, Locks, Taken};
use crate::session::which::Purpose;
use crate::session::which::WhichArguments;
use crate::session::{Session, takeup};
use crate::settings::input;
use crate::settings::times::TimeArguments;
use crate::settings::workflow::TakeOverArguments;
use crate::{Context, runtime};

/// `stepwell rollback`.
#[derive(Debug, Clone, Args)]
pub struct RollbackArguments {
    /// Which run.
    #[command(flatten)]
    pub which: WhichArguments,

    /// Show what would go and what would stay, and do nothing
    #[arg(long)]
    pub plan: bool,

    /// With --plan: exit with 2 when something would be taken away
    #[arg(long, requires = "plan")]
    pub detailed_exitcode: bool,

    /// Keep the data of the cluster that goes in a snapshot of this name
    #[arg(long, value_name = "NAME")]
    pub final_snapshot: Option<String>,

    /// Pass over a step that can't be undone: what it made stays; may be repeated
    #[arg(long, value_name = "STEP", requires = "reason")]
    pub waive: Vec<String>,

    /// Why the steps are passed over; recorded with the run
    #[arg(long, value_name = "TEXT", requires = "waive")]
    pub reason: Option<String>,

    /// Whether another run may be overridden.
    #[command(flatten)]
    pub take_over: TakeOverArguments,

    /// How long it may take.
    #[command(flatten)]
    pub times: TimeArguments,
}

/// Undoes what a run made.
pub fn run(context: &Context, arguments: &RollbackArguments) -> Result<Exit, Problem> {
    let access = match arguments.plan {
        true => Access::ReadOnly,
        false => Access::ReadWrite,
    };
    let found = takeup::find(context, &arguments.which, Purpose::Rollback, access)?;
    refuse_ended(context, &found, found.row.status)?;
    let reason = arguments.reason.as_deref().unwrap_or_default().trim();
    if !arguments.waive.is_empty() && reason.is_empty() {
        return Err(Problem::usage(
            "--reason \"\" is empty; allowed: a few words on why the step is passed over",
        ));
    }
    let options = arguments
        .final_snapshot
        .as_deref()
        .map(RollbackOptions::keeping)
        .transpose()
        .map_err(|invalid| input::refuse(&invalid, &context.environment))?;
    runtime::block_on(found.pace(context), async {
        let take_over = arguments.take_over.take_over;
        let session = found.connect(context, None, take_over).await?;
        let locks = match arguments.plan {
            true => Locks::Leave,
            false => Locks::Take,
        };
        let taken = found.take(&session, locks).await?;
        refuse_ended(context, &found, taken.status)?;
        refuse_forward(context, &found, &taken)?;
        let waivers = waive::waivers(taken.created(), &arguments.waive, reason)?;
        let session = found.verify(session, &taken).await?;
        taken.refuse_alive(&session).await?;
        waive::refuse_half(context, &taken, &waivers)?;
        taken.refuse_as_things_are(&session, true).await?;
        let undo = Undo::look(&session, &taken, &waivers, options).await?;
        let undoing = Undoing {
            run: found.row.id,
            workflow: &taken.created().workflow,
            target: &found.row.target,
            account: &found.account,
            final_snapshot: (undo.stake.as_ref()).and(undo.kept.final_snapshot.as_deref()),
            steps: &undo.steps,
        };
        if arguments.plan {
            undoing.print(&context.printer)?;
            return Ok(match arguments.detailed_exitcode && undoing.has_changes() {
                true => Exit::ChangesPending,
                false => Exit::Success,
            });
        }
        undoing.announce(&context.printer);
        undo.ask(context, &found, &taken)?;
        let options = (undo.options)
            .map(serde_json::to_value)
            .transpose()
            .map_err(|error| Problem::error("the options can't be recorded").because(&error))?;
        let request = RollbackRequest { waivers, options };
        let work =
            async |taken: TakenUp, runner: Runner<Aws>| taken.rollback(&runner, request).await;
        taken.carry(&session, true, work).await
    })
    .map_err(|problem| found.placed(context, problem))
}

/// Refuses to undo what is undone, or no longer the run's; and a run that has
/// succeeded, unless it was named: a script that undoes what failed must not
/// take away what serves.
fn refuse_ended(context: &Context, found: &Found, status: RunStatus) -> Result<(), Problem> {
    let short = outcome::short(found.row.id);
    let how = match status {
        RunStatus::RolledBack => "is rolled back",
        RunStatus::Abandoned => "was given up",
        RunStatus::Succeeded if !found.by_id => {
            return Err(Problem::refused(format!(
                "run {short} of {} on {} has succeeded, and such a run is undone only by its id",
                found.row.workflow, found.row.target
            ))
            .code("not_named")
            .hint(format!(
                "if its work is to go: {}; nothing was changed",
                context.settings.command_for("rollback", &short)
            )));
        }
        _ => return Ok(()),
    };
    Err(Problem::error(format!("run {short} {how}: there is nothing to undo")).code("run_ended"))
}

fn refuse_forward(context: &Context, found: &Found, taken: &Taken) -> Result<(), Problem> {
    if taken.created().reversible {
        return Ok(());
    }
    let short = outcome::short(found.row.id);
    let refused = Problem::refused(format!(
        "run {short} of {} only goes forward",
        taken.created().workflow
    ))
    .code("forward_only");
    Err(match taken.status.is_unfinished() {
        false => refused,
        true => refused.hint(format!(
            "go on with it: {}",
            context.settings.command_for("resume", &short)
        )),
    })
}

/// What a rollback would do, and what of it has to be confirmed.
struct Undo {
    /// The cluster that goes, if one does.
    stake: Option<AtStake>,
    /// What is said now of what is to be kept.
    options: Option<RollbackOptions>,
    /// What is kept: as it is said now, else as it was when the rollback began.
    kept: RollbackOptions,
    /// The steps, in the order in which they are undone.
    steps: Vec<PlannedUndo>,
}

impl Undo {
    async fn look(
        session: &Session,
        taken: &Taken,
        waivers: &[Waiver],
        options: Option<RollbackOptions>,
    ) -> Result<Self, Problem> {
        let asked = |fault| Problem::from_fault("aws could not be asked", &fault);
        let recorded = taken.recorded();
        let aws = &session.connection.aws;
        let waived: Vec<StepName> = waivers.iter().map(|waiver| waiver.step.clone()).collect();
        let stake = aurora::at_stake(aws, &recorded.machine, &waived)
            .await
            .map_err(asked)?;
        if let Some(options) = &options {
            let Some(stake) = &stake else {
                return Err(Problem::refused(
                    "this rollback deletes no cluster, so there is nothing to take a snapshot of",
                )
                .code("nothing_to_keep")
                .hint("leave --final-snapshot out; nothing was changed"));
            };
            takeup::refuse(stake.snapshot_refusal(aws, options).await)?;
        }
        let kept = RollbackOptions::recorded(recorded.machine.rollback_options())
            .map_err(|fault| Problem::from_fault("the rollback can't be continued", &fault))?;
        let steps = recorded.plan_rollback(&session.runner(), &waived).await;
        let steps = steps.map_err(|error| session.problem(error))?;
        if let Some(fault) = steps.iter().find_map(|step| step.fault.clone()) {
            return Err(asked(fault));
        }
        Ok(Self {
            stake,
            kept: options.clone().unwrap_or(kept),
            options,
            steps,
        })
    }

    /// Asks whether what the rollback takes away may go: a cluster always, whether
    /// it serves or not, and whatever a finished run made.
    fn ask(&self, context: &Context, found: &Found, taken: &Taken) -> Result<(), Problem> {
        let target = &found.target;
        let by = format!("the rollback of run {}", outcome::short(found.row.id));
        let ask = |what: &str, word: &str| {
            let what = format!("{what}, by {by}");
            confirm(context, &found.account, target.region(), &what, word)
        };
        if let Some(stake) = &self.stake {
            let asked = ask(&stake.question(&self.kept), &stake.identity.cluster);
            return asked.map_err(|problem| match self.kept.final_snapshot {
                Some(_) => problem,
                None => problem.hint(
                    "say --yes to confirm it, and --final-snapshot NAME to keep the data; nothing was changed",
                ),
            });
        }
        if taken.status != RunStatus::Succeeded {
            return Ok(());
        }
        let name = target.cluster_name().unwrap_or_default();
        let what = match &taken.parameters {
            Recorded::PeeringCreate(_) => format!("the removal of the peering of cluster {name}"),
            Recorded::AuroraScale(_) => {
                let added = added(&taken.parameters.added());
                format!("the deletion of {added} of cluster {name}")
            }
            _ => format!("the removal of what the run made for cluster {name}"),
        };
        ask(&what, name)
    }
}

/// The instances that a scaling added.
fn added(names: &[&str]) -> String {
    match names {
        [] => "no instance".to_owned(),
        [one] => format!("instance {one}"),
        _ => format!("instances {}", names.join(", ")),
    }
}
