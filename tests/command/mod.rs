//! The command, as a person or a script sees it.

mod account;
mod adoption;
mod crash;
mod create;
mod delete;
mod faults;
mod guide;
pub(crate) mod harness;
mod help;
mod json;
mod keycloak;
mod locks;
mod restore;
mod rollback;
mod secrets;
mod signals;
mod state;
mod terminal;
mod usage;
