//! Plans: what a start, a resume or a rollback would do, found out by looks alone.

mod undo;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde::Serialize;
use serde_json::Value;

use crate::clock::Clock;
use crate::executor::RunError;
use crate::graph::{Graph, Program, Registry};
use crate::machine::{Machine, Owner, Phase};
use crate::model::event::{RunCreated, Verb};
use crate::model::{Effect, Fault, FaultClass, GRAPH_VERSION, Outputs, RunId, StepId, StepName};
use crate::step::{Attempt, Found, Policy, retry};

pub use undo::{PlannedUndo, Stays};

/// What carrying out a step would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It would be made.
    Create,
    /// It is there, by this run.
    Keep,
    /// It is there, by somebody else, and would be used as it is.
    Adopt,
    /// It would be taken away.
    Delete,
    /// It is gone already.
    Gone,
    /// It would be looked up or waited for.
    Read,
    /// It was looked up or waited for before.
    Done,
    /// Depends on something that does not exist yet, or could not be looked at.
    Unknown,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlannedStep {
    /// The step.
    pub name: StepName,
    /// What kind of step it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// What carrying it out would mean.
    pub change: Change,
    /// For [`Change::Unknown`] and steps that depend on what is to be made:
    /// the step that has to be done first.
    pub until: Option<StepName>,
    /// The ids of what is there.
    pub ids: Vec<String>,
    /// Why it could not be looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Makes plans. Nothing is changed, and nothing is recorded.
pub struct Planner<C> {
    /// The kinds of steps.
    pub registry: Arc<Registry<C>>,
    /// What the steps work on.
    pub context: Arc<C>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// A single look may miss what is young: as long as something is to be made,
    /// or nothing of what is to be undone was found, all that was not found is
    /// looked for again, after each of these pauses.
    pub doubts: Vec<Duration>,
    /// How many looks may be under way at once.
    pub at_once: usize,
}

impl<C: Send + Sync + 'static> Planner<C> {
    /// One that looks once, at eight things at a time.
    pub fn new(registry: Arc<Registry<C>>, context: Arc<C>, clock: Arc<dyn Clock>) -> Self {
        Self {
            registry,
            context,
            clock,
            doubts: Vec::new(),
            at_once: 8,
        }
    }

    /// What a run of the graph would do, if it were started now.
    ///
    /// # Errors
    /// When a kind of step is not in the registry. A look that fails is told with
    /// its step.
    pub async fn of_start(&self, run: RunId, graph: &Graph) -> Result<Vec<PlannedStep>, RunError> {
        let created = RunCreated {
            graph_version: GRAPH_VERSION,
            steps: graph.records().clone(),
            ..RunCreated::new("", "", Value::Null)
        };
        let (machine, _) = Machine::create(run, self.clock.now(), created)?;
        self.of_resume(&machine).await
    }

    /// What a run would do, if it were taken up now and went forward.
    ///
    /// # Errors
    /// As [`of_start`](Self::of_start).
    pub async fn of_resume(&self, machine: &Machine) -> Result<Vec<PlannedStep>, RunError> {
        let mut walk = Walk {
            planner: self,
            machine,
            program: self.registry.program(machine)?,
            known: Known::of(machine),
            planned: vec![None; machine.shape().len()],
        };
        walk.go().await;
        for pause in &self.doubts {
            if !walk.makes_something() {
                break;
            }
            self.clock.sleep(*pause).await;
            walk.go().await;
        }
        Ok(walk.planned.into_iter().flatten().collect())
    }

    fn attempt(&self, machine: &Machine, id: StepId, verb: Verb) -> Attempt<C> {
        Attempt::that_looks(
            self.context.clone(),
            self.clock.clone(),
            machine.run(),
            machine.shape().name(id).clone(),
            verb,
            machine.rollback_options().clone(),
        )
    }
}

/// The outputs of the steps whose place was found.
struct Known(Vec<Option<Value>>);

impl Known {
    fn of(machine: &Machine) -> Self {
        let output = |id| machine.step(id).output.clone();
        Self(machine.shape().ids().map(output).collect())
    }
}

impl Outputs for Known {
    fn output(&self, step: StepId) -> Option<&Value> {
        self.0.get(step.index())?.as_ref()
    }
}

/// Goes over the graph by *check* alone. A step that needs the output of one
/// that does not exist yet is not looked at: its place can't exist either, or
/// can't be known. One that merely comes after such a step is looked at: it may
/// be there all the same.
struct Walk<'a, C> {
    planner: &'a Planner<C>,
    machine: &'a Machine,
    program: Program<C>,
    known: Known,
    /// What the last walk found.
    planned: Vec<Option<PlannedStep>>,
}

