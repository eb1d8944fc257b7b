//! Carrying a run through, under signals, and reporting how it stands.

use std::pin::{Pin, pin};
use std::sync::Arc;

use stepwell_engine::event::RunCreated;
use stepwell_engine::machine::HistoryError;
use stepwell_engine::{
    Event, Executor, JournalError, Report, RunError, RunId, Stopper, stop_channel,
};
use stepwell_state::Store;
use stepwell_workflows::aurora::SignsOfLife;

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
    let signs = SignsOfLife::of(
        &connection.aws,
        carried.run,
        &carried.created.workflow,
        &carried.created.parameters,
    );
    let executor = Executor {
        journal: Arc::new(state.clone()),
        clock: connection.clock.clone(),
        observer: progress.clone(),
        stop,
    };
    let note = |text: String| progress.note(&text);
    let mut work = pin!(SignsOfLife::during(signs.as_ref(), note, work(executor)));
    let say = |signal: Asked| {
        progress.note(&format!(
            "{}: nothing new is started, calls in flight may return; once more stops at once; to go on later: {resume}",
            signal.name()
        ));
    };
    let (result, asked) = attend(&mut signals, &stopper, say, work.as_mut()).await;
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
    result.map_err(|error| failed(error, begun(state, carried.run, &resume), carried.created))?;
    let story = told(state, carried.run)?;
    let next = Next::of(&story, settings);
    outcome::summary(&context.printer, &story, &next);
    outcome::data(&context.printer, &story, &next)?;
    Ok(outcome::exit(
        &story,
        asked.map(Asked::exit),
        carried.asked_back,
    ))
}

/// Attends to signals while `work` goes on: the first has it stop in good
/// order, the second ends the wait at once and is the error. Also says whether
/// there was a first.
pub(super) async fn attend<T>(
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

/// The story of a run that this process has let go of.
pub(super) fn told(state: &Store, run: RunId) -> Result<Story, Problem> {
    let events = state.events(run).map_err(|error| store::failed(&error))?;
    Story::tell(&events, false).ok_or_else(|| Problem::error("the run's history has no beginning"))
}

/// The command that goes on with a run, unless its beginning could not be
/// recorded: then there is none to go on with.
pub(super) fn begun<'a>(state: &Store, run: RunId, resume: &'a str) -> Option<&'a str> {
    let unborn = state.events(run).is_ok_and(|events| events.is_empty());
    (!unborn).then_some(resume)
}

/// A run could not be carried on. `resume` is the command that goes on with it,
/// if it was begun.
pub(super) fn failed(error: RunError, resume: Option<&str>, created: &RunCreated) -> Problem {
    match error {
        RunError::Journal(error) => {
            let Some(resume) = resume else {
                return store::journal_failed(
                    "the run could not be recorded, so it was not begun",
                    &error,
                );
            };
            let problem = store::journal_failed(
                "the history could not be recorded, so the run was stopped",
                &error,
            );
            let first = problem.hint.clone();
            problem.hint(match first {
                // Without its lock, which somebody removed, the history itself
                // keeps a second process from writing it.
                _ if let JournalError::Conflict { run, .. } = error => {
                    format!(
                        "the other one goes on with it: stepwell runs show {}",
                        outcome::short(run)
                    )
                }
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
                .hint("continue the rollback first; nothing was changed");
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

#[cfg(test)]
mod tests {
    use stepwell_engine::RunId;
    use stepwell_engine::event::{Actor, OnFailure};

    use super::*;

    /// What was never recorded can't be resumed, and is not said to be.
    #[test]
    fn only_what_was_begun_is_to_be_resumed() {
        let created = RunCreated {
            workflow: "aurora create".to_owned(),
            target: "aurora/eu-west-1/keycloak".to_owned(),
            account: serde_json::Value::Null,
            parameters: serde_json::Value::Null,
            fingerprint: String::new(),
            reversible: true,
            on_failure: OnFailure::Rollback,
            parallel: 1,
            by: Actor {
                host: "h".to_owned(),
                user: "u".to_owned(),
                pid: 1,
                version: "v".to_owned(),
            },
            steps: Vec::new(),
            output: None,
        };
        let broken = || {
            RunError::Journal(JournalError::Conflict {
                run: RunId::from_u128(1),
                seq: 0,
            })
        };
        let resume = "stepwell resume 1";
        let full = RunError::Journal(JournalError::Store {
            context: "no".to_owned(),
            source: "disk full".into(),
        });
        let begun = failed(full, Some(resume), &created);
        assert!(begun.hint.is_some_and(|hint| hint.contains(resume)));
        // Another goes on with it already.
        let taken = failed(broken(), Some(resume), &created);
        assert!(taken.hint.is_some_and(|hint| hint.contains("runs show")));
        let unborn = failed(broken(), None, &created);
        assert_eq!(unborn.hint, None);
        assert!(unborn.message.contains("not begun"), "{}", unborn.message);
    }
}
