//! `stepwell aurora reap`.

mod runs;

use std::cell::RefCell;

use clap::Args;
use stepwell_engine::Timestamp;
use stepwell_state::Access;
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{
    self, Candidate, ReapOptions, ReapRequest, Reaping, Verdict, survey_reap,
};

use crate::carry::many::{self, Ended, Turn};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::reaping::{self, Removal};
use crate::report::{outcome, skipped};
use crate::session::launch::{self, Prepared};
use crate::session::targets::Targets;
use crate::session::{Backend, Session, deletion, rosa, store};
use crate::settings::workflow::WorkflowArguments;
use crate::settings::workflow::WorkflowSettings;
use crate::settings::{input, place, speed};
use crate::{Context, runtime};

/// `stepwell aurora reap`.
#[derive(Debug, Clone, Args)]
pub struct ReapArguments {
    /// A region to look in; may be repeated [default: every enabled region]
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,

    /// Only what was made longer ago, for example 90m, 8h or 2d
    #[arg(long, value_name = "AGE")]
    pub older_than: Option<String>,

    /// Remove peerings too; without it a peered cluster is left
    #[arg(long)]
    pub with_peerings: bool,

    /// With --with-peerings: the AWS profile for the account in which ROSA lives, if another
    #[arg(long, value_name = "PROFILE", requires = "with_peerings")]
    pub rosa_profile: Option<String>,

    /// How it is carried out.
    #[command(flatten)]
    pub workflow: WorkflowArguments,
}

/// Where AWS is asked which regions are enabled, if no region is named.
const HOME: &str = "us-east-1";

/// Lists what is to go, and with `--yes` deletes it.
pub fn run(context: &Context, arguments: &ReapArguments) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let how = WorkflowSettings::forward_only(&arguments.workflow, None)?;
    let older_than = (arguments.older_than.as_deref())
        .map(|text| speed::age("--older-than", text))
        .transpose()?;
    let options = ReapOptions {
        regions: arguments.regions.clone(),
        older_than,
    };
    let home = match arguments.regions.first() {
        Some(first) => first.clone(),
        None => place::region(None, &context.environment)?.unwrap_or_else(|| HOME.to_owned()),
    };
    let deletes = settings.yes && !how.plan;
    if deletes && older_than.is_none() && arguments.regions.is_empty() {
        return Err(Problem::usage(
            "--yes alone would delete in every region, also what is being made just now; allowed: with --older-than AGE, --region REGION or both",
        ));
    }
    let access = if deletes {
        Access::ReadWrite
    } else {
        Access::ReadOnly
    };
    let validated = |now: Timestamp| {
        let options = options.clone();
        (options.validate(now)).map_err(|invalid| input::refuse(&invalid, &context.environment))
    };
    validated(Timestamp::default())?;
    let backend = Backend::of(settings)?;
    let state = store::open(settings, access)?;
    runtime::block_on(backend.pace(settings), async {
        let profile = arguments.rosa_profile.as_deref();
        let connection = backend.connect(settings, None).await?;
        let connection = rosa::connect(context, &backend, connection, profile).await?;
        let session = Session {
            account: connection.account(&home).await?,
            context: context.clone(),
            state,
            backend,
            connection,
        };
        let (connection, account) = (&session.connection, &session.account);
        let now = connection.time_there();
        session.forget_dead(None)?;
        let mut request = validated(now)?;
        if arguments.with_peerings {
            let accounts = rosa::accounts(connection, account, &home, profile).await?;
            request = request.with_peerings(accounts);
        }
        let mut found = survey_reap(&connection.aws, &request, &home)
            .await
            .map_err(|fault| Problem::from_fault("could not look for what is to go", &fault))?;
        let sweep = runs::Sweep {
            session: &session,
            request: &request,
            older_than,
            now,
        };
        sweep.add_bare(&mut found).await?;
        sweep.spare_what_is_under_way(&mut found.candidates)?;
        skipped::warn(&context.printer, &found.skipped);
        let wanted = |one: &&Candidate| one.verdict == Verdict::Delete;
        if !deletes {
            reaping::place(&context.printer, &found, account);
            reaping::print(&context.printer, &found, now, &[])?;
            let any = found.candidates.iter().any(|one| wanted(&one));
            if any && !how.plan {
                context.printer.hint(match older_than {
                    None if arguments.regions.is_empty() => {
                        "say --yes, with --older-than AGE or --region REGION, to delete what is listed to be deleted; the data is lost"
                    }
                    _ => "say --yes to delete what is listed to be deleted; the data is lost",
                });
            }
            return Ok(if any && how.detailed_exitcode {
                Exit::ChangesPending
            } else {
                Exit::Success
            });
        }
        reaping::announce(&context.printer, &found, account, now);
        let reaper = Reaper {
            session: &session,
            how,
            request: &request,
        };
        let removals: RefCell<Vec<Removal>> = RefCell::default();
        let doomed = found.candidates.iter().filter(wanted);
        let ended = many::each(&session, doomed, |candidate, turn| {
            let (reaper, removals) = (&reaper, &removals);
            async move {
                let removal = reaper.reap(candidate, &turn).await;
                reaping::tell(&context.printer, candidate, &removal);
                removals.borrow_mut().push(removal);
            }
        })
        .await?;
        let removals = removals.into_inner();
        reaping::print(&context.printer, &found, now, &removals)?;
        let exit = match ended {
            Ended::Settled(Some(signal)) | Ended::AtOnce(signal) => signal.exit(),
            Ended::Settled(None) => exit(&found, &removals, !arguments.regions.is_empty()),
        };
        outcome::printed(
            &context.printer,
            exit,
            "what was to go is gone",
            &format!("{} runs list", settings.invocation),
        )
    })
}