impl<C: Send + Sync + 'static> Walk<'_, C> {
    fn makes_something(&self) -> bool {
        let mut steps = self.planned.iter().flatten();
        steps.any(|step| step.change == Change::Create)
    }

    /// Goes over all steps, parents first, several at a time; what an earlier
    /// walk found is not looked at again.
    async fn go(&mut self) {
        let shape = self.machine.shape().clone();
        let found = |walk: &Self, id| walk.known.output(id).is_some();
        let mut rank = vec![0_usize; shape.len()];
        for id in shape.ids() {
            let above = shape.parents(id).map(|parent| rank[parent.index()] + 1);
            rank[id.index()] = above.max().unwrap_or(0);
        }
        let mut waves: Vec<Vec<StepId>> = Vec::new();
        for id in shape.ids() {
            let rank = rank[id.index()];
            waves.resize_with(waves.len().max(rank + 1), Vec::new);
            if self.planned[id.index()].is_none() || !found(self, id) {
                waves[rank].push(id);
            }
        }
        for wave in waves {
            let looks = futures_util::stream::iter(&wave).map(|&id| self.look(id));
            let looked: Vec<_> = looks.buffered(self.planner.at_once.max(1)).collect().await;
            for (id, (step, output)) in wave.into_iter().zip(looked) {
                self.planned[id.index()] = Some(step);
                self.known.0[id.index()] = output;
            }
        }
    }

    async fn look(&self, id: StepId) -> (PlannedStep, Option<Value>) {
        let shape = self.machine.shape();
        let record = shape.record(id);
        let state = self.machine.step(id);
        let erased = self.program.step(id);
        let mut step = PlannedStep {
            name: record.name.clone(),
            kind: record.kind.clone(),
            change: Change::Unknown,
            until: None,
            ids: Vec::new(),
            fault: None,
        };
        let (change, output) = if state.phase == Phase::Done {
            let change = match (record.effect, state.owner) {
                (Effect::Create, Owner::Theirs) => Change::Adopt,
                (Effect::Create, _) => Change::Keep,
                (Effect::Delete, _) => Change::Gone,
                (Effect::Read | Effect::Wait, _) => Change::Done,
            };
            (change, state.output.clone())
        } else {
            let mut parents = shape.parents(id);
            let missing = parents.find(|parent| self.known.output(*parent).is_none());
            step.until = missing.map(|parent| shape.name(parent).clone());
            match self.found(id).await {
                Ok(found) => change(found, record.effect, missing.is_some()),
                Err(fault) => {
                    step.fault = Some(fault);
                    (Change::Unknown, None)
                }
            }
        };
        step.change = change;
        if let Some(output) = &output {
            step.until = None;
            step.ids = erased.map_or_else(Vec::new, |erased| erased.ids(output));
        }
        (step, output)
    }

    async fn found(&self, id: StepId) -> Result<Found<Value>, Fault> {
        let record = self.machine.shape().record(id);
        let (Some(erased), Ok(input)) = (self.program.step(id), record.input.resolve(&self.known))
        else {
            return Ok(Found::Nothing);
        };
        let at = self.planner.attempt(self.machine, id, Verb::Run);
        let clock = self.planner.clock.as_ref();
        retry(Policy::default(), clock, async || {
            settled(erased.check(&at, input.clone())?.await)
        })
        .await
    }
}

/// What carrying out a step would mean, and its output, if that is known.
fn change(found: Found<Value>, effect: Effect, missing: bool) -> (Change, Option<Value>) {
    match (found, effect) {
        (Found::Nothing | Found::Partial(_), Effect::Create) => (Change::Create, None),
        (Found::Nothing | Found::Partial(_), Effect::Delete) => (Change::Delete, None),
        (Found::Nothing | Found::Partial(_), Effect::Read | Effect::Wait) => match missing {
            true => (Change::Unknown, None),
            false => (Change::Read, None),
        },
        // What changes nothing leaves nothing to keep or to adopt.
        (Found::Ours(output) | Found::Theirs(output), Effect::Read | Effect::Wait) => {
            (Change::Read, Some(output))
        }
        (Found::Ours(output) | Found::Theirs(output), Effect::Delete) => {
            (Change::Gone, Some(output))
        }
        (Found::Ours(output), _) => (Change::Keep, Some(output)),
        (Found::Theirs(output), _) => (Change::Adopt, Some(output)),
    }
}

/// What is on its way out is not there to be used: the step waits for it to go,
/// and the plan does not.
fn settled<T>(found: Result<Found<T>, Fault>) -> Result<Found<T>, Fault> {
    match found {
        Err(fault) if fault.class == FaultClass::Pending => Ok(Found::Nothing),
        found => found,
    }
}
