//! Steps: plain data with three verbs.

mod attempt;
mod child;
mod policy;

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use attempt::Attempt;
pub(crate) use attempt::Shared;
pub use child::ProcessGroup;
pub use policy::{Decision, Policy, retry};

use crate::model::{Effect, Fault};

/// What [`Step::check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    /// What the step is for is not so.
    Nothing,
    /// A part of it is so, by this run (half of a file, some of a table's rows):
    /// *run* has to complete it, and *undo* to take it away.
    Partial(T),
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
            Self::Partial(output) => Found::Partial(f(output)),
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
///
/// A step is written into the history when a run starts and read back from there
/// for every attempt, by this version of the program or a later one: a field
/// that is not written is not there.
pub trait Step: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What the step works on, shared by all steps of a graph.
    type Context: Send + Sync + 'static;
    /// The outputs of other steps that it needs.
    type Input: DeserializeOwned + Send + Sync + 'static;
    /// What it makes known to others; recorded in the journal.
    type Output: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// What kind of step it is, in kebab case. The history names it, so it stays
    /// as it is, or becomes one of the [`ALIASES`](Self::ALIASES).
    const KIND: &'static str;
    /// Names that the kind had in earlier versions of the program.
    const ALIASES: &'static [&'static str] = &[];
    /// What it does to the world.
    const EFFECT: Effect;
    /// Whether *run* may be repeated after it had its effect, because once more
    /// is the same as once. A step with an effect that says so needs no *check*.
    /// One that is undone while in doubt is run once more for its output first.
    const REPEATABLE: bool = false;

    /// How attempts are limited and repeated. By default as its effect asks for:
    /// see [`Policy::of`].
    fn policy(&self) -> Policy {
        Policy::of(Self::EFFECT)
    }

    /// The named limit, if one, that attempts at the step count towards: of all
    /// steps of a name, the run has no more than its
    /// [`limits`](crate::event::RunCreated::limits) say under way at once.
    /// Recorded when the run starts. Steps that change nothing count nowhere.
    fn limit(&self) -> Option<&str> {
        None
    }

    /// Looks, without changing anything, whether what the step is for is so.
    ///
    /// Only a step that changes nothing, or is [`REPEATABLE`](Self::REPEATABLE),
    /// can do without. Any other is refused by the compiler:
    ///
    /// ```compile_fail
    /// use stepwell_engine::{Attempt, Effect, Fault, Registry, Step};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Pay;
    ///
    /// impl Step for Pay {
    ///     type Context = ();
    ///     type Input = ();
    ///     type Output = ();
    ///     const KIND: &'static str = "pay";
    ///     const EFFECT: Effect = Effect::Create;
    ///
    ///     async fn run(&self, _: &Attempt<()>, _: &()) -> Result<(), Fault> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// Registry::new().register::<Pay>();
    /// ```
    fn check(
        &self,
        at: &Attempt<Self::Context>,
        input: &Self::Input,
    ) -> impl Future<Output = Result<Found<Self::Output>, Fault>> + Send {
        const {
            assert!(
                Self::EFFECT.is_passive() || Self::REPEATABLE,
                "a step with an effect needs a check, or to be REPEATABLE"
            );
        }
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
