//! The steps of `aurora create`: one API call with an effect each, or one wait.

mod cluster;
mod endpoint;
mod instance;
mod password;
mod range;
mod restore;
mod routing;
mod security_group;
mod subnet;
mod subnet_group;
mod vpc;

pub(crate) use cluster::{CreateCluster, ProtectCluster, WaitCluster};
pub use endpoint::Provisioned;
pub(crate) use endpoint::VerifyEndpoint;
pub(crate) use instance::{CreateInstance, WaitInstance, has_writer};
pub(crate) use password::SetPassword;
pub(crate) use range::ChooseRange;
pub(crate) use restore::RestoreCluster;
pub(crate) use routing::{AssociateSubnet, CreateRouteTable};
pub(crate) use security_group::CreateSecurityGroup;
pub(crate) use subnet::CreateSubnet;
pub(crate) use subnet_group::CreateSubnetGroup;
pub(crate) use vpc::CreateVpc;
