//! Taking up a run again: its account, its locks, its history.

use stepwell_engine::event::RunCreated;
use stepwell_engine::{Fault, RecordedRun, Report, RunError, RunId, Runner, RunnerError, TakenUp};
use stepwell_state::{Access, RunRow, RunStatus, Store};
use stepwell_workflows::{
    Aws, NoTarget, Recorded, Refusal, Secret, Target, Workflow, aurora, resume_refusal,
    rollback_refusal,
};

use super::which::{self, Meant, Purpose};
use super::{Backend, Session, store, survey, unsupported};
use crate::Context;
use crate::account::AccountRecord;
use crate::carry::{Carried, carry};
use crate::clock::Pace;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{not_understood, outcome};
use crate::session::which::WhichArguments;
use crate::settings::commands::Subject;

/// A run that a person means, before anything is connected.
pub struct Found {
    /// The state file.
    pub state: Store,
    /// The run.
    pub row: RunRow,
    /// What it works on.
    pub target: Target,
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
    let target = row.target.parse();
    let target = target.map_err(|error: NoTarget| not_read(row.id, &error))?;
    let backend = Backend::of_record(&account, settings)?;
    Ok(Found {
        state,
        row,
        target,
        by_id,
        account,
        backend,
    })
}

/// Whether the locks of a run are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locks {
    /// To carry it on.
    Take,
    /// To look at it, for a plan.
    Leave,
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
        let sandboxed = matches!(self.backend, Backend::Sandbox(_));
        let subject = Subject::of_run(&outcome::short(self.row.id), &self.row.target);
        let placed = |hint: String| context.settings.placed(&hint, sandboxed, &subject);
        problem.hint = problem.hint.map(placed);
        problem
    }

    /// How fast time passes where the run belongs.
    pub fn pace(&self, context: &Context) -> Pace {
        self.backend.pace(&context.settings)
    }

    /// Connects to the run's account.
    pub async fn connect(
        &self,
        context: &Context,
        password: Option<Secret>,
        take_over: bool,
    ) -> Result<Session, Problem> {
        let connection = self.backend.connect(&context.settings, password).await?;
        Ok(Session {
            context: context.clone(),
            state: self.state.clone(),
            backend: self.backend.clone(),
            connection: connection.taking_over(take_over),
            account: self.account.clone(),
        })
    }

    /// Takes the run up, or only looks at it; its history has to be whole and
    /// understood.
    pub async fn take(&self, session: &Session, locks: Locks) -> Result<Taken, Problem> {
        let (runner, run) = (session.runner(), self.row.id);
        let held = match locks {
            Locks::Take => runner.take_up(run).await.map(Held::Locked),
            Locks::Leave => runner.look(run).await.map(Held::Seen),
        };
        let held = held.map_err(|error| self.explained(session, error))?;
        // Where its lock is held, nobody is at work on any other run of the target.
        session.forget_dead(Some(&self.target))?;
        // Whoever held the locks before may have brought it to its end.
        let status = store::find(&self.state, &run.to_string())?.status;
        let parameters = Recorded::of(held.recorded().machine.created());
        let parameters = parameters.map_err(|error| not_read(run, &error))?;
        Ok(Taken {
            status,
            parameters,
            held,
        })
    }

    /// Makes sure that this is the account that the run belongs to, and connects
    /// to that of ROSA.
    pub async fn verify(&self, session: Session, taken: &Taken) -> Result<Session, Problem> {
        let region = self.target.region();
        let current = session.connection.account(region).await?;
        self.account.must_be(&current)?;
        session.with_recorded_rosa(&taken.parameters, region).await
    }

    /// Says of a history that can't be used what can be done with the run.
    fn explained(&self, session: &Session, error: RunnerError) -> Problem {
        if let RunnerError::Run(RunError::Unsupported(why)) = &error {
            let events = self.state.events(self.row.id).unwrap_or_default();
            return unsupported(why, RunCreated::told(&events).as_ref());
        }
        let problem = session.problem(error);
        match &*problem.code {
            "history_broken" => {
                let give_up = not_understood::giving_up(&self.target);
                problem.hint(format!(
                    "something else wrote to the state file: restore it from a backup; or {give_up}"
                ))
            }
            _ => problem,
        }
    }
}

/// A run that can be gone on with; its locks are held, unless it is only looked
/// at.
pub struct Taken {
    /// Where it stands, now that nobody else is at work on it.
    pub status: RunStatus,
    /// Its parameters.
    pub parameters: Recorded,
    held: Held,
}

enum Held {
    Locked(TakenUp),
    Seen(RecordedRun),
}

impl Held {
    fn recorded(&self) -> &RecordedRun {
        match self {
            Self::Locked(taken) => &taken.recorded,
            Self::Seen(recorded) => recorded,
        }
    }
}

/// What a run works on, or its parameters, are not understood.
fn not_read(run: RunId, error: &(dyn std::error::Error + 'static)) -> Problem {
    let what = format!("run {} can't be taken up", outcome::short(run));
    Problem::error(what).code("not_understood").because(error)
}

impl Taken {
    /// The run as its history has it.
    pub fn recorded(&self) -> &RecordedRun {
        self.held.recorded()
    }

    /// What it starts from: as it was created, or as it was changed since.
    pub fn created(&self) -> &RunCreated {
        self.recorded().machine.created()
    }

    /// Carries it on by `work`, which gets the run with its locks; one that is
    /// only looked at is left as it is.
    pub async fn carry(
        self,
        session: &Session,
        asked_back: bool,
        work: impl AsyncFnOnce(TakenUp, Runner<Aws>) -> Result<Report, RunnerError>,
    ) -> Result<Exit, Problem> {
        let Held::Locked(taken) = self.held else {
            return Err(Problem::error("the run is only looked at"));
        };
        let RecordedRun { events, machine } = &taken.recorded;
        let (events, created) = (events.clone(), machine.created().clone());
        let carried = Carried {
            run: machine.run(),
            created: &created,
            history: &events,
            asked_back,
        };
        carry(session, carried, async |runner| work(taken, runner).await).await
    }

    /// Refuses to take the run up as things are now, before anything is
    /// changed: to undo it where `back` says so, else to resume it.
    pub async fn refuse_as_things_are(&self, session: &Session, back: bool) -> Result<(), Problem> {
        let aws = &session.connection.aws;
        let RecordedRun { events, machine } = self.recorded();
        let workflow = &machine.created().workflow;
        let refusal = match back {
            true => rollback_refusal(aws, workflow, events).await,
            false => resume_refusal(aws, workflow, events).await,
        };
        refuse(refusal)
    }

    /// Refuses to go on while another run is at work on the same cluster.
    pub async fn refuse_alive(&self, session: &Session) -> Result<(), Problem> {
        let Some((region, cluster)) = self.parameters.network() else {
            return Ok(());
        };
        let run = self.recorded().machine.run();
        survey::once_alone(session, survey::READING, async || {
            aurora::refuse_alive(&session.connection.aws, region, cluster, Some(run)).await
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
