//! Steps of any type over a context, and how an attempt at one goes.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Serialize};
use serde_json::Value;

use crate::clock::BoxFuture;
use crate::model::event::Outcome;
use crate::model::{Effect, Fault};
use crate::step::{Attempt, Found, Owner, Policy, Step};

/// A failed attempt.
pub(crate) struct Failure {
    pub(crate) fault: Fault,
    /// Whether the effect was begun.
    pub(crate) reached: bool,
    /// Whether it may have taken place unseen.
    pub(crate) in_doubt: bool,
}

/// How an attempt ended.
pub(crate) enum Landing {
    Done(Outcome),
    Failed(Failure),
    /// It was asked to end, which is no failure.
    Interrupted {
        /// Whether the effect was begun.
        reached: bool,
    },
}

/// An attempt that is under way.
pub(crate) type Work = BoxFuture<'static, Landing>;

/// A look at what an undo has before it, by ids.
pub(crate) type Claimed<'a> = BoxFuture<'a, Result<Claim<Vec<String>>, Fault>>;

/// A look at what is there.
pub(crate) type Looked<'a> = BoxFuture<'a, Result<Found<Value>, Fault>>;

/// What an undo has before it.
pub(crate) enum Claim<T> {
    /// Nothing is there.
    Nothing,
    /// It is not this run's, with whose it is if it was.
    Kept(Option<String>),
    /// It is this run's.
    Ours(T),
}

/// A step of any type over a context.
pub(crate) trait ErasedStep<C>: Send + Sync {
    fn policy(&self) -> Policy;
    fn is_repeatable(&self) -> bool;
    fn ids(&self, output: &Value) -> Vec<String>;
    /// An output as the step writes it, or why it is none of the step's.
    fn accept(&self, output: &Value) -> Result<Value, String>;
    fn check<'a>(&'a self, at: &'a Attempt<C>, input: Value) -> Result<Looked<'a>, Fault>;
    fn forward(self: Arc<Self>, at: Attempt<C>, input: Value) -> Result<Work, Fault>;
    fn backward(
        self: Arc<Self>,
        at: Attempt<C>,
        input: Value,
        output: Option<&Value>,
    ) -> Result<Work, Fault>;
    /// What [`backward`](Self::backward) would find; the ids of what it would undo.
    fn claim<'a>(
        &'a self,
        at: &'a Attempt<C>,
        input: Value,
        output: Option<&Value>,
    ) -> Result<Claimed<'a>, Fault>;
}

/// A step of one type.
pub(super) struct Bound<S>(pub(super) S);

impl<S: Step> ErasedStep<S::Context> for Bound<S> {
    fn policy(&self) -> Policy {
        self.0.policy()
    }

    fn is_repeatable(&self) -> bool {
        S::REPEATABLE
    }

    fn ids(&self, output: &Value) -> Vec<String> {
        S::Output::deserialize(output).map_or_else(|_| Vec::new(), |output| self.0.ids(&output))
    }

    fn accept(&self, output: &Value) -> Result<Value, String> {
        let read = S::Output::deserialize(output).map_err(|error| error.to_string())?;
        serde_json::to_value(&read).map_err(|error| error.to_string())
    }

    fn check<'a>(&'a self, at: &'a Attempt<S::Context>, input: Value) -> Result<Looked<'a>, Fault> {
        let input = self.input(input)?;
        Ok(Box::pin(async move {
            Ok(match self.0.check(at, &input).await? {
                Found::Nothing => Found::Nothing,
                Found::Partial(output) => Found::Partial(encode(&output)?),
                Found::Ours(output) => Found::Ours(encode(&output)?),
                Found::Theirs(output) => Found::Theirs(encode(&output)?),
            })
        }))
    }

    fn forward(self: Arc<Self>, at: Attempt<S::Context>, input: Value) -> Result<Work, Fault> {
        let input = self.input(input)?;
        Ok(Box::pin(async move {
            let work = async {
                match look(&self.0, &at, &input).await? {
                    Found::Nothing | Found::Partial(_) => {
                        let output = at.reach(self.0.run(&at, &input)).await?;
                        Ok(Outcome::Made {
                            output: encode(&output)?,
                        })
                    }
                    Found::Ours(output) => Ok(Outcome::Ours {
                        output: encode(&output)?,
                    }),
                    Found::Theirs(output) => Ok(Outcome::Theirs {
                        output: encode(&output)?,
                    }),
                }
            };
            bounded(&at, self.0.policy().timeout, S::EFFECT, work).await
        }))
    }

    fn backward(
        self: Arc<Self>,
        at: Attempt<S::Context>,
        input: Value,
        output: Option<&Value>,
    ) -> Result<Work, Fault> {
        let input = self.input(input)?;
        let known = recorded(output)?;
        Ok(Box::pin(async move {
            let work = async {
                let known = match known {
                    // Nobody can tell whether it had its effect, and once more
                    // is the same as once.
                    None if S::REPEATABLE => match look(&self.0, &at, &input).await? {
                        Found::Nothing => Some(at.reach(self.0.run(&at, &input)).await?),
                        Found::Partial(output) | Found::Ours(output) => Some(output),
                        Found::Theirs(_) => return Ok(Outcome::Kept { owner: None }),
                    },
                    known => known,
                };
                let output = match claim(&self.0, &at, &input, known).await? {
                    Claim::Nothing => return Ok(Outcome::NothingToUndo),
                    Claim::Kept(owner) => return Ok(Outcome::Kept { owner }),
                    Claim::Ours(output) => output,
                };
                at.reach(self.0.undo(&at, &input, &output)).await?;
                Ok(Outcome::Undone)
            };
            bounded(&at, self.0.policy().timeout, S::EFFECT, work).await
        }))
    }

