//! Which code carries out which kind of step.

use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::bound::{Bound, ErasedStep};
use crate::machine::Machine;
use crate::model::{Effect, Fault, GRAPH_VERSION, StepId, StepName, StepRecord};
use crate::step::Step;

/// The kinds of steps that a program knows, over a context `C`. Made once per
/// program; a history names kinds, and this says what they are.
pub struct Registry<C> {
    kinds: HashMap<&'static str, Kind<C>>,
}

type Read<C> = fn(&Value) -> Result<Arc<dyn ErasedStep<C>>, serde_json::Error>;

struct Kind<C> {
    step: TypeId,
    effect: Effect,
    read: Read<C>,
}

impl<C: Send + Sync + 'static> Default for Registry<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Send + Sync + 'static> Registry<C> {
    /// One that knows no kind.
    pub fn new() -> Self {
        Self {
            kinds: HashMap::new(),
        }
    }

    /// Adds a kind of step, under its name and its [aliases](Step::ALIASES).
    ///
    /// # Panics
    /// When another type has the name: a program in which two do could not read
    /// its own histories.
    #[must_use]
    pub fn register<S: Step<Context = C>>(mut self) -> Self {
        for &name in [S::KIND].iter().chain(S::ALIASES) {
            let kind = Kind {
                step: TypeId::of::<S>(),
                effect: S::EFFECT,
                read: |data| Ok(Arc::new(Bound(S::deserialize(data)?))),
            };
            let before = self.kinds.insert(name, kind);
            assert!(
                before.is_none_or(|before| before.step == TypeId::of::<S>()),
                "two types of steps are of kind {name:?}"
            );
        }
        self
    }

    /// The names of the kinds, in alphabetical order.
    pub fn kinds(&self) -> Vec<&'static str> {
        let mut kinds: Vec<_> = self.kinds.keys().copied().collect();
        kinds.sort_unstable();
        kinds
    }

    /// Whether everything that a run has still to do, or may have to undo, is
    /// understood.
    ///
    /// # Errors
    /// When the graph is recorded in another form, or there are steps whose kind
    /// or data is not known.
    pub fn understands(&self, machine: &Machine) -> Result<(), Unsupported> {
        self.program(machine).map(drop)
    }

    /// The code of all steps that a run has still to do, or may have to undo.
    pub(crate) fn program(&self, machine: &Machine) -> Result<Program<C>, Unsupported> {
        let found = machine.created().graph_version;
        if found != GRAPH_VERSION {
            return Err(Unsupported::Version { found });
        }
        let mut not_understood = Vec::new();
        let steps = (machine.shape().ids())
            .map(|id| match self.read(machine.shape().record(id)) {
                Ok(step) => Some(step),
                Err(why) => {
                    if machine.may_act(id) {
                        not_understood.push(why);
                    }
                    None
                }
            })
            .collect();
        if not_understood.is_empty() {
            Ok(Program(steps))
        } else {
            Err(Unsupported::Steps(not_understood))
        }
    }

    /// The code of one step.
    pub(crate) fn read(
        &self,
        record: &StepRecord,
    ) -> Result<Arc<dyn ErasedStep<C>>, NotUnderstood> {
        let not = |why| NotUnderstood {
            step: record.name.clone(),
            kind: record.kind.clone(),
            why,
        };
        let kind = (self.kinds.get(&*record.kind)).ok_or_else(|| not(Why::Kind))?;
        if kind.effect != record.effect {
            return Err(not(Why::Effect {
                recorded: record.effect,
                known: kind.effect,
            }));
        }
        (kind.read)(&record.data).map_err(|error| not(Why::Data(error.to_string())))
    }
}

/// The code of a run's steps, by place in the graph. Steps that are over for good
/// may have none.
pub(crate) struct Program<C>(Vec<Option<Arc<dyn ErasedStep<C>>>>);

impl<C> Program<C> {
    pub(crate) fn step(&self, id: StepId) -> Option<&Arc<dyn ErasedStep<C>>> {
        self.0.get(id.index())?.as_ref()
    }

    /// The code of a step and its input, for an attempt at it.
    pub(crate) fn attempted(
        &self,
        machine: &Machine,
        id: StepId,
    ) -> Result<(&Arc<dyn ErasedStep<C>>, Value), Fault> {
        let unknown = || Fault::permanent("the step's kind is not known");
        let step = self.step(id).ok_or_else(unknown)?;
        let input = machine.shape().record(id).input.resolve(machine);
        let input = input.map_err(|error| Fault::permanent(error.to_string()))?;
        Ok((step, input))
    }

    pub(crate) fn replace(&mut self, id: StepId, step: Arc<dyn ErasedStep<C>>) {
        if let Some(place) = self.0.get_mut(id.index()) {
            *place = Some(step);
        }
    }
}

/// Why a run can't be carried on by this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// Its graph is recorded in another form: an older one that does not hold
    /// the steps' data, or a newer one.
    #[error(
        "the run's graph is recorded in version {found}, and this program carries out version {GRAPH_VERSION}"
    )]
    Version {
        /// The version it is recorded in.
        found: u32,
    },
    /// Steps that are still to be done, or may have to be undone.
    #[error("this program does not understand {}", listed(.0))]
    Steps(Vec<NotUnderstood>),
}

fn listed(steps: &[NotUnderstood]) -> String {
    let all: Vec<String> = steps.iter().map(ToString::to_string).collect();
    all.join(", ")
}

/// A recorded step that a program does not understand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// The step.
    pub step: StepName,
    /// Its kind.
    pub kind: String,
    /// What is not understood.
    pub why: Why,
}

/// What is not understood of a recorded step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The kind.
    Kind,
    /// The data, with what is wrong.
    Data(String),
    /// The kind has another effect.
    Effect {
        /// The effect when the run began.
        recorded: Effect,
        /// The effect now.
        known: Effect,
    },
}

impl fmt::Display for NotUnderstood {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, kind, why } = self;
        match why {
            Why::Kind => write!(f, "step {step:?}: there is no kind {kind:?}"),
            Why::Data(error) => write!(f, "step {step:?}: this is no {kind:?}: {error}"),
            Why::Effect { recorded, known } => write!(
                f,
                "step {step:?}: {kind:?} had the effect {recorded}, and has {known}"
            ),
        }
    }
}