/// Deletes one candidate after the other.
struct Reaper<'a> {
    session: &'a Session,
    how: WorkflowSettings,
    request: &'a ReapRequest,
}

impl Reaper<'_> {
    /// Deletes a candidate by a run of its own; whatever goes wrong is its
    /// own matter.
    async fn reap(&self, candidate: &Candidate, turn: &Turn) -> Removal {
        let mut removal = Removal::of(candidate);
        match self.try_reap(candidate, turn, &mut removal).await {
            Ok(()) => {}
            Err(problem) if problem.exit == Exit::Locked => {
                removal.spared(problem.message);
            }
            Err(problem) => removal.failed(problem),
        }
        removal
    }

    async fn try_reap(
        &self,
        candidate: &Candidate,
        turn: &Turn,
        removal: &mut Removal,
    ) -> Result<(), Problem> {
        let (session, context) = (self.session, &self.session.context);
        let aws = &session.connection.aws;
        let request = self
            .request
            .deletion(candidate)
            .map_err(|invalid| input::refuse(&invalid, &context.environment))?;
        let target = request.target();
        let mut targets = Targets::of(session, target.clone(), false).await?;
        session.forget_dead(Some(&target))?;
        let mut deletion = deletion::survey(session, &request, &mut targets).await?;
        // Its turn may have come an hour after the list.
        let again = aurora::look_again(aws, self.request, candidate)
            .await
            .map_err(|fault| Problem::from_fault("could not look once more", &fault))?;
        match again.map(|again| again.verdict) {
            Some(Verdict::Delete) => {}
            None if deletion.is_empty() => {}
            None => {
                // It may have gone between the two looks: a call of a process
                // that died was still under way.
                deletion = deletion::survey_again(session, &request, &targets).await?;
                if !deletion.is_empty() {
                    // Its tags were taken away, so it is nobody's of ours any more.
                    removal.spared("no longer tagged".to_owned());
                    return Ok(());
                }
            }
            Some(Verdict::Spared { reason } | Verdict::Blocked { reason, .. }) => {
                removal.spared(reason);
                return Ok(());
            }
        }
        let label = reaping::label(candidate);
        let unfinished = targets.unfinished(session, Some(&label))?;
        let reason = format!("{} of {target}", Workflow::AuroraDelete.name());
        targets.abandon(session, &unfinished, &reason).await?;
        removal.gave_up(&unfinished);
        let (false, Some(lock)) = (deletion.is_empty(), targets.locked(&target)) else {
            return Ok(());
        };
        let graph = aurora::delete_graph(&deletion);
        let prepared = Prepared::new(Workflow::AuroraDelete, &deletion, graph)?;
        let begun = launch::begin(session, lock, self.how, prepared).await?;
        removal.begun(begun.0.run());
        let summary = many::start(session, begun, &label, turn).await?;
        removal.told(&summary, &context.settings);
        Ok(())
    }
}

/// 0 if all that was to go is gone. Else 3 if all that is left are suspended
/// runs, which can be resumed, and otherwise 1.
fn exit(found: &Reaping, removals: &[Removal], regions_named: bool) -> Exit {
    let blocked =
        (found.candidates.iter()).any(|one| matches!(one.verdict, Verdict::Blocked { .. }));
    let unseen = regions_named && !found.skipped.is_empty();
    if blocked || unseen || removals.iter().any(Removal::has_failed) {
        Exit::Error
    } else if removals.iter().any(Removal::is_suspended) {
        Exit::Suspended
    } else {
        Exit::Success
    }
}
