//! Ways to reach an account: the SDK's HTTP client interface and a local server.

pub(crate) mod client;
mod cut;
pub(crate) mod server;
