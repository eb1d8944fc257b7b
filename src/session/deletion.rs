//! A deletion before it is a run: what `aurora delete` and `aurora reap` share.

use stepwell_state::{RunRow, Store};
use stepwell_workflows::Workflow;
use stepwell_workflows::aurora::{self, DeleteParameters, DeleteRequest};
use stepwell_workflows::peering::{self, PeeringInventory};

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
    targets: Targets<'a>,
}

impl<'a> Deletion<'a> {
    /// Takes the target's lock and looks for what is to be deleted, then takes
    /// the locks of all else that ends with it. A plan takes no lock.
    pub async fn look(
        context: &Context,
        state: &Store,
        connection: &Connection,
        account: &'a AccountRecord,
        request: &DeleteRequest,
        plan: bool,
    ) -> Result<Self, Problem> {
        let target = request.target();
        let mut targets = Targets::new(account, [target.clone()]);
        if !plan {
            targets.lock(context, state, connection).await?;
        }
        connection
            .aws
            .bury(find::dead(state, account, Some(&target))?);
        let parameters = look(context, connection, request).await?;
        targets.add(peerings(&parameters));
        let (region, cluster) = (&parameters.region, &parameters.cluster);
        // A reset has no database to go on with.
        targets.add_unfinished(state, &format!("*/{region}/{cluster}"))?;
        // Nor has a peering that is in none of the VPC's, if that was asked. Where
        // the VPC is gone too, the look passes over regions that can't be asked.
        if parameters.rosa_account.is_some() && !parameters.inventory.vpcs.is_empty() {
            targets.add_unfinished(state, &peering::target(region, cluster, "*"))?;
        }
        if !plan {
            targets.lock(context, state, connection).await?;
        }
        Ok(Self {
            parameters,
            target,
            targets,
        })
    }

    /// Looks once more for what is to be deleted, under the same locks.
    pub async fn look_again(
        &mut self,
        context: &Context,
        connection: &Connection,
        request: &DeleteRequest,
    ) -> Result<(), Problem> {
        self.parameters = look(context, connection, request).await?;
        self.targets
            .must_cover(&peerings(&self.parameters).collect::<Vec<_>>())
    }

    /// Whether there is nothing in AWS to be deleted.
    pub fn is_empty(&self) -> bool {
        self.parameters.is_empty()
    }

    /// The unfinished runs that end with it, each with a warning that it is
    /// given up.
    pub fn unfinished(
        &self,
        context: &Context,
        state: &Store,
        label: Option<&str>,
    ) -> Result<Vec<RunRow>, Problem> {
        self.targets.unfinished(context, state, label)
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
        self.targets
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

async fn look(
    context: &Context,
    connection: &Connection,
    request: &DeleteRequest,
) -> Result<DeleteParameters, Problem> {
    let what = "could not read what is in aws";
    survey::once_alone(context, connection, what, async || {
        aurora::survey_delete(&connection.aws, request).await
    })
    .await
}

/// The targets of the peerings that go with it.
fn peerings(parameters: &DeleteParameters) -> impl Iterator<Item = String> {
    parameters.peerings.iter().map(PeeringInventory::target)
}
