//! Taking up a run again: its account, its locks, its history.

use stepwell_engine::event::RunCreated;
use stepwell_engine::{Event, Fault, Machine};
use stepwell_state::{Access, Lock, RunRow, RunStatus, Store};
use stepwell_workflows::{Refusal, Workflow, aurora, resume_refusal, rollback_refusal};

use super::which::{self, Meant, Purpose};
use super::{Backend, Connection, carry, find, locks, store, survey};
use crate::Context;
use crate::account::AccountRecord;
use crate::arguments::workflow::WhichArguments;
use crate::clock::Pace;
use crate::problem::Problem;
use crate::report::{not_understood, outcome};
use crate::settings::commands::Subject;

/// A run that is about to be taken up.
pub struct Found {
    /// The state file.
    pub state: Store,
    /// The run.
    pub row: RunRow,
    /// Whether its id was given.
    pub by_id: bool,
    /// The account it recorded.
    pub account: AccountRecord,
    /// Which AWS that is.
    pub backend: Backend,
}

/// Finds the run that is meant and the account it belongs to.
pub fn find(
    context: &Context,
    which: &WhichArguments,
    purpose: Purpose,
    access: Access,
) -> Result<Found, Problem> {
    let settings = &context.settings;
    let Meant { row, by_id } = which::find(context, which, purpose)?;
    let state = store::open(settings, access)?;
    let account = AccountRecord::read(&row.account)?;
    let backend = Backend::of_record(&account, settings)?;
    Ok(Found {
        state,
        row,
        by_id,
        account,
        backend,
    })
}

/// A run that can be gone on with; its locks are held, unless it is only looked
/// at.
pub struct Taken {
    /// Where it stands, now that nobody else is at work on it.
    pub status: RunStatus,
    /// What it starts from: as it was created, or as it was changed since.
    pub created: RunCreated,
    /// What has happened so far.
    pub events: Vec<Event>,
    _locks: Option<(Lock, Lock)>,
}

impl Found {
    /// The context in which the run is gone on with: in real time where it
    /// works with programs of the machine.
    pub fn context(&self, context: &Context) -> Context {
        let mut context = context.clone();
        if Workflow::from_name(&self.row.workflow).is_some_and(Workflow::needs_real_time) {
            context.settings = context.settings.in_real_time();
        }
        context
    }

    /// A problem with the commands in its hint as they have to be typed for this
    /// run's account.
    pub fn placed(&self, context: &Context, mut problem: Problem) -> Problem {
        problem.hint = (problem.hint).map(|hint| self.with_commands(context, &hint));
        problem
    }

    /// A text about this run, with the commands in it as they have to be typed.
    fn with_commands(&self, context: &Context, text: &str) -> String {
        let sandboxed = matches!(self.backend, Backend::Sandbox(_));
        let subject = Subject::of_run(&outcome::short(self.row.id), &self.row.target);
        context.settings.placed(text, sandboxed, &subject)
    }

    /// How fast time passes where the run belongs.
    pub fn pace(&self, context: &Context) -> Pace {
        self.backend.pace(&context.settings)
    }

    /// Takes the locks and reads the history.
    pub async fn take(&self, context: &Context, connection: &Connection) -> Result<Taken, Problem> {
        let clock = connection.clock.as_ref();
        // Whoever carries the run holds both; the run is what a person asked for.
        let run = locks::run(context, &self.state, self.row.id, clock).await?;
        let (account, target) = (&self.account, &self.row.target);
        let target = locks::target(context, &self.state, account, target, clock).await?;
        // The target's lock is held, so nobody is at work on any other of its runs.
        let taken = self.look(context, connection)?;
        Ok(Taken {
            _locks: Some((run, target)),
            ..taken
        })
    }

    /// Reads the history, without a lock. Refuses a run that this version of the
    /// program does not understand.
    pub fn look(&self, context: &Context, connection: &Connection) -> Result<Taken, Problem> {
        let dead = find::dead(&self.state, &self.account, Some(&self.row.target))?;
        connection.aws.bury(dead);
        // Whoever held them before may have brought it to its end.
        let status = store::find(&self.state, &self.row.id.to_string())?.status;
        let events = store::whole(&self.state, self.row.id).map_err(|problem| {
            match problem.code.as_str() {
                "history_broken" => problem.hint(self.giving_up(context)),
                _ => problem,
            }
        })?;
        let Some(created) = RunCreated::told(&events) else {
            return Err(Problem::error("the run's history has no beginning"));
        };
        let taken = Taken {
            status,
            created,
            events,
            _locks: None,
        };
        taken.machine()?;
        if let Some(why) = not_understood::why(&taken.events) {
            let problem = carry::unsupported(&why, &taken.created);
            return Err(self.placed(context, problem));
        }
        Ok(taken)
    }

    /// What can be done with a run whose history is broken.
    fn giving_up(&self, context: &Context) -> String {
        match not_understood::giving_up(&self.row.target) {
            None => "restore the state file from a backup".to_owned(),
            Some(give_up) => self.with_commands(
                context,
                &format!(
                    "something else wrote to the state file: restore it from a backup; or {give_up}"
                ),
            ),
        }
    }

    /// Makes sure that this is the account that the run belongs to.
    pub async fn verify(&self, connection: &Connection) -> Result<(), Problem> {
        let current = connection.account(region(&self.row.target)).await?;
        self.account.must_be(&current)
    }
}

impl Taken {
    /// The run as its history tells it.
    pub fn machine(&self) -> Result<Machine, Problem> {
        Machine::replay(&self.events)
            .map_err(|error| Problem::error("the run's history is not valid").because(&error))
    }

    /// Refuses to take the run up as things are now, before anything is
    /// changed: to undo it where `back` says so, else to resume it.
    pub async fn refuse_as_things_are(
        &self,
        connection: &Connection,
        back: bool,
    ) -> Result<(), Problem> {
        let (aws, workflow) = (&connection.aws, &self.created.workflow);
        let refusal = match back {
            true => rollback_refusal(aws, workflow, &self.events).await,
            false => resume_refusal(aws, workflow, &self.events).await,
        };
        refuse(refusal)
    }

    /// Refuses to go on while another run is at work on the same cluster.
    pub async fn refuse_alive(
        &self,
        context: &Context,
        connection: &Connection,
    ) -> Result<(), Problem> {
        let parameters = &self.created.parameters;
        let run = self.events.first().map(|event| event.run);
        let (Some(region), Some(cluster)) = (
            parameters["region"].as_str(),
            parameters["cluster"].as_str(),
        ) else {
            return Ok(());
        };
        let what = "could not read what is in aws";
        survey::once_alone(context, connection, what, async || {
            aurora::refuse_alive(&connection.aws, region, cluster, run).await
        })
        .await
    }
}

/// Refuses for the reason that a look at AWS gave, if it gave one.
pub fn refuse(refusal: Result<Option<Refusal>, Fault>) -> Result<(), Problem> {
    match refusal.map_err(|fault| Problem::from_fault("aws could not be asked", &fault))? {
        Some(refusal) => Err(Problem::refused(refusal.message).hint(refusal.hint)),
        None => Ok(()),
    }
}

/// The region of a target: `aurora/<region>/<cluster>` and
/// `peering/<region>/<cluster>/<vpc>`.
pub fn region(target: &str) -> &str {
    target.split('/').nth(1).unwrap_or("us-east-1")
}
