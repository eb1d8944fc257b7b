//! Steps: plain data with three verbs.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::{BoxFuture, Clock};
use crate::event::{Outcome, Verb};
use crate::executor::{Lease, NoLease, Stop};
use crate::fault::Fault;
use crate::graph::{InputError, Needs, Outputs};
use crate::id::{RunId, StepName};
use crate::retry::Policy;

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
    pub fn is_passive(self) -> bool {
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

/// What [`Step::check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    /// What the step is for is not so.
    Nothing,
    /// It is so, by this run.
    Ours(T),
    /// It is so, by somebody else or an earlier run: adopted, never undone.
    Theirs(T),
}

impl<T> Found<T> {
    /// Turns the output of a hit.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Self::Nothing => Found::Nothing,
            Self::Ours(output) => Found::Ours(f(output)),
            Self::Theirs(output) => Found::Theirs(f(output)),
        }
    }
}

/// Whose something is that this run made, at the moment before it is undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// This run's: it may be undone.
    ThisRun,
    /// Another's by now, with a few words on whose: it is kept.
    Other(String),
}

/// A node of a graph: plain data that says what is wanted, with three verbs.
///
/// The engine carries out an attempt as *check*, then, if nothing was found,
/// *run*. A step whose outcome is unknown (a crash, a lost response, a timeout)
/// is settled by *check* alone, which is repeated for [`Policy::settle`] before
/// "nothing" is believed. So `run` should perform one effect, and `check` must
/// recognise it.
pub trait Step: Serialize + Send + Sync + 'static {
    /// What the step works on, shared by all steps of a graph.
    type Context: Send + Sync + 'static;
    /// The outputs of other steps that it needs.
    type Input: Send + Sync + 'static;
    /// What it makes known to others; recorded in the journal.
    type Output: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// What kind of step it is, in kebab case.
    const KIND: &'static str;
    /// What it does to the world.
    const EFFECT: Effect;

    /// How attempts are limited and repeated.
    fn policy(&self) -> Policy {
        Policy::default()
    }

    /// Looks, without changing anything, whether what the step is for is so.
    fn check(
        &self,
        at: &Attempt<Self::Context>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Found<Self::Output>, Fault>> + Send {
        let _ = (at, input);
        std::future::ready(Ok(Found::Nothing))
    }

    /// Makes it so.
    fn run(
        &self,
        at: &Attempt<Self::Context>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Self::Output, Fault>> + Send;

    /// Takes back what was made. Called only for what this run made; must be a
    /// success if it is gone already.
    fn undo(
        &self,
        at: &Attempt<Self::Context>,
        input: &Self::Input,
        output: &Self::Output,
    ) -> impl Future<Output = Result<(), Fault>> + Send {
        let _ = (at, input, output);
        std::future::ready(Ok(()))
    }

    /// Asks whose it is by now, what this run made. Called right before
    /// [`undo`](Self::undo): another run may have taken it over meanwhile. A
    /// fault keeps it and fails the attempt.
    fn owner(
        &self,
        at: &Attempt<Self::Context>,
        input: &Self::Input,
        output: &Self::Output,
    ) -> impl Future<Output = Result<Owner, Fault>> + Send {
        let _ = (at, input, output);
        std::future::ready(Ok(Owner::ThisRun))
    }

    /// The ids, in the remote system, of what an output stands for.
    fn ids(&self, output: &Self::Output) -> Vec<String> {
        let _ = output;
        Vec::new()
    }
}

/// Where progress messages go.
pub(crate) type ProgressSink = Arc<dyn Fn(&StepName, String) + Send + Sync>;

/// One attempt, as the step sees it.
pub struct Attempt<C> {
    pub(crate) context: Arc<C>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) run: RunId,
    pub(crate) step: StepName,
    pub(crate) number: u32,
    pub(crate) verb: Verb,
    pub(crate) in_doubt: bool,
    pub(crate) acting: AtomicBool,
    pub(crate) progress: ProgressSink,
    pub(crate) stop: Stop,
    pub(crate) lease: Arc<dyn Lease>,
    pub(crate) rollback_options: Value,
}

