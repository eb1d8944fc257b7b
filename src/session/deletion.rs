//! A deletion before it is a run: what `aurora delete` and `aurora reap` share.

use stepwell_state::{RunRow, Store};
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{self, DeleteParameters, DeleteRequest};
use stepwell_workflows::peering::PeeringInventory;

use super::start::Prepared;
use super::targets::Targets;
use super::{Connection, find, survey};
use crate::Context;
use crate::account::AccountRecord;
use crate::problem::Problem;

/// A deletion that can be started. The locks of its targets are held.
pub struct Deletion<'a> {
    /// What was found.
    pub parameters: DeleteParameters,
    target: String,
    own: Targets<'a>,
    /// Nobody peers the cluster any more: that needs its VPC, which goes.
    peered: Targets<'a>,
}

impl<'a> Deletion<'a> {
    /// Takes the target's lock and looks for what is to be deleted, then takes
    /// the locks of the peerings that go with it. A plan takes no lock.
    pub async fn look(
        context: &Context,
        state: &Store,
        connection: &Connection,
        account: &'a AccountRecord,
        request: &DeleteRequest,
        plan: bool,
    ) -> Result<Self, Problem> {
        let target = request.target();
        let mut own = Targets::new(account, std::slice::from_ref(&target));
        if !plan {
            own.lock(context, state, connection)?;
        }
        connection
            .aws
            .bury(find::dead(state, account, Some(&target))?);
        let parameters = aurora::survey_delete(&connection.aws, request)
            .await
            .map_err(|error| survey::refused(context, "could not look around in aws", error))?;
        let peered: Vec<String> = parameters
            .peerings
            .iter()
            .map(PeeringInventory::target)
            .collect();
        let mut peered = Targets::new(account, &peered);
        if !plan {
            peered.lock(context, state, connection)?;
        }
        Ok(Self {
            parameters,
            target,
            own,
            peered,
        })
    }

    /// Whether there is nothing in AWS to be deleted.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// The unfinished runs of its targets, each with a warning that it is given
    /// up with them.
    pub fn unfinished(
        &self,
        context: &Context,
        state: &Store,
        label: Option<&str>,
    ) -> Result<Vec<RunRow>, Problem> {
        let mut rows = self.own.unfinished(context, state, label)?;
        rows.extend(self.peered.unfinished(context, state, label)?);
        Ok(rows)
    }

    /// Gives up the unfinished runs.
    pub async fn give_up(
        &self,
        context: &Context,
        state: &Store,
        connection: &Connection,
        rows: &[RunRow],
    ) -> Result<(), Problem> {
        let reason = format!("{} of {}", Workflow::AuroraDelete.name(), self.target);
        self.own
            .abandon(context, state, connection, rows, &reason)
            .await
    }

    /// The workflow.
    pub fn prepare(&self) -> Result<Prepared, Problem> {
        let graph = aurora::delete_graph(&self.parameters);
        let target = self.target.clone();
        Prepared::new(Workflow::AuroraDelete, target, &self.parameters, graph)
    }
}
