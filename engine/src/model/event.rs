//! The history of a run: the only truth. Every view, resume and audit is a
//! fold over these events.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::Fault;
use super::id::{RunId, StepName};
use super::record::StepRecord;
use super::time::Timestamp;

/// One line of a run's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The run it belongs to.
    pub run: RunId,
    /// Its place in the run's history, from 0, without gaps.
    pub seq: u32,
    /// When it was recorded.
    pub at: Timestamp,
    /// What happened.
    pub body: EventBody,
}

/// Who works on a run. By default this process, on a host and by a person that
/// are not named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The machine's name.
    pub host: String,
    /// The person's login.
    pub user: String,
    /// The process id.
    pub pid: u32,
    /// The program and its version.
    pub version: String,
}

impl Default for Actor {
    fn default() -> Self {
        Self {
            host: String::new(),
            user: String::new(),
            pid: std::process::id(),
            version: String::new(),
        }
    }
}

/// What to do when a step fails for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// Undo what was made, children before parents.
    Rollback,
    /// Keep what is there; the run can be resumed or rolled back.
    Suspend,
}

/// What a run starts from: its whole graph, as data. With the code of its steps'
/// kinds, nothing else is needed to carry it out, to undo it or to explain it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunCreated {
    /// The workflow's name, for example `aurora create`.
    pub workflow: String,
    /// What the run works on, for example `aurora/eu-west-1/keycloak`; at most
    /// one unfinished run per account and target.
    pub target: String,
    /// The account the run belongs to; opaque to the engine.
    pub account: Value,
    /// The parameters from which the graph was built; opaque to the engine.
    pub parameters: Value,
    /// False for a workflow that only goes forward.
    pub reversible: bool,
    /// What to do when a step fails for good.
    pub on_failure: OnFailure,
    /// How many attempts that change something may be under way at once.
    pub parallel: u32,
    /// How many of those under a named limit, see
    /// [`Step::limit`](crate::Step::limit), may be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, u32>,
    /// Who started it.
    pub by: Actor,
    /// The form in which the graph is recorded, see
    /// [`GRAPH_VERSION`](crate::GRAPH_VERSION).
    #[serde(default)]
    pub graph_version: u32,
    /// The graph: steps in the order they were added, so parents come first.
    pub steps: Arc<[StepRecord]>,
    /// The step whose output is the run's, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<StepName>,
}

impl RunCreated {
    /// A run of a workflow on a target: reversible, rolled back when a step fails
    /// for good, four effects at once, started by this process. The graph is set
    /// when it is started.
    pub fn new(workflow: impl Into<String>, target: impl Into<String>, parameters: Value) -> Self {
        Self {
            workflow: workflow.into(),
            target: target.into(),
            account: Value::Null,
            parameters,
            reversible: true,
            on_failure: OnFailure::Rollback,
            parallel: 4,
            limits: BTreeMap::new(),
            by: Actor::default(),
            graph_version: 0,
            steps: Arc::new([]),
            output: None,
        }
    }

    /// What a run starts from as its history has it: the first event, with
    /// every later [`EventBody::ParametersChanged`] applied. None for a history
    /// without its beginning.
    pub fn told(events: &[Event]) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let EventBody::RunCreated(created) = &first.body else {
            return None;
        };
        let mut created = created.as_ref().clone();
        for event in rest {
            if let EventBody::ParametersChanged(change) = &event.body {
                created.change(change);
            }
        }
        Some(created)
    }

    /// Takes over other parameters, and the data of steps that follows from them.
    pub fn change(&mut self, change: &ParametersChanged) {
        self.parameters = change.parameters.clone();
        let mut steps = self.steps.to_vec();
        for StepChange { step, data } in &change.changes {
            if let Some(record) = steps.iter_mut().find(|record| record.name == *step) {
                record.data = data.clone();
            }
        }
        self.steps = steps.into();
    }
}

/// Other parameters for a run. Only the data of steps that have made nothing
/// differs; the graph keeps its names, edges and effects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParametersChanged {
    /// Who changed them.
    pub by: Actor,
    /// What changed and why, in a few words.
    pub reason: String,
    /// The workflow's parameters from now on; opaque to the engine.
    pub parameters: Value,
    /// What steps are to do from now on.
    #[serde(default)]
    pub changes: Vec<StepChange>,
}

