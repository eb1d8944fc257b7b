//! A step as the history records it: data, of which nothing but its kind has to
//! be known to carry it out.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::StepName;

/// The version of the form in which graphs are recorded. Runs recorded before
/// there was one are of version 0: they name their steps and say nothing of
/// their data, so they can be read, and not be carried on.
pub const GRAPH_VERSION: u32 = 1;

/// A step's place in its graph: the order in which it was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub(crate) u32);

impl StepId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a step does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Brings something into being; can be undone.
    Create,
    /// Takes something away for good.
    Delete,
    /// Looks; may be dropped at once and repeated.
    Read,
    /// Polls until something is so; may be dropped at once and resumed.
    Wait,
}

impl Effect {
    /// Whether an attempt changes nothing, so that it may be dropped at once.
    pub const fn is_passive(self) -> bool {
        matches!(self, Self::Read | Self::Wait)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Read => "read",
            Self::Wait => "wait",
        })
    }
}

/// A step as the journal records it. With its kind's code, nothing else is
/// needed to carry it out, to undo it or to explain it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its name, unique in the graph.
    pub name: StepName,
    /// What kind of step it is, for example `create-vpc`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it does to the world.
    pub effect: Effect,
    /// What is wanted, as the step writes and reads it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
    /// The named limit that its attempts count towards, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// The outputs that make up its input.
    #[serde(default, skip_serializing_if = "Wiring::is_nothing")]
    pub input: Wiring,
    /// The places of the steps that it merely comes after. (In runs of graph
    /// version 0, of all its parents.)
    #[serde(default, alias = "needs", skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<u32>,
}

impl StepRecord {
    /// The places of its parents in the list of steps, each once, in order.
    pub fn parents(&self) -> Vec<u32> {
        let mut parents = self.after.clone();
        self.input.visit(&mut |parent| parents.push(parent));
        parents.sort_unstable();
        parents.dedup();
        parents
    }
}

/// The outputs that make up a step's input, in the shape in which it reads them.
/// As JSON: `null`, the place of a step, or a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Wiring {
    /// No output.
    #[default]
    Nothing,
    /// The output of the step in this place.
    Output(u32),
    /// Several, one after the other.
    List(Vec<Wiring>),
}

/// The outputs of the steps that are done, by place in the graph.
pub trait Outputs {
    /// The output of a step, if it is done.
    fn output(&self, step: StepId) -> Option<&Value>;
}

/// A step's input can't be put together: the output of a parent is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the output of step {} is not known yet", .0.0)]
pub struct InputError(pub StepId);

impl Wiring {
    /// Whether no output is taken.
    pub fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }

    /// Names every place whose output is taken.
    pub(crate) fn visit(&self, visit: &mut dyn FnMut(u32)) {
        match self {
            Self::Nothing => {}
            Self::Output(step) => visit(*step),
            Self::List(list) => list.iter().for_each(|one| one.visit(visit)),
        }
    }

    /// Puts the input together.
    pub(crate) fn resolve(&self, outputs: &dyn Outputs) -> Result<Value, InputError> {
        match self {
            Self::Nothing => Ok(Value::Null),
            Self::Output(step) => {
                let step = StepId(*step);
                outputs.output(step).cloned().ok_or(InputError(step))
            }
            Self::List(list) => list.iter().map(|one| one.resolve(outputs)).collect(),
        }
    }
}
