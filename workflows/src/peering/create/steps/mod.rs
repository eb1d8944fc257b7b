//! The steps of `peering create`: one API call with an effect each, or one wait.

mod accept;
mod active;
mod connection;
mod network;
mod port;
mod route;
mod tag;
mod verify;

use stepwell_engine::Registry;

use crate::aws::Aws;
pub(crate) use accept::AcceptPeering;
pub(crate) use active::WaitActive;
pub(crate) use connection::{Connection, CreatePeering};
pub(crate) use network::LookUpNetwork;
pub(crate) use port::OpenPort;
pub(crate) use route::{CreateRoute, RouteMade};
pub(crate) use tag::TagAccepter;
pub(crate) use verify::VerifyPeering;
pub use verify::{Peered, PeeredRoute};

/// Adds the kinds of these steps.
pub(crate) fn register(registry: Registry<Aws>) -> Registry<Aws> {
    registry
        .register::<AcceptPeering>()
        .register::<CreatePeering>()
        .register::<CreateRoute>()
        .register::<LookUpNetwork>()
        .register::<OpenPort>()
        .register::<TagAccepter>()
        .register::<VerifyPeering>()
        .register::<WaitActive>()
}
