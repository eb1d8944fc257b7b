//! What a command works with once it is connected: the state file, AWS, the
//! account; and what stands before a run: locks, looks at AWS, questions.

mod abandon;
mod broken;
pub mod confirm;
pub mod connection;
pub mod deletion;
pub mod find;
pub mod launch;
pub mod locks;
pub mod patient;
pub mod rosa;
pub mod sandbox;
pub mod serving;
pub mod store;
pub mod survey;
pub mod takeup;
pub mod targets;
pub mod understood;
pub mod which;

use std::sync::Arc;

use stepwell_engine::{Executor, Runner};
use stepwell_state::Store;
use stepwell_workflows::{Aws, DOUBTS, Target, registry};

use crate::Context;
use crate::account::AccountRecord;
use crate::problem::Problem;

pub use broken::{failed, unsupported};
pub use connection::{Backend, Connection};
use patient::PatientStore;

/// A command at work: on whose word, over which state file, in which account.
pub struct Session {
    /// The settings, the printer, the person.
    pub context: Context,
    /// The state file.
    pub state: Store,
    /// Which AWS that is.
    pub backend: Backend,
    /// The clients.
    pub connection: Connection,
    /// The account.
    pub account: AccountRecord,
}

impl Session {
    /// A runner for what comes before a run is carried. What it waits for is said
    /// as a note.
    pub fn runner(&self) -> Runner<Aws> {
        let printer = self.context.printer;
        let store = PatientStore::new(self, move |line| printer.note(line));
        self.runner_over(Arc::new(store))
    }

    /// A runner over a store.
    pub fn runner_over(&self, store: Arc<PatientStore>) -> Runner<Aws> {
        let connection = &self.connection;
        let executor = Executor::new(Arc::new(registry()), connection.aws.clone(), store.clone());
        Runner {
            actor: self.context.actor.clone(),
            // What is young may be missed by a look.
            doubts: DOUBTS.to_vec(),
            ..Runner::over(
                store,
                Executor {
                    clock: connection.clock.clone(),
                    ..executor
                },
            )
        }
    }

    /// Makes known which runs are dead: of a target, or of all. What they made is
    /// nobody's.
    pub fn forget_dead(&self, target: Option<&Target>) -> Result<(), Problem> {
        let dead = find::dead(&self.state, &self.account, target)?;
        self.connection.aws.mark_dead(dead);
        Ok(())
    }
}
