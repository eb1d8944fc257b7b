//! What an engine's error means to a person.

use stepwell_engine::event::RunCreated;
use stepwell_engine::machine::HistoryError;
use stepwell_engine::{JournalError, RunError, RunnerError, Unsupported};

use super::patient::is_wait;
use super::{Session, find, locks, store};
use crate::exit::Exit;
use crate::problem::Problem;
use crate::report::{not_understood, outcome};

impl Session {
    /// A run was not begun, taken up or planned.
    pub(crate) fn problem(&self, error: RunnerError) -> Problem {
        match error {
            RunnerError::Lock(error) => locks::failed(&self.context, &error),
            RunnerError::Unfinished { run, target } => {
                match find::unfinished_problem(self, run, &target) {
                    Ok(problem) | Err(problem) => problem,
                }
            }
            RunnerError::NoRun(_) => Problem::error("the run's history has no beginning"),
            RunnerError::Journal(error) => store::unreadable(&error),
            RunnerError::Run(error) => failed(error, None, None),
        }
    }
}

/// A run could not be carried. `resume` is the command that resumes it, where
/// this process has recorded anything of it.
pub fn failed(error: RunError, resume: Option<&str>, created: Option<&RunCreated>) -> Problem {
    let refused = |what: &str, code, hint: &str, source| {
        let mut problem = Problem::refused(what).code(code).hint(hint);
        problem.causes = vec![why(source)];
        problem
    };
    let unchanged = "nothing was changed";
    match error {
        RunError::Journal(error) => not_recorded(&error, resume),
        RunError::History(error) => {
            Problem::error("the run's history is not valid").because(&error)
        }
        RunError::Waiver { step, source } => {
            let hint = format!("continue the rollback first; {unchanged}");
            let what = format!("step {step} can't be waived");
            refused(&what, "not_waivable", &hint, source)
        }
        RunError::Rollback(source) => {
            let what = "the run can't be rolled back";
            refused(what, "forward_only", unchanged, source)
        }
        RunError::Change(source) => {
            let what = "what the run has still to do can't be changed";
            refused(what, "not_changeable", unchanged, source)
        }
        RunError::Unsupported(why) => unsupported(&why, created),
    }
}

fn not_recorded(error: &JournalError, resume: Option<&str>) -> Problem {
    // Without its lock, which somebody removed, the history itself keeps a
    // second process from writing it.
    if let JournalError::Conflict { run, .. } = error {
        let what = "the history could not be recorded, so nothing more was done";
        return store::journal_failed(what, error).hint(format!(
            "the other one goes on with it: `stepwell runs show {}`",
            outcome::short(*run)
        ));
    }
    let Some(resume) = resume else {
        let what = "the history could not be recorded, so nothing was done";
        return store::journal_failed(what, error);
    };
    let what = "the history could not be recorded, so the run was stopped";
    let problem = store::journal_failed(what, error);
    let first = problem.hint.clone();
    let mut problem = problem.hint(match first {
        Some(hint) => format!("{hint}; then {resume}"),
        None => format!("once the state file can be written again: {resume}"),
    });
    if is_wait(error) {
        // Nothing is wrong with the run, which stands still.
        problem.exit = Exit::Suspended;
    }
    problem
}

/// The program does not understand what another version recorded.
pub fn unsupported(why: &Unsupported, created: Option<&RunCreated>) -> Problem {
    let what = "this version of the program can't carry the run on, and did nothing";
    let mut problem = Problem::error(what).code("not_understood");
    if let Some(created) = created {
        problem = problem.hint(not_understood::way_out(&created.by, &created.target));
    }
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
    use std::sync::Arc;

    use stepwell_engine::RunId;

    use super::*;

    /// What was not recorded can't be resumed, and is not said to be.
    #[test]
    fn only_what_was_begun_is_to_be_resumed() {
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
        let begun = failed(full(), Some(resume), None);
        assert!(begun.hint.is_some_and(|hint| hint.contains(resume)));
        let unborn = failed(full(), None, None);
        assert_eq!(unborn.hint, None);
        let said = &unborn.message;
        assert!(said.contains("nothing was done"), "{said}");
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
            failed(error, begun, None)
        };
        let waiting = busy(Some(resume));
        assert_eq!(waiting.exit, Exit::Suspended);
        assert_eq!(waiting.code, "state_busy");
        assert!(waiting.hint.is_some_and(|hint| hint.contains(resume)));
        assert_eq!(busy(None).exit, Exit::Error);
        // Another goes on with it already.
        for resume in [Some(resume), None] {
            let taken = failed(broken(), resume, None);
            assert!(taken.hint.is_some_and(|hint| hint.contains("runs show")));
        }
    }
}
