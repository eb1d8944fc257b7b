//! Keycloak: what it needs to know of its database.

mod env;

pub use env::{Credentials, EnvOptions, EnvRequest, credentials, must_be_active};
