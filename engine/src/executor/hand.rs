//! What a person did by hand to a step of a run that no process carries.

use serde_json::Value;

use super::{Executor, RunError};
use crate::journal::{Journal, JournalError};
use crate::machine::{HistoryError, IllegalEvent, Machine, Status};
use crate::model::event::{Actor, Event, EventBody, Outcome, SuspendReason, Verb};
use crate::model::{Fault, FaultClass, StepName, Timestamp};
use crate::step::{Attempt, Found, Policy, retry};

/// A person's word on a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// The step.
    pub step: StepName,
    /// Who says it.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

/// Why a person's word on a step is not taken. Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum WordError {
    /// The history, the graph or the journal.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It is not possible as things are.
    #[error("{0}")]
    NotPossible(IllegalEvent),
    /// The step's own check finds nothing, and no output was given.
    #[error("the step's own check finds nothing")]
    NotFound,
    /// The step's own check finds something else.
    #[error("the step's own check finds another output")]
    Otherwise {
        /// What it finds.
        found: Value,
    },
    /// What was given is no output of the step.
    #[error("this is no output of the step: {0}")]
    Output(String),
    /// The step's own check failed.
    #[error("the step could not be checked")]
    Check(#[source] Fault),
}

impl From<HistoryError> for WordError {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Illegal { why, .. } => Self::NotPossible(why),
            other => Self::Run(other.into()),
        }
    }
}

impl From<JournalError> for WordError {
    fn from(error: JournalError) -> Self {
        Self::Run(error.into())
    }
}

/// A step that is done by a person's word.
#[derive(Debug, Clone, PartialEq)]
pub struct DoneByHand {
    /// Whether the step's own check found it.
    pub checked: bool,
    /// Whose it is, with the output.
    pub outcome: Outcome,
}

impl<C: Send + Sync + 'static> Executor<C> {
    /// Records that a person made what a step was to make. The step's own check
    /// has to find it; where it finds nothing or can't be asked, `output` is
    /// taken on the person's word, and what it stands for is never undone.
    ///
    /// # Errors
    /// When the word can't be taken; then nothing was recorded.
    pub async fn done_by_hand(
        &self,
        events: &[Event],
        word: Word,
        output: Option<Value>,
    ) -> Result<DoneByHand, WordError> {
        let mut machine = Machine::replay(events)?;
        let program = self.registry.program(&machine).map_err(RunError::from)?;
        let mut batch = at_rest(&mut machine, self.clock.now(), &word.by)?;
        let id = (machine.may_be_done(&word.step)).map_err(WordError::NotPossible)?;
        let (step, input) = program.attempted(&machine, id).map_err(WordError::Check)?;
        let given = match output {
            Some(output) => Some(step.accept(&output).map_err(WordError::Output)?),
            None => None,
        };
        let at = Attempt {
            number: machine.step(id).runs + 1,
            in_doubt: machine.step(id).in_doubt,
            ..Attempt::that_looks(
                self.context.clone(),
                self.clock.clone(),
                machine.run(),
                word.step.clone(),
                Verb::Run,
                Value::Null,
            )
        };
        let found = retry(Policy::default(), self.clock.as_ref(), async || {
            step.check(&at, input.clone())?.await
        })
        .await;
        let outcome = match found {
            Ok(Found::Ours(output)) => Some(Outcome::Ours { output }),
            Ok(Found::Theirs(output)) => Some(Outcome::Theirs { output }),
            Ok(Found::Nothing | Found::Partial(_)) => None,
            // A permanent fault is an answer: it is wrong.
            Err(fault) if given.is_none() || fault.class == FaultClass::Permanent => {
                return Err(WordError::Check(fault));
            }
            Err(_) => None,
        };
        let checked = outcome.is_some();
        let outcome = match (outcome, given) {
            (Some(found), Some(given)) if found.output() != Some(&given) => {
                let found = found.output().cloned().unwrap_or_default();
                return Err(WordError::Otherwise { found });
            }
            (Some(found), _) => found,
            (None, Some(output)) => Outcome::Theirs { output },
            (None, None) => return Err(WordError::NotFound),
        };
        let done = EventBody::StepDone {
            step: word.step,
            by: word.by,
            reason: word.reason,
            checked,
            outcome: outcome.clone(),
        };
        batch.push(machine.record(self.clock.now(), done)?);
        self.journal.append(batch).await?;
        Ok(DoneByHand { checked, outcome })
    }
}

/// Records that a person wants a step of a run that no process carries to be
/// tried again, when the run is taken up.
///
/// # Errors
/// When the word can't be taken; then nothing was recorded.
pub async fn retry_by_hand(
    journal: &dyn Journal,
    now: Timestamp,
    events: &[Event],
    word: Word,
) -> Result<(), WordError> {
    let mut machine = Machine::replay(events)?;
    let mut batch = at_rest(&mut machine, now, &word.by)?;
    let Word { step, by, reason } = word;
    let retried = EventBody::StepRetried { step, by, reason };
    batch.push(machine.record(now, retried)?);
    Ok(journal.append(batch).await?)
}

/// Suspends a run whose process died: what was under way is now in doubt.
fn at_rest(machine: &mut Machine, now: Timestamp, by: &Actor) -> Result<Vec<Event>, HistoryError> {
    if *machine.status() != Status::Running {
        return Ok(Vec::new());
    }
    let resumed = machine.record(now, EventBody::RunResumed { by: by.clone() })?;
    let suspended = EventBody::RunSuspended(SuspendReason::Interrupted);
    Ok(vec![resumed, machine.record(now, suspended)?])
}
