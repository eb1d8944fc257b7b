//! The summary of a run.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::index::Index;
use super::status::RunStatus;
use super::step::{
    AttemptOutcome, AttemptSummary, ManualAction, ManualCompletion, StepSummary, present,
};
use crate::model::event::{
    Actor, End, EventBody, Leftover, Outcome, RollbackCause, SuspendReason, Verb,
};
use crate::model::{Event, Fault, RunId, StepName, Timestamp};

/// A process took up the run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumption {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// The rollback began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RollbackSummary {
    /// When.
    pub started_at: Timestamp,
    /// Why.
    #[serde(flatten)]
    pub cause: RollbackCause,
    /// How a person wants what was made to be undone, as the workflow has it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub options: Option<Value>,
}

/// A fault with the step that met it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFault {
    /// The step.
    pub step: StepName,
    /// Why it failed.
    #[serde(flatten)]
    pub fault: Fault,
}

/// What a run's events say of it. What its steps are to do (their data) is left
/// to its first event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// The workflow's name.
    pub workflow: String,
    /// What the run works on.
    pub target: String,
    /// The account that it belongs to.
    pub account: Value,
    /// Its parameters, as they were last changed.
    pub parameters: Value,
    /// False for a workflow that only goes forward.
    pub reversible: bool,
    /// Who started it.
    pub by: Actor,
    /// Where it stands.
    pub state: RunStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When the last thing happened.
    pub updated_at: Timestamp,
    /// When it came to its end; a suspended one has not.
    pub ended_at: Option<Timestamp>,
    /// Who took it up again, and when.
    pub resumptions: Vec<Resumption>,
    /// Who changed its parameters, and why.
    pub changes: Vec<ManualAction>,
    /// When and why its rollback began, if it did.
    pub rollback: Option<RollbackSummary>,
    /// What stopped it or turned it round.
    pub fault: Option<StepFault>,
    /// Why it was suspended, until it is taken up again.
    pub suspended: Option<SuspendReason>,
    /// What a rollback could not undo.
    pub leftovers: Vec<Leftover>,
    /// Who gave it up, and why.
    pub abandoned: Option<ManualAction>,
    /// The step whose output is the run's, if one is.
    pub output_step: Option<StepName>,
    /// Its steps, parents first.
    pub steps: Vec<StepSummary>,
    #[serde(skip)]
    index: Index,
}