/// Other data for a step that has made nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepChange {
    /// The step.
    pub step: StepName,
    /// What it is to do from now on, as the step writes and reads it.
    pub data: Value,
}

/// Which of a step's verbs an attempt carries out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Make it so.
    Run,
    /// Take it back.
    Undo,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run => "run",
            Self::Undo => "undo",
        })
    }
}

/// How an attempt succeeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The effect was performed.
    Made {
        /// The step's output.
        output: Value,
    },
    /// It was there and is this run's own, from an attempt whose answer was lost.
    Ours {
        /// The step's output.
        output: Value,
    },
    /// It was there and is somebody else's: adopted, and never undone.
    Theirs {
        /// The step's output.
        output: Value,
    },
    /// The effect was taken back.
    Undone,
    /// There was nothing to take back.
    NothingToUndo,
    /// It is not this run's to take back.
    Kept {
        /// Whose it is, where the step says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
}

impl Outcome {
    /// The step's output, where the outcome has one.
    pub fn output(&self) -> Option<&Value> {
        match self {
            Self::Made { output } | Self::Ours { output } | Self::Theirs { output } => Some(output),
            Self::Undone | Self::NothingToUndo | Self::Kept { .. } => None,
        }
    }
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "then", rename_all = "snake_case")]
pub enum Then {
    /// Another attempt.
    Retry {
        /// When, in wall-clock time.
        at: Timestamp,
    },
    /// No further attempt: the workflow's failure policy decides.
    GiveUp,
    /// The run is suspended at once.
    Suspend,
}

/// Why a rollback began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum RollbackCause {
    /// A step failed for good.
    Failed {
        /// The step.
        step: StepName,
    },
    /// A person asked for it.
    Requested {
        /// Who.
        by: Actor,
    },
}

/// Why a run is suspended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum SuspendReason {
    /// A person must act first.
    Operator {
        /// The step that met the fault.
        step: StepName,
    },
    /// A step failed for good and nothing may be undone.
    Failed {
        /// The step.
        step: StepName,
    },
    /// A signal.
    Interrupted,
    /// The process has lost its right to the run, see [`Lease`](crate::Lease),
    /// or can't tell whether it still has it.
    LeaseLost {
        /// How, for people.
        why: String,
    },
    /// A time was about to be over.
    Deadline {
        /// When it is over.
        at: Timestamp,
        /// What is over then.
        of: Deadline,
    },
}

/// What comes to its end at a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deadline {
    /// The time that a person gave the process.
    Asked,
    /// The credentials that the process works with.
    Credentials,
}

