//! A deletion before it is a run: what `aurora delete` and `aurora reap` share.

use stepwell_state::{Lock, RunRow, Store};
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{self, DeleteParameters, DeleteRequest};

use super::start::Prepared;
use super::{Connection, abandon, find, locks, survey};
use crate::Context;
use crate::account::AccountRecord;
use crate::history::RunState;
use crate::problem::Problem;
use crate::report::outcome;

/// A deletion that can be started. The lock of its target is held.
pub struct Deletion {
    /// What was found.
    pub parameters: DeleteParameters,
    /// The unfinished run of the target, which is given up with it.
    pub unfinished: Option<(RunRow, RunState)>,
    target: String,
    _lock: Option<Lock>,
}

impl Deletion {
    /// Takes the target's lock and looks for what is to be deleted. A plan
    /// takes no lock.
    pub async fn look(
        context: &Context,
        state: &Store,
        connection: &Connection,
        account: &AccountRecord,
        request: &DeleteRequest,
        plan: bool,
    ) -> Result<Self, Problem> {
        let target = request.target();
        let lock = if plan {
            None
        } else {
            let now = connection.clock.now();
            Some(locks::target(context, state, account, &target, now)?)
        };
        let parameters = aurora::survey_delete(&connection.aws, request)
            .await
            .map_err(|error| survey::refused(context, "could not look around in aws", error))?;
        Ok(Self {
            unfinished: find::unfinished(state, account, &target)?,
            parameters,
            target,
            _lock: lock,
        })
    }

    /// Whether there is nothing in AWS to be deleted.
    pub fn is_empty(&self) -> bool {
        self.parameters.inventory.is_empty()
    }

    /// That an unfinished run is given up, if there is one.
    pub fn warning(&self) -> Option<String> {
        let (run, stands) = self.unfinished.as_ref()?;
        Some(format!(
            "the unfinished run {} of {} ({stands}) is given up with it",
            outcome::short(run.id),
            run.workflow
        ))
    }

    /// Gives up the unfinished run.
    pub async fn give_up_unfinished(
        &self,
        context: &Context,
        state: &Store,
        connection: &Connection,
    ) -> Result<(), Problem> {
        let Some((run, _)) = &self.unfinished else {
            return Ok(());
        };
        let now = connection.clock.now();
        let reason = format!("{} of {}", Workflow::AuroraDelete.name(), self.target);
        abandon::abandon(context, state, run, &reason, now).await
    }

    /// The workflow.
    pub fn prepare(&self) -> Result<Prepared, Problem> {
        let graph = aurora::delete_graph(&self.parameters);
        let target = self.target.clone();
        Prepared::new(Workflow::AuroraDelete, target, &self.parameters, graph)
    }
}
