//! Carrying a run through, under signals, and reporting how it stands.

use std::pin::pin;
use std::sync::Arc;

use stepwell_engine::event::RunCreated;
use stepwell_engine::machine::HistoryError;
use stepwell_engine::{Event, Executor, Report, RunError, RunId, stop_channel};
use stepwell_state::Store;

use super::signals::{Asked, Signals};
use super::{Connection, store};
use crate::Context;
use crate::exit::Exit;
use crate::history::Story;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::report::outcome::{self, Next};

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

/// Carries a run through by `work`. The first signal has it stop in good
/// order, the second at once.
pub async fn carry(
    context: &Context,
    state: &Store,
    connection: &Connection,
    carried: Carried<'_>,
    work: impl AsyncFnOnce(Executor) -> Result<Report, RunError>,
) -> Result<Exit, Problem> {
    let settings = &context.settings;
    let mut signals = Signals::listen()?;
    let (stopper, stop) = stop_channel();
    let progress = Progress::start(
        settings,
        !connection.pace.is_virtual(),
        carried.created,
        carried.history,
        connection.clock.clone(),
    );
    let resume = settings.command_for("resume", &outcome::short(carried.run));
    let mut work = pin!(work(Executor {
        journal: Arc::new(state.clone()),
        clock: connection.clock.clone(),
        observer: progress.clone(),
        stop,
    }));
    let mut asked: Option<Asked> = None;
    let result = loop {
        tokio::select! {
            biased;
            result = &mut work => break result,
            signal = signals.next() => {
                if asked.is_some() {
                    progress.finish();
                    context.printer.progress(format!(
                        "{}: stopped at once; to go on: {resume}", signal.name()
                    ));
                    return Ok(signal.exit());
                }
                asked = Some(signal);
                stopper.stop();
                progress.note(&format!(
                    "{}: nothing new is started, calls in flight may return; once more stops at once; to go on later: {resume}",
                    signal.name()
                ));
            }
        }
    };
    progress.finish();
    result.map_err(|error| failed(error, &resume, carried.created))?;
    let events = state
        .events(carried.run)
        .map_err(|error| store::failed(&error))?;
    let story = Story::tell(&events, false)
        .ok_or_else(|| Problem::error("the run's history has no beginning"))?;
    let next = Next::of(&story, settings);
    outcome::summary(&context.printer, &story, &next);
    outcome::data(&context.printer, &story, &next)?;
    Ok(outcome::exit(
        &story,
        asked.map(Asked::exit),
        carried.asked_back,
    ))
}

fn failed(error: RunError, resume: &str, created: &RunCreated) -> Problem {
    match error {
        RunError::Journal(error) => {
            let problem = store::journal_failed(
                "the history could not be recorded, so the run was stopped",
                &error,
            );
            let first = problem.hint.clone();
            problem.hint(match first {
                Some(hint) => format!("{hint}; then {resume}"),
                None => format!("once the state file can be written again: {resume}"),
            })
        }
        RunError::History(error) => {
            Problem::error("the run's history is not valid").because(&error)
        }
        RunError::Waiver { step, source } => {
            let why = match source {
                HistoryError::Illegal { why, .. } => why,
                other => other.to_string(),
            };
            let mut problem = Problem::refused(format!("step {step} can't be waived"))
                .code("not_waivable")
                .hint(format!(
                    "continue the rollback first; nothing was changed; {resume}"
                ));
            problem.causes = vec![why];
            problem
        }
        RunError::Fingerprint { differences } => {
            let mut problem = Problem::error(
                "this version of the program would not do the same steps as the run was started with",
            )
            .code("graph_changed")
            .hint(format!("go on with the version that started it: {}", created.by.version));
            problem.causes = differences;
            problem
        }
    }
}