/// Something a rollback could not undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// The step that made it.
    pub step: StepName,
    /// Its ids in the remote system, where known.
    pub ids: Vec<String>,
    /// Why it is left.
    pub why: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum End {
    /// Every step is done.
    Succeeded,
    /// Everything the run made was undone, but for what a person had it pass over.
    RolledBack {
        /// The steps that it passed over, in the order in which they were added.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        waived: Vec<StepName>,
    },
    /// The rollback could not undo something; it can be continued.
    Stuck {
        /// What is left.
        leftovers: Vec<Leftover>,
    },
    /// Given up in favour of another run that takes over all it made.
    Abandoned {
        /// Who gave it up.
        by: Actor,
        /// Why.
        reason: String,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum EventBody {
    /// The run exists.
    RunCreated(Arc<RunCreated>),
    /// A process took up an unfinished run.
    RunResumed {
        /// Who.
        by: Actor,
    },
    /// The rollback began: nothing new is started, what was made is undone.
    RollbackStarted(RollbackCause),
    /// A person says how what the run made is to be undone.
    RollbackOptionsGiven {
        /// Who.
        by: Actor,
        /// The workflow's options, for example that a snapshot is to be kept;
        /// opaque to the engine. They replace earlier ones.
        options: Value,
    },
    /// A person changed what the run has still to do.
    ParametersChanged(Box<ParametersChanged>),
    /// A person lets a rollback pass over a step: what it made stays.
    StepWaived {
        /// The step.
        step: StepName,
        /// Who.
        by: Actor,
        /// Why, in the person's words.
        reason: String,
    },
    /// A person made what a step of a suspended run was to make.
    StepDone {
        /// The step.
        step: StepName,
        /// Who.
        by: Actor,
        /// Why, in the person's words.
        reason: String,
        /// Whether the step's own check found it; else its output is the
        /// person's word.
        checked: bool,
        /// Whose it is: [`Outcome::Ours`] or [`Outcome::Theirs`].
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// A person wants a step to be tried again, without the rest of its pause
    /// or after it was given up.
    StepRetried {
        /// The step.
        step: StepName,
        /// Who.
        by: Actor,
        /// Why, in the person's words.
        reason: String,
    },
    /// An attempt is about to begin.
    AttemptStarted {
        /// The step.
        step: StepName,
        /// Which try of this verb, from 1.
        attempt: u32,
        /// What it does.
        verb: Verb,
    },
    /// An attempt reached its end.
    AttemptSucceeded {
        /// The step.
        step: StepName,
        /// Which try.
        attempt: u32,
        /// What it did.
        verb: Verb,
        /// How.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// An attempt failed.
    AttemptFailed {
        /// The step.
        step: StepName,
        /// Which try.
        attempt: u32,
        /// What it tried.
        verb: Verb,
        /// Why it failed.
        fault: Fault,
        /// Whether the step's effect was begun: not where its check, or what
        /// came before, failed.
        #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
        reached: bool,
        /// Whether it is unknown if the effect took place.
        in_doubt: bool,
        /// What follows.
        #[serde(flatten)]
        then: Then,
    },
    /// A wait was dropped, because the run stopped or its rollback began.
    AttemptInterrupted {
        /// The step.
        step: StepName,
        /// Which try.
        attempt: u32,
        /// What it was doing.
        verb: Verb,
        /// Whether the step's effect was begun.
        #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
        reached: bool,
    },
    /// The run stopped and can be resumed.
    RunSuspended(SuspendReason),
    /// The run came to an end.
    RunEnded(End),
}

/// Whether an effect was begun, where the history is older than the question.
fn yes() -> bool {
    true
}

impl EventBody {
    /// The event's kind, as it stands in the journal.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RunCreated(_) => "run_created",
            Self::RunResumed { .. } => "run_resumed",
            Self::RollbackStarted(_) => "rollback_started",
            Self::RollbackOptionsGiven { .. } => "rollback_options_given",
            Self::ParametersChanged(_) => "parameters_changed",
            Self::StepWaived { .. } => "step_waived",
            Self::StepDone { .. } => "step_done",
            Self::StepRetried { .. } => "step_retried",
            Self::AttemptStarted { .. } => "attempt_started",
            Self::AttemptSucceeded { .. } => "attempt_succeeded",
            Self::AttemptFailed { .. } => "attempt_failed",
            Self::AttemptInterrupted { .. } => "attempt_interrupted",
            Self::RunSuspended(_) => "run_suspended",
            Self::RunEnded(_) => "run_ended",
        }
    }

    /// The step it is about, if it is about one.
    pub fn step(&self) -> Option<&StepName> {
        match self {
            Self::StepWaived { step, .. }
            | Self::StepDone { step, .. }
            | Self::StepRetried { step, .. }
            | Self::AttemptStarted { step, .. }
            | Self::AttemptSucceeded { step, .. }
            | Self::AttemptFailed { step, .. }
            | Self::AttemptInterrupted { step, .. } => Some(step),
            _ => None,
        }
    }

    /// Which try of the step it is about, if it is about one.
    pub fn attempt(&self) -> Option<u32> {
        match self {
            Self::AttemptStarted { attempt, .. }
            | Self::AttemptSucceeded { attempt, .. }
            | Self::AttemptFailed { attempt, .. }
            | Self::AttemptInterrupted { attempt, .. } => Some(*attempt),
            _ => None,
        }
    }
}
