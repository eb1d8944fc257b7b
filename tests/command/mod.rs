//! The command, as a person or a script sees it.

mod account;
mod actions;
mod adoption;
mod crash;
mod create;
mod delete;
mod doctor;
mod faults;
mod guide;
pub(crate) mod harness;
mod help;
mod history;
mod json;
mod keycloak;
mod locks;
pub(crate) mod peering;
mod reap;
mod restore;
mod rollback;
mod secrets;
mod signals;
mod state;
pub(crate) mod terminal;
mod usage;
mod waive;
