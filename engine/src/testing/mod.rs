//! What tests of steps, workflows and journals need: an attempt for a single
//! step, a journal that fails or dies where it is told, runs that die everywhere,
//! and the contracts of steps and journals.
//!
//! ```
//! # use std::sync::Mutex;
//! # use stepwell_engine::*;
//! # use stepwell_engine::testing::Trials;
//! /// What there is, by name, with the key of who made it.
//! type World = Mutex<std::collections::BTreeMap<String, String>>;
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Make {
//!     name: String,
//! }
//!
//! impl Step for Make {
//!     type Context = World;
//!     type Input = ();
//!     type Output = String;
//!     const KIND: &'static str = "make";
//!     const EFFECT: Effect = Effect::Create;
//!
//!     async fn check(&self, at: &Attempt<World>, (): &()) -> Result<Found<String>, Fault> {
//!         let world = at.context().lock().unwrap();
//!         Ok(match world.get(&self.name) {
//!             None => Found::Nothing,
//!             Some(key) if *key == at.key() => Found::Ours(self.name.clone()),
//!             Some(_) => Found::Theirs(self.name.clone()),
//!         })
//!     }
//!
//!     async fn run(&self, at: &Attempt<World>, (): &()) -> Result<String, Fault> {
//!         at.context().lock().unwrap().insert(self.name.clone(), at.key());
//!         Ok(self.name.clone())
//!     }
//!
//!     async fn undo(&self, at: &Attempt<World>, (): &(), name: &String) -> Result<(), Fault> {
//!         at.context().lock().unwrap().remove(name);
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let mut graph = GraphBuilder::new();
//! graph.add("one", Make { name: "one".into() }, ());
//! let trials = Trials::new(Registry::new().register::<Make>(), graph.finish().unwrap());
//! let names = |world: &World| world.lock().unwrap().keys().cloned().collect::<Vec<_>>();
//!
//! let deaths = trials
//!     .dies_everywhere(
//!         async || World::default(),
//!         async |world, _| assert_eq!(names(world), ["one"]),
//!     )
//!     .await;
//! assert!(deaths > 2);
//! trials
//!     .dies_everywhere_in_rollback(
//!         async || World::default(),
//!         async |world, _| assert!(names(world).is_empty()),
//!     )
//!     .await;
//! trials.keeps_the_step_contract(async || World::default()).await;
//! # }
//! ```

mod contract;
mod faulty;
mod steps;
mod trials;

use std::sync::Arc;

use serde_json::Value;

pub use contract::keeps_the_journal_contract;
pub use faulty::{FaultyJournal, Trouble};
pub use steps::{forgotten, outcome_of};
pub use trials::Trials;

use crate::clock::Clock;
use crate::event::Verb;
use crate::model::RunId;
use crate::step::Attempt;

/// An attempt at a step of the name `step`, which belongs to no run, for tests of
/// a step's verbs.
pub fn attempt<C>(context: Arc<C>, clock: Arc<dyn Clock>) -> Attempt<C> {
    let (run, step) = (RunId::from_u128(1), "step".into());
    Attempt::that_looks(context, clock, run, step, Verb::Run, Value::Null)
}

/// The same to undo, as a person asked for it with these options.
pub fn attempt_to_undo<C>(context: Arc<C>, clock: Arc<dyn Clock>, options: Value) -> Attempt<C> {
    let (run, step) = (RunId::from_u128(1), "step".into());
    Attempt::that_looks(context, clock, run, step, Verb::Undo, options)
}

/// The same after one that may have had its effect unseen.
pub fn attempt_in_doubt<C>(context: Arc<C>, clock: Arc<dyn Clock>) -> Attempt<C> {
    Attempt {
        number: 2,
        in_doubt: true,
        ..attempt(context, clock)
    }
}
