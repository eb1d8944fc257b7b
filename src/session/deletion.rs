//! What `aurora delete` and `aurora reap` share: the look before a deletion.

use stepwell_workflows::Target;
use stepwell_workflows::aurora::{self, DeleteParameters, DeleteRequest};
use stepwell_workflows::peering::PeeringInventory;

use super::targets::Targets;
use super::{Session, survey};
use crate::problem::Problem;

/// Looks for what is to be deleted, and takes the locks of all else that ends
/// with it.
pub async fn survey(
    session: &Session,
    request: &DeleteRequest,
    targets: &mut Targets,
) -> Result<DeleteParameters, Problem> {
    let found = look(session, request).await?;
    targets.add(session, peerings(&found)).await?;
    // A reset has no database to go on with, nor has a peering that is in none of
    // the VPC's, if that was asked. Where the VPC is gone too, the look passes over
    // regions that can't be asked.
    let peerings_asked = found.rosa_account.is_some() && !found.inventory.vpcs.is_empty();
    let others = session.unfinished_targets(|target| {
        target.is_of(&found.region, &found.cluster) && (peerings_asked || !target.is_peering())
    })?;
    targets.add(session, others).await?;
    Ok(found)
}

/// Looks once more for what is to be deleted, under the same locks.
pub async fn survey_again(
    session: &Session,
    request: &DeleteRequest,
    targets: &Targets,
) -> Result<DeleteParameters, Problem> {
    let found = look(session, request).await?;
    targets.must_cover(&peerings(&found))?;
    Ok(found)
}

async fn look(session: &Session, request: &DeleteRequest) -> Result<DeleteParameters, Problem> {
    survey::once_alone(session, survey::READING, async || {
        aurora::survey_delete(&session.connection.aws, request).await
    })
    .await
}

/// The targets of the peerings that go with it.
fn peerings(found: &DeleteParameters) -> Vec<Target> {
    found
        .peerings
        .iter()
        .map(PeeringInventory::target)
        .collect()
}
