//! What a person did by hand to a step of a run that no process carries.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::Value;

use super::{Executor, RunError, Stop};
use crate::event::{Actor, Event, EventBody, Outcome, SuspendReason, Verb};
use crate::fault::{Fault, FaultClass};
use crate::graph::Graph;
use crate::id::StepName;
use crate::journal::JournalError;
use crate::machine::{HistoryError, Machine, Status};
use crate::retry::{Policy, retry};
use crate::step::{Attempt, Found};

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
    NotPossible(String),
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

impl Executor {
    /// Records that a person made what a step was to make. The step's own check
    /// has to find it; where it finds nothing or can't be asked, `output` is
    /// taken on the person's word, and what it stands for is never undone.
    pub async fn done_by_hand<C: Send + Sync + 'static>(
        &self,
        events: &[Event],
        word: Word,
        output: Option<Value>,
        graph: &Graph<C>,
        context: Arc<C>,
    ) -> Result<DoneByHand, WordError> {
        let mut machine = self.replay(events, graph)?;
        let mut batch = self.at_rest(&mut machine, &word.by)?;
        let id = (machine.may_be_done(&word.step)).map_err(WordError::NotPossible)?;
        let step = &graph.steps[id.index()];
        let given = match output {
            Some(output) => Some(step.accept(&output).map_err(WordError::Output)?),
            None => None,
        };
        let state = machine.step(id);
        let at = Attempt {
            context,
            clock: self.clock.clone(),
            run: machine.run(),
            step: word.step.clone(),
            number: state.runs + 1,
            verb: Verb::Run,
            in_doubt: state.in_doubt,
            acting: AtomicBool::new(false),
            progress: Arc::new(|_, _| {}),
            stop: Stop::never(),
            lease: self.lease.clone(),
            rollback_options: Value::Null,
        };
        let found = retry(Policy::default(), self.clock.as_ref(), async || match step
            .check(&at, &machine)
        {
            Ok(check) => check.await,
            Err(fault) => Err(fault),
        })
        .await;
        let outcome = match found {
            Ok(Found::Ours(output)) => Some(Outcome::Ours { output }),
            Ok(Found::Theirs(output)) => Some(Outcome::Theirs { output }),
            Ok(Found::Nothing) => None,
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

    /// Records that a person wants a step of a run that no process carries to
    /// be tried again, when the run is taken up.
    pub async fn retried_by_hand(&self, events: &[Event], word: Word) -> Result<(), WordError> {
        let mut machine = Machine::replay(events)?;
        let mut batch = self.at_rest(&mut machine, &word.by)?;
        let Word { step, by, reason } = word;
        let retried = EventBody::StepRetried { step, by, reason };
        batch.push(machine.record(self.clock.now(), retried)?);
        Ok(self.journal.append(batch).await?)
    }

    /// Suspends a run whose process died: what was under way is now in doubt.
    fn at_rest(&self, machine: &mut Machine, by: &Actor) -> Result<Vec<Event>, HistoryError> {
        if *machine.status() != Status::Running {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let resumed = machine.record(now, EventBody::RunResumed { by: by.clone() })?;
        let suspended = EventBody::RunSuspended(SuspendReason::Interrupted);
        Ok(vec![resumed, machine.record(now, suspended)?])
    }
}
