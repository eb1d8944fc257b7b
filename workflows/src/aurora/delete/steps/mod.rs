//! The steps of `aurora delete`. None can be undone; each is a success if what
//! it deletes is gone already.

mod cluster;
mod gone;
mod instance;
mod network;
mod part;
mod ready;
mod verify;

use stepwell_engine::{Fault, Found, Registry};

use crate::Refusal;
use crate::aurora::holders::{Doomed, Obstacle, network as look, refusal};
use crate::aws::Aws;
pub(super) use cluster::DeleteCluster;
pub(in crate::aurora) use gone::WaitInstanceGone;
pub(super) use gone::{WaitClusterGone, WaitPartGone};
pub(super) use instance::DeleteInstance;
pub(super) use network::{
    DeleteRouteTable, DeleteSecurityGroup, DeleteSubnet, DeleteSubnetGroup, DeleteVpc, Disassociate,
};
pub(super) use part::{DeletePart, DetachPart, RevokeRule};
pub(super) use ready::{ClusterReady, ReadyCluster};
pub(super) use verify::VerifyGone;

fn gone_if<T>(nothing: Option<T>) -> Found<()> {
    match nothing {
        None => Found::Ours(()),
        Some(_) => Found::Nothing,
    }
}

/// A fault for a person to act on, if something is in the way of what can't be
/// undone.
fn unless_free(doomed: &Doomed, obstacles: &[Obstacle]) -> Result<(), Fault> {
    Refusal::unless(refusal(doomed, obstacles))
}

/// The same for what is in the way of the network.
async fn unless_network_is_free(aws: &Aws, doomed: &Doomed) -> Result<(), Fault> {
    let found = Box::pin(look::look(aws, doomed)).await?;
    unless_free(doomed, &found.obstacles)
}

/// Adds the kinds of these steps.
pub(crate) fn register(registry: Registry<Aws>) -> Registry<Aws> {
    registry
        .register::<DeleteCluster>()
        .register::<DeleteInstance>()
        .register::<DeletePart>()
        .register::<DeleteRouteTable>()
        .register::<DeleteSecurityGroup>()
        .register::<DeleteSubnet>()
        .register::<DeleteSubnetGroup>()
        .register::<DeleteVpc>()
        .register::<DetachPart>()
        .register::<Disassociate>()
        .register::<ReadyCluster>()
        .register::<RevokeRule>()
        .register::<VerifyGone>()
        .register::<WaitClusterGone>()
        .register::<WaitInstanceGone>()
        .register::<WaitPartGone>()
}