impl<C> Attempt<C> {
    /// One that only looks: it belongs to a plan, and to no history.
    pub(crate) fn of_plan(
        context: Arc<C>,
        clock: Arc<dyn Clock>,
        run: RunId,
        step: StepName,
        verb: Verb,
    ) -> Self {
        Self {
            context,
            clock,
            run,
            step,
            number: 1,
            verb,
            in_doubt: false,
            acting: AtomicBool::new(false),
            progress: Arc::new(|_, _| {}),
            stop: Stop::never(),
            lease: Arc::new(NoLease),
            rollback_options: Value::Null,
        }
    }

    /// What the steps of this graph work on.
    pub fn context(&self) -> &C {
        &self.context
    }

    /// The clock; the only source of time, sleep and randomness.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The run.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The step's name.
    pub fn step(&self) -> &StepName {
        &self.step
    }

    /// Which try this is, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Whether this attempt undoes.
    pub fn undoing(&self) -> bool {
        self.verb == Verb::Undo
    }

    /// How a person wants what the run made to be undone: the options that were
    /// recorded with the rollback, or null. The same for every attempt, over
    /// crashes too.
    pub fn rollback_options(&self) -> &Value {
        &self.rollback_options
    }

    /// Whether an earlier attempt may have had its effect unseen.
    pub fn in_doubt(&self) -> bool {
        self.in_doubt
    }

    /// A key that is the same for every attempt at this step of this run, over
    /// crashes too: `<run>/<step>`.
    pub fn key(&self) -> String {
        format!("{}/{}", self.run, self.step)
    }

    /// Waits for `duration` of clock time between two looks at something slow.
    /// If the run is to be suspended meanwhile, the pause ends with a fault that
    /// the step must return; the attempt is then recorded as interrupted and a
    /// resumed run repeats it. So does a pause after which the process may have
    /// lost its right to the run (see [`Lease`]). So a long wait inside *undo* need not hold up a
    /// person who wants to stop, or has to act.
    pub async fn pause(&self, duration: Duration) -> Result<(), Fault> {
        let mut stop = self.stop.clone();
        tokio::select! {
            () = self.clock.sleep(duration) => self.may_act(),
            () = stop.requested() => Err(Fault::interruption()),
        }
    }

    /// An interruption where the process may have lost its right to the run
    /// since the attempt began.
    fn may_act(&self) -> Result<(), Fault> {
        match self.lease.holds() {
            true => Ok(()),
            false => Err(Fault::interruption()),
        }
    }

    /// Tells observers how it is going. May be dropped; never journaled.
    pub fn progress(&self, message: impl Into<String>) {
        (self.progress)(&self.step, message.into());
    }
}

/// A failed attempt: the fault and whether the effect is in doubt.
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    pub(crate) in_doubt: bool,
}

/// A step bound to its needs.
pub(crate) struct BoundStep<S, N> {
    pub(crate) step: S,
    pub(crate) needs: N,
}

/// A step of any type over a context.
pub(crate) trait ErasedStep<C>: Send + Sync {
    fn data(&self) -> String;
    fn policy(&self) -> Policy;
    fn ids(&self, output: &Value) -> Vec<String>;
    /// An output as the step writes it, or why it is none of the step's.
    fn accept(&self, output: &Value) -> Result<Value, String>;
    /// Whether all that it needs is known.
    fn is_ready(&self, outputs: &dyn Outputs) -> bool;
    fn check<'a>(
        &'a self,
        at: &'a Attempt<C>,
        outputs: &dyn Outputs,
    ) -> Result<BoxFuture<'a, Result<Found<Value>, Fault>>, Fault>;
    fn forward(
        self: Arc<Self>,
        at: Attempt<C>,
        outputs: &dyn Outputs,
    ) -> Result<BoxFuture<'static, Result<Outcome, Failure>>, Fault>;
    fn backward(
        self: Arc<Self>,
        at: Attempt<C>,
        outputs: &dyn Outputs,
        output: Option<&Value>,
    ) -> Result<BoxFuture<'static, Result<Outcome, Failure>>, Fault>;
    /// What [`backward`](Self::backward) would find; the ids of what it would undo.
    fn claim<'a>(
        &'a self,
        at: &'a Attempt<C>,
        outputs: &dyn Outputs,
        output: Option<&Value>,
    ) -> Result<Claimed<'a>, Fault>;
}

