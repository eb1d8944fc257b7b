//! The steps of `aurora create`: one API call with an effect each, or one wait.

mod available;
mod cluster;
mod endpoint;
mod instance;
mod password;
mod protect;
mod range;
mod restore;
mod routing;
mod security_group;
mod subnet;
mod subnet_group;
mod take_over;
mod vpc;
mod writer;

use stepwell_engine::Registry;

use crate::aws::Aws;
pub(crate) use available::{WaitCluster, WaitInstance};
pub(crate) use cluster::CreateCluster;
pub use endpoint::Provisioned;
pub(crate) use endpoint::VerifyEndpoint;
pub(crate) use instance::CreateInstance;
pub(crate) use password::SetPassword;
pub(crate) use protect::ProtectCluster;
pub(crate) use range::ChooseRange;
pub(crate) use restore::RestoreCluster;
pub(crate) use routing::{AssociateSubnet, CreateRouteTable};
pub(crate) use security_group::CreateSecurityGroup;
pub(crate) use subnet::CreateSubnet;
pub(crate) use subnet_group::CreateSubnetGroup;
pub(crate) use take_over::TakeOver;
pub(crate) use vpc::CreateVpc;
pub(crate) use writer::{ChooseWriter, writer};

/// Adds the kinds of these steps.
pub(crate) fn register(registry: Registry<Aws>) -> Registry<Aws> {
    registry
        .register::<AssociateSubnet>()
        .register::<ChooseRange>()
        .register::<ChooseWriter>()
        .register::<CreateCluster>()
        .register::<CreateInstance>()
        .register::<CreateRouteTable>()
        .register::<CreateSecurityGroup>()
        .register::<CreateSubnet>()
        .register::<CreateSubnetGroup>()
        .register::<CreateVpc>()
        .register::<ProtectCluster>()
        .register::<RestoreCluster>()
        .register::<SetPassword>()
        .register::<TakeOver>()
        .register::<VerifyEndpoint>()
        .register::<WaitCluster>()
        .register::<WaitInstance>()
}
