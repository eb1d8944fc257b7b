//! Why an event can't stand where it does.

use std::fmt;

use super::state::{Phase, Status};
use crate::model::event::Verb;
use crate::model::{GraphError, StepName};

/// Why a history can't be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// There is no event.
    #[error("the run has no history")]
    Empty,
    /// The first event is not the run's creation.
    #[error("the history does not begin with the run's creation")]
    NoBeginning,
    /// The recorded graph is not one.
    #[error("the recorded graph is not valid: {0}")]
    Graph(#[from] GraphError),
    /// An event stands where another is due.
    #[error("event {found} stands where {expected} is due")]
    Sequence {
        /// The place it claims.
        found: u32,
        /// The place it stands in.
        expected: u32,
    },
    /// An event that can't happen here.
    #[error("event {seq} ({kind}) is not possible here: {why}")]
    Illegal {
        /// The event's place.
        seq: u32,
        /// The event's kind.
        kind: &'static str,
        /// What contradicts it.
        why: IllegalEvent,
    },
}

/// What contradicts an event: the state that the run or the step is in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IllegalEvent {
    /// It is an event of another run.
    #[error("it belongs to another run")]
    OtherRun,
    /// A run is created once.
    #[error("the run exists already")]
    Exists,
    /// It happens only while the run is running.
    #[error("the run {}", match .0 {
        Status::Running => "is running",
        Status::Suspended(_) => "is suspended",
        Status::Ended(_) => "has ended",
    })]
    Status(Status),
    /// It happens only while the run is suspended.
    #[error("the run is not suspended")]
    NotSuspended,
    /// The run is going to be suspended.
    #[error("the run is about to be suspended")]
    Suspending,
    /// The run is going to be rolled back.
    #[error("the run is about to be rolled back")]
    Turning,
    /// It happens only on the way forward.
    #[error("the run is being rolled back")]
    Backward,
    /// It happens only in a rollback.
    #[error("the run is not being rolled back")]
    Forward,
    /// The workflow can't be rolled back.
    #[error("the workflow only goes forward")]
    ForwardOnly,
    /// A deletion was begun, which no rollback can take back.
    #[error("step {0:?} has deleted, or may have, what a rollback can't bring back")]
    PointOfNoReturn(StepName),
    /// Attempts are under way, or pauses before them.
    #[error("attempts are under way")]
    UnderWay,
    /// Not every step is done, so the run has not succeeded.
    #[error("not every step is done")]
    NotDone,
    /// Not every step is resolved, so the run is not rolled back.
    #[error("not every step is resolved")]
    NotResolved,
    /// The rollback can still go on, or has left nothing.
    #[error("the rollback is not over")]
    NotStuck,
    /// The end names other waived steps than the history.
    #[error("other steps were waived")]
    OtherWaived,
    /// What is said to have suspended the run did not.
    #[error("there is no such reason")]
    NoSuchReason,
    /// This step's failure did not turn the run round.
    #[error("step {0:?} did not turn it round")]
    NotTheCause(StepName),
    /// The graph has no such step.
    #[error("the graph has no step {0:?}")]
    NoStep(StepName),
    /// The step is in a phase in which this does not happen to it.
    #[error("{}", Misplaced(step, phase, *wanted))]
    Phase {
        /// The step.
        step: StepName,
        /// The phase it is in.
        phase: Phase,
        /// What was to happen to it.
        wanted: Wanted,
    },
    /// Another attempt is due, or under way.
    #[error("attempt {due} to {verb} step {step:?} is due, not {found}")]
    Attempt {
        /// The step.
        step: StepName,
        /// What the attempt does.
        verb: Verb,
        /// The number that is due.
        due: u32,
        /// The number that the event has.
        found: u32,
    },
    /// No more attempts may be under way at once.
    #[error("no more attempts may be under way")]
    NoRoom,
    /// The verb has no such outcome.
    #[error("this is no outcome of {0}")]
    Outcome(Verb),
    /// What a person did has no such outcome.
    #[error("this is no outcome of what a person did")]
    OutcomeByHand,
    /// A step that changes nothing is never in doubt.
    #[error("step {0:?} has no effect to be in doubt of")]
    NoEffect(StepName),
    /// Something that the step depends on, or that depends on it, is not settled.
    #[error("{} step {step:?} {}: {}", match .back {
        true => "what depends on",
        false => "what",
    }, match .back {
        true => "is not undone yet",
        false => "needs is not done yet",
    }, .others.iter().map(|name| &**name).collect::<Vec<_>>().join(", "))]
    Others {
        /// The step.
        step: StepName,
        /// Whether it is about the rollback.
        back: bool,
        /// The steps that are not settled.
        others: Vec<StepName>,
    },
    /// Nothing is left of the step.
    #[error("nothing is left of step {0:?}")]
    NothingLeft(StepName),
    /// The step has made something, or may have, so its data stays.
    #[error("step {step:?} {}", match .in_doubt {
        true => "is in doubt: it may have made something",
        false => "is done",
    })]
    Made {
        /// The step.
        step: StepName,
        /// Whether it is in doubt.
        in_doubt: bool,
    },
    /// The history does not hold the data of steps.
    #[error("what step {0:?} was to do is not recorded")]
    NoData(StepName),
}

/// What was to happen to a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// An attempt to begin.
    Start(Verb),
    /// An attempt to end.
    Land(Verb),
    /// A person's word that it is done.
    Done,
    /// A person's wish that it be tried again.
    Retry,
    /// A person's word that the rollback passes over it.
    Waive,
}

/// A step in a phase in which something does not happen to it.
struct Misplaced<'a>(&'a str, &'a Phase, Wanted);

impl fmt::Display for Misplaced<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(step, phase, wanted) = self;
        match (phase, wanted) {
            (_, Wanted::Start(verb)) => write!(f, "step {step:?} is not ready to {verb}"),
            (_, Wanted::Land(verb)) => {
                write!(f, "no attempt to {verb} step {step:?} is under way")
            }
            (Phase::Undoing, Wanted::Waive) => write!(f, "step {step:?} is being undone"),
            (Phase::Running | Phase::Undoing, _) => {
                write!(f, "an attempt at step {step:?} is under way")
            }
            (Phase::Resolved, _) => write!(f, "nothing of step {step:?} is left to undo"),
            (Phase::Done, _) => write!(f, "step {step:?} is done already"),
            (_, Wanted::Retry) => write!(f, "step {step:?} has not failed"),
            (_, Wanted::Done | Wanted::Waive) => write!(f, "step {step:?} is {phase}"),
        }
    }
}