/// A look at what an undo has before it, by ids.
pub(crate) type Claimed<'a> = BoxFuture<'a, Result<Claim<Vec<String>>, Fault>>;

/// What an undo has before it.
pub(crate) enum Claim<T> {
    /// Nothing is there.
    Nothing,
    /// It is not this run's, with whose it is if it was.
    Kept(Option<String>),
    /// It is this run's.
    Ours(T),
}

impl<S: Step, N: Needs<Value = S::Input>> ErasedStep<S::Context> for BoundStep<S, N> {
    fn data(&self) -> String {
        // A step that can't be serialised has no stable identity; its error
        // text then stands for it, and differs from any valid data.
        serde_json::to_string(&self.step).unwrap_or_else(|error| format!("unserialisable: {error}"))
    }

    fn policy(&self) -> Policy {
        self.step.policy()
    }

    fn ids(&self, output: &Value) -> Vec<String> {
        S::Output::deserialize(output).map_or_else(|_| Vec::new(), |output| self.step.ids(&output))
    }

    fn accept(&self, output: &Value) -> Result<Value, String> {
        let read = S::Output::deserialize(output).map_err(|error| error.to_string())?;
        serde_json::to_value(&read).map_err(|error| error.to_string())
    }

    fn is_ready(&self, outputs: &dyn Outputs) -> bool {
        let mut ready = true;
        self.needs
            .visit(&mut |step, _| ready &= outputs.output(step).is_some());
        ready
    }

    fn check<'a>(
        &'a self,
        at: &'a Attempt<S::Context>,
        outputs: &dyn Outputs,
    ) -> Result<BoxFuture<'a, Result<Found<Value>, Fault>>, Fault> {
        let input = self.needs.resolve(outputs).map_err(no_input)?;
        Ok(Box::pin(async move {
            match self.step.check(at, &input).await? {
                Found::Nothing => Ok(Found::Nothing),
                Found::Ours(output) => Ok(Found::Ours(encode(&output)?)),
                Found::Theirs(output) => Ok(Found::Theirs(encode(&output)?)),
            }
        }))
    }

    fn forward(
        self: Arc<Self>,
        at: Attempt<S::Context>,
        outputs: &dyn Outputs,
    ) -> Result<BoxFuture<'static, Result<Outcome, Failure>>, Fault> {
        let input = self.needs.resolve(outputs).map_err(no_input)?;
        Ok(Box::pin(async move {
            let work = async {
                match look(&self.step, &at, &input).await? {
                    Found::Nothing => {
                        at.may_act()?;
                        at.acting.store(true, Ordering::Relaxed);
                        let output = encode(&self.step.run(&at, &input).await?)?;
                        Ok(Outcome::Made { output })
                    }
                    Found::Ours(output) => Ok(Outcome::Ours {
                        output: encode(&output)?,
                    }),
                    Found::Theirs(output) => Ok(Outcome::Theirs {
                        output: encode(&output)?,
                    }),
                }
            };
            bounded(&at, self.step.policy(), S::EFFECT, work).await
        }))
    }

    fn backward(
        self: Arc<Self>,
        at: Attempt<S::Context>,
        outputs: &dyn Outputs,
        output: Option<&Value>,
    ) -> Result<BoxFuture<'static, Result<Outcome, Failure>>, Fault> {
        let input = self.needs.resolve(outputs).map_err(no_input)?;
        let known = recorded(output)?;
        Ok(Box::pin(async move {
            let work = async {
                let output = match claim(&self.step, &at, &input, known).await? {
                    Claim::Nothing => return Ok(Outcome::NothingToUndo),
                    Claim::Kept(owner) => return Ok(Outcome::Kept { owner }),
                    Claim::Ours(output) => output,
                };
                at.may_act()?;
                at.acting.store(true, Ordering::Relaxed);
                self.step.undo(&at, &input, &output).await?;
                Ok(Outcome::Undone)
            };
            bounded(&at, self.step.policy(), S::EFFECT, work).await
        }))
    }

    fn claim<'a>(
        &'a self,
        at: &'a Attempt<S::Context>,
        outputs: &dyn Outputs,
        output: Option<&Value>,
    ) -> Result<Claimed<'a>, Fault> {
        let input = self.needs.resolve(outputs).map_err(no_input)?;
        let known = recorded(output)?;
        Ok(Box::pin(async move {
            Ok(match claim(&self.step, at, &input, known).await? {
                Claim::Nothing => Claim::Nothing,
                Claim::Kept(owner) => Claim::Kept(owner),
                Claim::Ours(output) => Claim::Ours(self.step.ids(&output)),
            })
        }))
    }
}

