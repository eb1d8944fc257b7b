//! The story of a run: the fold over its events.

use std::collections::HashMap;

use serde_json::Value;
use stepwell_engine::event::{
    Actor, End, EventBody, Leftover, Outcome, RollbackCause, RunCreated, SuspendReason, Verb,
};
use stepwell_engine::{Event, Fault, RunId, StepName, Timestamp};

use super::attempts::{AttemptOutcome, AttemptStory};
use super::status::{RunState, StepStatus};

/// A process took up the run.
#[derive(Debug, Clone, PartialEq)]
pub struct Taking {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// A person decided something about the run, for a reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// A step and all that happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct StepStory {
    /// Its name.
    pub name: StepName,
    /// What kind of step it is.
    pub kind: String,
    /// Its attempts in order, undo included.
    pub attempts: Vec<AttemptStory>,
    /// What it made known.
    pub output: Option<Value>,
    /// Who waived its undo, if anyone did: what it made is still there.
    pub waived: Option<Decision>,
    /// Who did it by hand, if anyone did.
    pub by_hand: Option<ByHand>,
    /// Who wanted it to be tried again, and why.
    pub retried: Vec<Decision>,
}

/// A person did what a step was to do.
#[derive(Debug, Clone, PartialEq)]
pub struct ByHand {
    /// Who says so, and why.
    pub decision: Decision,
    /// Whether the step's own check found it.
    pub checked: bool,
    /// Whether it bears the run's own mark.
    pub ours: bool,
}

impl StepStory {
    /// Where it stands. A step that failed without a trace stays failed when
    /// the way back finds nothing to undo.
    pub fn status(&self) -> StepStatus {
        if self.waived.is_some() {
            return StepStatus::Waived;
        }
        let undone = self.of(Verb::Undo).next().is_some();
        if let Some(done) = self.by_hand.as_ref().filter(|_| !undone) {
            return match done.ours {
                true => StepStatus::Done,
                false => StepStatus::Adopted,
            };
        }
        let Some(last) = self.attempts.last() else {
            return StepStatus::Pending;
        };
        let forward = self.of(Verb::Run).next_back().map(AttemptStory::leaves);
        match (last.outcome, forward) {
            (AttemptOutcome::NothingToUndo, Some(StepStatus::Failed)) => StepStatus::Failed,
            _ => last.leaves(),
        }
    }

    /// The attempts of one verb.
    pub fn of(&self, verb: Verb) -> impl DoubleEndedIterator<Item = &AttemptStory> {
        self.attempts
            .iter()
            .filter(move |attempt| attempt.verb == verb)
    }
}

/// The story of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The run.
    pub run: RunId,
    /// What it starts from: as it was created, or as it was changed since.
    pub created: RunCreated,
    /// Who changed that, and why.
    pub changes: Vec<Decision>,
    /// Where it stands.
    pub state: RunState,
    /// When it began.
    pub started_at: Timestamp,
    /// When the last thing happened.
    pub updated_at: Timestamp,
    /// When it came to its end; a suspended one has not.
    pub ended_at: Option<Timestamp>,
    /// Who took it up again, and when.
    pub resumed: Vec<Taking>,
    /// When and why it turned round.
    pub rollback: Option<(Timestamp, RollbackCause)>,
    /// How a person wants what was made to be undone, as the workflow has it.
    pub rollback_options: Option<Value>,
    /// Its steps, parents first.
    pub steps: Vec<StepStory>,
    /// The step and the fault that stopped it or turned it round.
    pub fault: Option<(StepName, Fault)>,
    /// Why it was suspended, until it is taken up again.
    pub suspended: Option<SuspendReason>,
    /// What a rollback could not undo.
    pub leftovers: Vec<Leftover>,
    /// Who gave it up, and why.
    pub abandoned: Option<(Actor, String)>,
}

