//! Carrying a run through, under signals, and reporting how it stands.

mod hook;
mod limits;
pub mod many;
pub mod requests;
pub mod signals;
mod watch;

use std::pin::{Pin, pin};
use std::sync::Arc;

use stepwell_engine::event::RunCreated;
use stepwell_engine::summary::RunSummary;
use stepwell_engine::{
    Event, Report, RunError, RunId, Runner, RunnerError, Stop, Stopper, stop_channel,
};
use stepwell_state::Store;
use stepwell_workflows::Aws;

use crate::exit::Exit;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::report::outcome::{self, Next};
use crate::session::patient::PatientStore;
use crate::session::{Session, failed, store};
use limits::Limits;
use requests::Mailbox;
use signals::{Asked, Signals};
use watch::Watch;

/// A run that is about to be carried through.
pub struct Carried<'a> {
    /// The run.
    pub run: RunId,
    /// What it starts from.
    pub created: &'a RunCreated,
    /// What has happened so far.
    pub history: &'a [Event],
    /// Whether to undo it is what was asked for.
    pub asked_back: bool,
}

/// What goes with a run while it is carried: whom it tells, who may ask it, and
/// whether it is still this process's.
struct Equipment {
    progress: Arc<Progress>,
    watch: Watch,
    mailbox: Mailbox,
    store: Arc<PatientStore>,
    /// The command that resumes the run.
    resume: String,
}

impl Equipment {
    /// That of a run, with a runner that has it.
    fn of(
        session: &Session,
        run: RunId,
        created: &RunCreated,
        progress: Arc<Progress>,
        stop: Stop,
    ) -> Result<(Self, Runner<Aws>), Problem> {
        let connection = &session.connection;
        let watch = Watch::of(connection, run, created);
        let (mailbox, requests) = Mailbox::of(&session.state, run, &connection.clock);
        let told_to = progress.clone();
        let store = PatientStore::carrying(session, move |line| told_to.note(&line));
        let store = Arc::new(store.map_err(|error| store::failed(&error))?);
        let mut runner = session.runner_over(store.clone());
        runner.executor.observer = progress.clone();
        runner.executor.stop = stop;
        runner.executor.lease = watch.lease();
        runner.executor.requests = requests;
        let resume = (session.context.settings).command_for("resume", &outcome::short(run));
        let equipment = Self {
            progress,
            watch,
            mailbox,
            store,
            resume,
        };
        Ok((equipment, runner))
    }

    /// Gives signs of life and listens to persons while `work` is done.
    async fn during<T>(
        &self,
        session: &Session,
        stopper: &Stopper,
        work: impl Future<Output = T>,
    ) -> T {
        let note = |text: String| self.progress.note(&text);
        let work = self.watch.during(stopper, note, work);
        let is_virtual = session.connection.pace.is_virtual();
        self.mailbox.during(is_virtual, work).await
    }

    /// The run could not be carried.
    fn failed(&self, session: &Session, error: RunnerError, created: &RunCreated) -> Problem {
        let resume = self.store.has_recorded().then_some(&*self.resume);
        match error {
            RunnerError::Run(error) => failed(error, resume, Some(created)),
            RunnerError::Journal(error) => failed(RunError::Journal(error), resume, Some(created)),
            other => session.problem(other),
        }
    }
}

/// Carries a run through by `work`. The first signal has it stop in good
/// order, the second at once.
pub async fn carry(
    session: &Session,
    carried: Carried<'_>,
    work: impl AsyncFnOnce(Runner<Aws>) -> Result<Report, RunnerError>,
) -> Result<Exit, Problem> {
    let Session {
        context,
        connection,
        ..
    } = session;
    let settings = &context.settings;
    let limits = Limits::of(context, connection)?;
    context.printer.hurry();
    let mut signals = Signals::ladder(&context.signals);
    let (stopper, stop) = stop_channel();
    let progress = Progress::start(
        settings,
        !connection.pace.is_virtual(),
        carried.created,
        carried.history,
        connection.clock.clone(),
    );
    let (run, created) = (carried.run, carried.created);
    let (with, runner) = Equipment::of(session, run, created, progress.clone(), stop)?;
    let resume = &with.resume;
    let work = pin!(with.during(session, &stopper, work(runner)));
    let late = |why: String| progress.note(&format!("{why}; to go on later: {resume}"));
    let mut work = pin!(limits.during(&stopper, late, work));
    let say = |signal: Asked| {
        let advice = format!("once more stops at once; to go on later: {resume}");
        progress.stopping(signal.name(), &advice);
    };
    let (result, asked) = attend(&mut signals, &stopper, say, work.as_mut()).await;
    // What is left is to tell: a signal ends it.
    drop(signals);
    progress.finish();
    let result = match result {
        Ok(result) => result,
        Err(signal) => {
            context.printer.progress(format!(
                "{}: stopped at once; to go on: {resume}",
                signal.name()
            ));
            return Ok(signal.exit());
        }
    };
    let told = told(&session.state, run);
    if let Err(error) = result {
        if let Ok((summary, events)) = &told {
            let next = Next::of(summary, events, settings);
            hook::finished(context, &*connection.clock, summary, &next).await;
        }
        return Err(with.failed(session, error, created));
    }
    let (summary, events) = told?;
    let next = Next::of(&summary, &events, settings);
    outcome::summary(&context.printer, &summary, &next);
    outcome::data(&context.printer, &summary, &next)?;
    hook::finished(context, &*connection.clock, &summary, &next).await;
    with.watch.verdict(&summary, resume)?;
    let exit = outcome::exit(&summary, asked.map(Asked::exit), carried.asked_back);
    outcome::delivered(context, &summary, exit)
}

/// Attends to signals while `work` goes on: the first has it stop in good
/// order, the second ends the wait at once and is the error. Also says whether
/// there was a first.
async fn attend<T>(
    signals: &mut Signals,
    stopper: &Stopper,
    say: impl Fn(Asked),
    mut work: Pin<&mut impl Future<Output = T>>,
) -> (Result<T, Asked>, Option<Asked>) {
    let mut asked: Option<Asked> = None;
    loop {
        tokio::select! {
            biased;
            result = &mut work => return (Ok(result), asked),
            signal = signals.next() => {
                if asked.is_some() {
                    return (Err(signal), asked);
                }
                asked = Some(signal);
                stopper.stop();
                say(signal);
            }
        }
    }
}

/// The summary of a run that this process has let go of, with its events.
fn told(state: &Store, run: RunId) -> Result<(RunSummary, Vec<Event>), Problem> {
    let events = state.events(run).map_err(|error| store::failed(&error))?;
    let summary = RunSummary::of(&events, false);
    let summary = summary.ok_or_else(|| Problem::error("the run's history has no beginning"))?;
    Ok((summary, events))
}