fn recorded<T: DeserializeOwned>(output: Option<&Value>) -> Result<Option<T>, Fault> {
    output.map(T::deserialize).transpose().map_err(|error| {
        Fault::permanent(format!("the step's recorded output can't be read: {error}"))
    })
}

/// Looks for what an undo is to take away, if that is not known, and asks whose
/// it is by now.
async fn claim<S: Step>(
    step: &S,
    at: &Attempt<S::Context>,
    input: &S::Input,
    known: Option<S::Output>,
) -> Result<Claim<S::Output>, Fault> {
    let output = match known {
        Some(output) => output,
        None => match look(step, at, input).await? {
            Found::Nothing => return Ok(Claim::Nothing),
            Found::Theirs(_) => return Ok(Claim::Kept(None)),
            Found::Ours(output) => output,
        },
    };
    Ok(match step.owner(at, input, &output).await? {
        Owner::Other(owner) => Claim::Kept(Some(owner)),
        Owner::ThisRun => Claim::Ours(output),
    })
}

fn no_input(error: InputError) -> Fault {
    let mut fault = Fault::permanent(error.to_string());
    let source = std::error::Error::source(&error);
    fault.causes.extend(source.map(ToString::to_string));
    fault
}

fn encode<T: Serialize>(output: &T) -> Result<Value, Fault> {
    serde_json::to_value(output).map_err(|error| {
        Fault::permanent(format!("the step's output can't be recorded: {error}")).uncertain()
    })
}

/// Checks; where the step is in doubt, until the settle time is over, because
/// a read that misses a young resource proves nothing. Before that, a look that
/// fails in passing has merely missed: only the last one must succeed, or where
/// calls fail often the settle time would begin anew for ever.
async fn look<S: Step>(
    step: &S,
    at: &Attempt<S::Context>,
    input: &S::Input,
) -> Result<Found<S::Output>, Fault> {
    let policy = step.policy();
    let started = at.clock.elapsed();
    let left = || {
        let waited = at.clock.elapsed().saturating_sub(started);
        policy.settle.saturating_sub(waited)
    };
    let mut pause = Duration::from_secs(1);
    loop {
        let is_last = !at.in_doubt || left().is_zero();
        match step.check(at, input).await {
            Ok(Found::Nothing) if !is_last => at.progress("in doubt: looking again"),
            Err(fault) if !is_last && fault.class.passes() => {
                at.progress(format!("in doubt: looking again, since {fault}"));
            }
            result => return result,
        }
        at.pause(pause.min(left())).await?;
        pause *= 2;
    }
}

/// Puts an attempt under its time limit and turns its end into what is known.
async fn bounded<C>(
    at: &Attempt<C>,
    policy: Policy,
    effect: Effect,
    work: impl Future<Output = Result<Outcome, Fault>>,
) -> Result<Outcome, Failure> {
    let result = tokio::select! {
        biased;
        result = work => result,
        // What does not answer an attempt would not answer an undo either.
        () = at.clock.sleep(policy.timeout) => Err(Fault::unreachable(format!(
            "no answer within {:?}", policy.timeout
        ))
        .uncertain()),
    };
    result.map_err(|fault| {
        let in_doubt = if !at.acting.load(Ordering::Relaxed) {
            // A fault of the check leaves the doubt as it was.
            at.in_doubt
        } else if at.undoing() {
            // A failed undo does not tell whether a young resource is visible
            // to every read by now.
            at.in_doubt || fault.uncertain
        } else {
            // One of the effect says itself whether the effect may have
            // happened; what changes nothing leaves nothing to doubt.
            fault.uncertain && !effect.is_passive()
        };
        Failure { fault, in_doubt }
    })
}