impl RunSummary {
    /// Summarises a run's events. `alive` says whether a process holds the run:
    /// what has started and not ended is under way if so, and crashed if not.
    /// None for a history without its beginning.
    pub fn of(events: &[Event], alive: bool) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let mut summary = Self::begin(first)?;
        for event in rest {
            summary.apply(event);
        }
        if !alive {
            summary.crash();
        }
        Some(summary)
    }

    /// A run that was just created; none if that is not what the event says.
    pub fn begin(first: &Event) -> Option<Self> {
        let EventBody::RunCreated(created) = &first.body else {
            return None;
        };
        let steps = created.steps.iter();
        Some(Self {
            run: first.run,
            workflow: created.workflow.clone(),
            target: created.target.clone(),
            account: created.account.clone(),
            parameters: created.parameters.clone(),
            reversible: created.reversible,
            by: created.by.clone(),
            state: RunStatus::Running,
            started_at: first.at,
            updated_at: first.at,
            ended_at: None,
            resumptions: Vec::new(),
            changes: Vec::new(),
            rollback: None,
            fault: None,
            suspended: None,
            leftovers: Vec::new(),
            abandoned: None,
            output_step: created.output.clone(),
            steps: steps
                .map(|step| StepSummary::new(step, &created.steps))
                .collect(),
            index: Index::default(),
        })
    }

    /// Takes in the next event of the run. Whether it is legal is for the
    /// [`Machine`](crate::Machine) to say; what names no step of the run is
    /// passed over.
    pub fn apply(&mut self, event: &Event) {
        self.updated_at = event.at;
        match &event.body {
            EventBody::RunCreated(_) => {}
            EventBody::RunResumed { by } => self.resumed(by, event.at),
            EventBody::RollbackStarted(cause) => {
                self.rollback = Some(RollbackSummary {
                    started_at: event.at,
                    cause: cause.clone(),
                    options: None,
                });
                if let RollbackCause::Failed { step } = cause {
                    self.blame(step);
                }
            }
            EventBody::RollbackOptionsGiven { options, .. } => {
                if let Some(rollback) = &mut self.rollback {
                    rollback.options = Some(options.clone());
                }
            }
            EventBody::ParametersChanged(change) => {
                self.parameters = change.parameters.clone();
                self.changes.push(action(event, &change.by, &change.reason));
            }
            EventBody::StepWaived { step, by, reason } => self.update(step, |step| {
                step.waived = Some(action(event, by, reason));
            }),
            EventBody::StepDone {
                step,
                by,
                reason,
                checked,
                outcome,
            } => {
                self.update(step, |step| {
                    step.output = outcome.output().cloned();
                    step.manual = Some(ManualCompletion {
                        action: action(event, by, reason),
                        checked: *checked,
                        ours: matches!(outcome, Outcome::Ours { .. }),
                    });
                });
                self.excuse(step);
            }
            EventBody::StepRetried { step, by, reason } => {
                self.update(step, |step| step.retries.push(action(event, by, reason)));
                self.excuse(step);
            }
            EventBody::AttemptStarted { step, .. }
            | EventBody::AttemptSucceeded { step, .. }
            | EventBody::AttemptFailed { step, .. }
            | EventBody::AttemptInterrupted { step, .. } => {
                self.update(step, |step| step.attempt(event));
            }
            EventBody::RunSuspended(reason) => {
                self.cut_off();
                self.state = reason.into();
                if let SuspendReason::Operator { step } | SuspendReason::Failed { step } = reason {
                    self.blame(step);
                }
                self.suspended = Some(reason.clone());
            }
            EventBody::RunEnded(end) => {
                self.cut_off();
                self.state = end.into();
                self.ended_at = Some(event.at);
                match end {
                    End::Stuck { leftovers } => self.leftovers.clone_from(leftovers),
                    End::Abandoned { by, reason } => {
                        self.abandoned = Some(action(event, by, reason));
                    }
                    End::Succeeded | End::RolledBack { .. } => {}
                }
            }
        }
    }

    /// Says that no process holds the run: what is under way was cut off.
    pub fn crash(&mut self) {
        if self.state == RunStatus::Running {
            self.state = RunStatus::Interrupted;
            self.cut_off();
        }
    }

    /// The run's output, once known, and until its rollback begins: then what
    /// it is about is being taken away.
    pub fn output(&self) -> Option<&Value> {
        if self.rollback.is_some() {
            return None;
        }
        let name = self.output_step.as_ref()?;
        let step = self.steps.iter().find(|step| step.name == *name)?;
        step.output.as_ref()
    }

    /// The undo attempts of all steps, in the order in which they were made.
    pub fn undos(&self) -> Vec<(&StepSummary, &AttemptSummary)> {
        let mut undos: Vec<_> = (self.steps.iter())
            .flat_map(|step| {
                let attempts = step.attempts_of(Verb::Undo);
                attempts.map(move |attempt| (step, attempt))
            })
            .collect();
        undos.sort_by_key(|(_, attempt)| attempt.seq);
        undos
    }

    /// The steps that a rollback passed over because a person said so.
    pub fn waived(&self) -> impl Iterator<Item = (&StepSummary, &ManualAction)> {
        let steps = self.steps.iter();
        steps.filter_map(|step| Some((step, step.waived.as_ref()?)))
    }

    /// Changes a step, and with it where it stands.
    fn update(&mut self, name: &StepName, change: impl FnOnce(&mut StepSummary)) {
        if let Some(place) = self.index.find(&self.steps, name) {
            let step = &mut self.steps[place];
            change(step);
            step.status = step.status_now();
            self.index.note(&self.steps, place);
        }
    }

    fn resumed(&mut self, by: &Actor, at: Timestamp) {
        self.cut_off();
        self.state = RunStatus::Running;
        self.suspended = None;
        self.ended_at = None;
        self.leftovers.clear();
        self.resumptions.push(Resumption { by: by.clone(), at });
        if self.rollback.is_none() {
            self.fault = None;
        }
    }

    /// A step no longer stops the run; what turned it round stays so.
    fn excuse(&mut self, step: &StepName) {
        let blamed = |fault: &StepFault| self.rollback.is_none() && fault.step == *step;
        if self.fault.as_ref().is_some_and(blamed) {
            self.fault = None;
        }
    }

    fn blame(&mut self, step: &StepName) {
        let Some(place) = self.index.find(&self.steps, step) else {
            return;
        };
        let mut attempts = self.steps[place].attempts.iter().rev();
        let fault = attempts.find_map(|attempt| attempt.fault.clone());
        self.fault = fault.map(|fault| StepFault {
            step: step.clone(),
            fault,
        });
    }

    /// What is under way was cut off by the end of its process.
    fn cut_off(&mut self) {
        for place in self.index.take_running(&self.steps) {
            let step = &mut self.steps[place];
            if let Some(attempt) = step.attempts.last_mut() {
                attempt.outcome = AttemptOutcome::Crashed;
            }
            step.status = step.status_now();
        }
    }
}

fn action(event: &Event, by: &Actor, reason: &str) -> ManualAction {
    ManualAction {
        by: by.clone(),
        at: event.at,
        reason: reason.to_owned(),
    }
}