    fn claim<'a>(
        &'a self,
        at: &'a Attempt<S::Context>,
        input: Value,
        output: Option<&Value>,
    ) -> Result<Claimed<'a>, Fault> {
        let input = self.input(input)?;
        let known = recorded(output)?;
        Ok(Box::pin(async move {
            // What may be there and can't be looked for is to be undone.
            if known.is_none() && S::REPEATABLE {
                return Ok(Claim::Ours(Vec::new()));
            }
            Ok(match claim(&self.0, at, &input, known).await? {
                Claim::Nothing => Claim::Nothing,
                Claim::Kept(owner) => Claim::Kept(owner),
                Claim::Ours(output) => Claim::Ours(self.0.ids(&output)),
            })
        }))
    }
}

impl<S: Step> Bound<S> {
    /// The input as the step reads it.
    fn input(&self, input: Value) -> Result<S::Input, Fault> {
        S::Input::deserialize(input).map_err(|error| {
            Fault::permanent("the recorded outputs are no input of this step")
                .with_cause(error.to_string())
                .without_effect()
        })
    }
}

fn recorded<T: DeserializeOwned>(output: Option<&Value>) -> Result<Option<T>, Fault> {
    output.map(T::deserialize).transpose().map_err(|error| {
        Fault::permanent("the step's recorded output can't be read")
            .with_cause(error.to_string())
            .without_effect()
    })
}

fn encode<T: Serialize>(output: &T) -> Result<Value, Fault> {
    serde_json::to_value(output).map_err(|error| {
        Fault::permanent("the step's output can't be recorded").with_cause(error.to_string())
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
            Found::Partial(output) | Found::Ours(output) => output,
        },
    };
    Ok(match step.owner(at, input, &output).await? {
        Owner::Other(owner) => Claim::Kept(Some(owner)),
        Owner::ThisRun => Claim::Ours(output),
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
    let settle = step.policy().settle;
    let started = at.clock().elapsed();
    let left = || {
        let waited = at.clock().elapsed().saturating_sub(started);
        settle.saturating_sub(waited)
    };
    let mut pause = Duration::from_secs(1);
    loop {
        let is_last = !at.in_doubt() || left().is_zero();
        match step.check(at, input).await {
            Ok(Found::Nothing) if !is_last => at.progress("in doubt: looking again"),
            Err(fault) if !is_last && fault.class.passes() => {
                at.progress(format!("in doubt: looking again, since {fault}"));
            }
            result => return result,
        }
        at.pause(pause.min(left())).await;
        pause *= 2;
    }
}

/// Puts an attempt under its time limit and turns its end into what is known.
/// Returns once nothing of it goes on. The work is taken as a value, not pinned
/// elsewhere: where its time is over it is dropped before its end is waited for.
async fn bounded<C>(
    at: &Attempt<C>,
    limit: Duration,
    effect: Effect,
    work: impl Future<Output = Result<Outcome, Fault>>,
) -> Landing {
    // Made only once the work has to be waited for: many a step is done at once.
    let timeout = async { at.clock().sleep(limit).await };
    let result = tokio::select! {
        biased;
        result = work => result,
        () = at.interrupted() => {
            at.outside_ended().await;
            return Landing::Interrupted { reached: at.reached() };
        }
        () = timeout => Err(over(at, limit, effect)),
    };
    at.outside_ended().await;
    match result {
        Ok(outcome) => Landing::Done(outcome),
        Err(fault) => {
            let unsure = fault.effect.may_have_happened();
            let reached = at.reached();
            let in_doubt = if !reached {
                // A fault of the check leaves the doubt as it was.
                at.in_doubt()
            } else if at.undoing() {
                // A failed undo does not tell whether a young resource is
                // visible to every read by now.
                at.in_doubt() || unsure
            } else {
                // What changes nothing leaves nothing to doubt.
                unsure && !effect.is_passive()
            };
            Landing::Failed(Failure {
                fault,
                reached,
                in_doubt,
            })
        }
    }
}

/// An attempt's time is over. A wait that is not over yet is only that; of
/// anything else, what does not answer an attempt would not answer an undo
/// either.
fn over<C>(at: &Attempt<C>, limit: Duration, effect: Effect) -> Fault {
    if effect != Effect::Wait || at.undoing() {
        return Fault::unreachable(format!("no answer within {limit:?}"));
    }
    match at.latest() {
        Some(latest) => Fault::pending(format!("not yet after {limit:?}: {latest}")),
        None => Fault::pending(format!("not yet after {limit:?}")),
    }
}