impl Story {
    /// Folds a run's events. `alive` says whether a process holds the run: what
    /// has started and not ended is under way if so, and crashed if not.
    /// Nothing comes of a history without its beginning.
    pub fn tell(events: &[Event], alive: bool) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let EventBody::RunCreated(created) = &first.body else {
            return None;
        };
        let steps = created
            .steps
            .iter()
            .map(|step| StepStory {
                name: step.name.clone(),
                kind: step.kind.clone(),
                attempts: Vec::new(),
                output: None,
                waived: None,
                by_hand: None,
                retried: Vec::new(),
            })
            .collect();
        let mut story = Self {
            run: first.run,
            created: created.as_ref().clone(),
            changes: Vec::new(),
            state: RunState::Running,
            started_at: first.at,
            updated_at: first.at,
            ended_at: None,
            resumed: Vec::new(),
            rollback: None,
            rollback_options: None,
            steps,
            fault: None,
            leftovers: Vec::new(),
            suspended: None,
            abandoned: None,
        };
        let places: HashMap<StepName, usize> = (story.steps.iter().enumerate())
            .map(|(place, step)| (step.name.clone(), place))
            .collect();
        for event in rest {
            story.add(event, &places);
        }
        if story.state == RunState::Running && !alive {
            story.state = RunState::Interrupted;
        }
        if !alive || story.state != RunState::Running {
            story.crash();
        }
        Some(story)
    }

    /// The run's output, once known, and until the run turns round: then what
    /// it tells of is being taken away.
    pub fn output(&self) -> Option<&Value> {
        if self.rollback.is_some() {
            return None;
        }
        let name = self.created.output.as_ref()?;
        let step = self.steps.iter().find(|step| step.name == *name)?;
        step.output.as_ref()
    }

    /// The undo attempts of all steps, in the order in which they were made.
    pub fn undos(&self) -> Vec<(&StepStory, &AttemptStory)> {
        let mut undos: Vec<_> = (self.steps.iter())
            .flat_map(|step| step.of(Verb::Undo).map(move |attempt| (step, attempt)))
            .collect();
        undos.sort_by_key(|(_, attempt)| attempt.seq);
        undos
    }

    /// The steps that a rollback passed over because a person said so.
    pub fn waived(&self) -> impl Iterator<Item = (&StepStory, &Decision)> {
        let steps = self.steps.iter();
        steps.filter_map(|step| Some((step, step.waived.as_ref()?)))
    }

    /// The steps that a person did by hand.
    pub fn by_hand(&self) -> impl Iterator<Item = (&StepStory, &ByHand)> {
        let steps = self.steps.iter();
        steps.filter_map(|step| Some((step, step.by_hand.as_ref()?)))
    }

    fn add(&mut self, event: &Event, places: &HashMap<StepName, usize>) {
        self.updated_at = event.at;
        match &event.body {
            EventBody::RunCreated(_) => {}
            EventBody::RunResumed { by } => {
                self.crash();
                self.state = RunState::Running;
                self.suspended = None;
                self.ended_at = None;
                self.leftovers.clear();
                self.resumed.push(Taking {
                    by: by.clone(),
                    at: event.at,
                });
                if self.rollback.is_none() {
                    self.fault = None;
                }
            }
            EventBody::RollbackStarted(cause) => {
                self.rollback = Some((event.at, cause.clone()));
                if let RollbackCause::Failed { step } = cause {
                    self.blame(step, places);
                }
            }
            EventBody::StepWaived { step, by, reason } => {
                if let Some(&place) = places.get(step) {
                    self.steps[place].waived = Some(decision(event, by, reason));
                }
            }
            EventBody::StepDone {
                step,
                by,
                reason,
                checked,
                outcome,
            } => {
                if let Some(&place) = places.get(step) {
                    let done = &mut self.steps[place];
                    done.output = outcome.output().cloned();
                    done.by_hand = Some(ByHand {
                        decision: decision(event, by, reason),
                        checked: *checked,
                        ours: matches!(outcome, Outcome::Ours { .. }),
                    });
                }
                self.excuse(step);
            }
            EventBody::StepRetried { step, by, reason } => {
                if let Some(&place) = places.get(step) {
                    let retried = decision(event, by, reason);
                    self.steps[place].retried.push(retried);
                }
                self.excuse(step);
            }
            EventBody::RollbackOptionsGiven { options, .. } => {
                self.rollback_options = Some(options.clone());
            }
            EventBody::ParametersChanged(change) => {
                self.created.change(change);
                self.changes
                    .push(decision(event, &change.by, &change.reason));
            }
            EventBody::RunSuspended(reason) => {
                self.state = RunState::of_suspension(reason);
                if let SuspendReason::Operator { step } | SuspendReason::Failed { step } = reason {
                    self.blame(step, places);
                }
                self.suspended = Some(reason.clone());
            }
            EventBody::RunEnded(end) => {
                self.state = RunState::of_end(end);
                self.ended_at = Some(event.at);
                match end {
                    End::Stuck { leftovers } => self.leftovers.clone_from(leftovers),
                    End::Abandoned { by, reason } => {
                        self.abandoned = Some((by.clone(), reason.clone()));
                    }
                    End::Succeeded | End::RolledBack { .. } => {}
                }
            }
            EventBody::AttemptStarted {
                step,
                attempt,
                verb,
            } => {
                if let Some(&place) = places.get(step) {
                    let begun = AttemptStory::begun(*attempt, *verb, event.at, event.seq);
                    self.steps[place].attempts.push(begun);
                }
            }
            EventBody::AttemptSucceeded { step, outcome, .. } => {
                if let Some(&place) = places.get(step) {
                    let step = &mut self.steps[place];
                    if let Some(output) = outcome.output() {
                        step.output = Some(output.clone());
                    }
                    let attempt = end(step, event.at, AttemptOutcome::of(outcome));
                    if let (Some(attempt), Outcome::Kept { owner }) = (attempt, outcome) {
                        attempt.owner.clone_from(owner);
                    }
                }
            }
            EventBody::AttemptFailed {
                step,
                fault,
                in_doubt,
                then,
                ..
            } => {
                if let Some(&place) = places.get(step)
                    && let Some(attempt) =
                        end(&mut self.steps[place], event.at, AttemptOutcome::Failed)
                {
                    attempt.fault = Some(fault.clone());
                    attempt.in_doubt = *in_doubt;
                    attempt.then = Some(*then);
                }
            }
            EventBody::AttemptInterrupted { step, .. } => {
                if let Some(&place) = places.get(step) {
                    end(
                        &mut self.steps[place],
                        event.at,
                        AttemptOutcome::Interrupted,
                    );
                }
            }
        }
    }

    /// A step no longer stops the run; what turned it round stays so.
    fn excuse(&mut self, step: &StepName) {
        let blamed = |fault: &(StepName, Fault)| self.rollback.is_none() && fault.0 == *step;
        if self.fault.as_ref().is_some_and(blamed) {
            self.fault = None;
        }
    }

    fn blame(&mut self, step: &StepName, places: &HashMap<StepName, usize>) {
        let Some(&place) = places.get(step) else {
            return;
        };
        let fault =
            (self.steps[place].attempts.iter().rev()).find_map(|attempt| attempt.fault.clone());
        self.fault = fault.map(|fault| (step.clone(), fault));
    }

    /// What is under way in the history was cut off by the end of its process.
    fn crash(&mut self) {
        for step in &mut self.steps {
            if let Some(attempt) = step.attempts.last_mut()
                && attempt.outcome == AttemptOutcome::Running
            {
                attempt.outcome = AttemptOutcome::Crashed;
            }
        }
    }
}

fn decision(event: &Event, by: &Actor, reason: &str) -> Decision {
    Decision {
        by: by.clone(),
        at: event.at,
        reason: reason.to_owned(),
    }
}

fn end(step: &mut StepStory, at: Timestamp, outcome: AttemptOutcome) -> Option<&mut AttemptStory> {
    let attempt = step.attempts.last_mut()?;
    attempt.ended_at = Some(at);
    attempt.outcome = outcome;
    Some(attempt)
}
