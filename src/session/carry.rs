//! Carrying a run through, under signals, and reporting how it stands.

use std::pin::{Pin, pin};
use std::sync::Arc;

use stepwell_engine::event::RunCreated;
use stepwell_engine::machine::HistoryError;
use stepwell_engine::summary::RunSummary;
use stepwell_engine::{
    Event, Executor, JournalError, Report, RunError, RunId, Stopper, Unsupported, stop_channel,
};
use stepwell_state::Store;
use stepwell_workflows::Aws;

use super::journal::{Patient, is_wait};
use super::limits::Limits;
use super::requests::Mailbox;
use super::signals::{Asked, Signals};
use super::watch::Watch;
use super::{Connection, hook, store};
use crate::Context;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::report::not_understood;
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
    work: impl AsyncFnOnce(Executor<Aws>) -> Result<Report, RunError>,
) -> Result<Exit, Problem> {
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
    let resume = settings.command_for("resume", &outcome::short(carried.run));
    let watch = Watch::of(connection, carried.run, carried.created);
    let (mailbox, requests) = Mailbox::of(state, carried.run, &connection.clock);
    let told_to = progress.clone();
    let journal = Patient::new(state, connection.clock.clone(), move |line| {
        told_to.note(&line);
    });
    let journal = Arc::new(journal.map_err(|error| store::failed(&error))?);
    let executor = Executor {
        observer: progress.clone(),
        stop,
        lease: watch.lease(),
        requests,
        ..connection.executor(journal.clone())
    };
    let note = |text: String| progress.note(&text);
    let work = pin!(watch.during(&stopper, note, work(executor)));
    let late = |why: String| progress.note(&format!("{why}; to go on later: {resume}"));
    let work = limits.during(&stopper, late, work);
    let mut work = pin!(mailbox.during(connection.pace.is_virtual(), work));
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
    let told = told(state, carried.run);
    if let Err(error) = result {
        if let Ok((summary, events)) = &told {
            let next = Next::of(summary, events, settings);
            hook::finished(context, &*connection.clock, summary, &next).await;
        }
        let resume = journal.has_recorded().then_some(&*resume);
        return Err(failed(error, resume, carried.created));
    }
    let (summary, events) = told?;
    let next = Next::of(&summary, &events, settings);
    outcome::summary(&context.printer, &summary, &next);
    outcome::data(&context.printer, &summary, &next)?;
    hook::finished(context, &*connection.clock, &summary, &next).await;
    watch.verdict(&summary, &resume)?;
    let exit = outcome::exit(&summary, asked.map(Asked::exit), carried.asked_back);
    outcome::delivered(context, &summary, exit)
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

/// The summary of a run that this process has let go of, with its events.
pub(super) fn told(state: &Store, run: RunId) -> Result<(RunSummary, Vec<Event>), Problem> {
    let events = state.events(run).map_err(|error| store::failed(&error))?;
    let summary = RunSummary::of(&events, false);
    let summary = summary.ok_or_else(|| Problem::error("the run's history has no beginning"))?;
    Ok((summary, events))
}

/// A run could not be carried on. `resume` is the command that goes on with it,
/// where this process has recorded anything of it.
pub(crate) fn failed(error: RunError, resume: Option<&str>, created: &RunCreated) -> Problem {
    match error {
        RunError::Journal(error) => {
            // Without its lock, which somebody removed, the history itself keeps
            // a second process from writing it.
            if let JournalError::Conflict { run, .. } = error {
                let what = "the history could not be recorded, so nothing more was done";
                return store::journal_failed(what, &error).hint(format!(
                    "the other one goes on with it: `stepwell runs show {}`",
                    outcome::short(run)
                ));
            }
            let Some(resume) = resume else {
                let what = "the history could not be recorded, so nothing was done";
                return store::journal_failed(what, &error);
            };
            let problem = store::journal_failed(
                "the history could not be recorded, so the run was stopped",
                &error,
            );
            let first = problem.hint.clone();
            let mut problem = problem.hint(match first {
                Some(hint) => format!("{hint}; then {resume}"),
                None => format!("once the state file can be written again: {resume}"),
            });
            if is_wait(&error) {
                // Nothing is wrong with the run, which stands still.
                problem.exit = Exit::Suspended;
            }
            problem
        }
        RunError::History(error) => {
            Problem::error("the run's history is not valid").because(&error)
        }
        RunError::Waiver { step, source } => {
            let mut problem = Problem::refused(format!("step {step} can't be waived"))
                .code("not_waivable")
                .hint("continue the rollback first; nothing was changed");
            problem.causes = vec![why(source)];
            problem
        }
        RunError::Rollback(source) => {
            let mut problem = Problem::refused("the run can't be rolled back")
                .code("forward_only")
                .hint("nothing was changed");
            problem.causes = vec![why(source)];
            problem
        }
        RunError::Change(source) => {
            let mut problem = Problem::refused("what the run has still to do can't be changed")
                .code("not_changeable")
                .hint("nothing was changed");
            problem.causes = vec![why(source)];
            problem
        }
        RunError::Unsupported(why) => unsupported(&why, created),
    }
}

/// The program does not understand what another version recorded.
pub(crate) fn unsupported(why: &Unsupported, created: &RunCreated) -> Problem {
    let what = "this version of the program can't carry the run on, and did nothing";
    let mut problem = Problem::error(what)
        .code("not_understood")
        .hint(not_understood::way_out(&created.by, &created.target));
    problem.causes = not_understood::causes(why);
    problem
}

/// Why the machine did not take an event.
fn why(error: HistoryError) -> String {
    match error {
        HistoryError::Illegal { why, .. } => why.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stepwell_engine::RunId;

    /// What was not recorded can't be resumed, and is not said to be.
    #[test]
    fn only_what_was_begun_is_to_be_resumed() {
        let parameters = serde_json::Value::Null;
        let created = RunCreated::new("aurora create", "aurora/eu-west-1/keycloak", parameters);
        let broken = || {
            RunError::Journal(JournalError::Conflict {
                run: RunId::from_u128(1),
                seq: 0,
            })
        };
        let resume = "stepwell resume 1";
        let full = || {
            RunError::Journal(JournalError::Store {
                context: "no".to_owned(),
                source: "disk full".into(),
            })
        };
        let begun = failed(full(), Some(resume), &created);
        assert!(begun.hint.is_some_and(|hint| hint.contains(resume)));
        let unborn = failed(full(), None, &created);
        assert_eq!(unborn.hint, None);
        assert!(
            unborn.message.contains("nothing was done"),
            "{}",
            unborn.message
        );
        // Another program is in the way, and nothing is wrong with the run.
        let busy = |begun: Option<&str>| {
            let error = stepwell_state::StoreError::Busy {
                path: "state.db".into(),
                source: Arc::new(rusqlite::Error::QueryReturnedNoRows),
            };
            let error = RunError::Journal(JournalError::Store {
                context: "no".to_owned(),
                source: Box::new(error),
            });
            failed(error, begun, &created)
        };
        let waiting = busy(Some(resume));
        assert_eq!(waiting.exit, Exit::Suspended);
        assert_eq!(waiting.code, "state_busy");
        assert!(waiting.hint.is_some_and(|hint| hint.contains(resume)));
        assert_eq!(busy(None).exit, Exit::Error);
        // Another goes on with it already.
        for resume in [Some(resume), None] {
            let taken = failed(broken(), resume, &created);
            assert!(taken.hint.is_some_and(|hint| hint.contains("runs show")));
        }
    }
}
