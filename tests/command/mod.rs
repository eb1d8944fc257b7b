//! The command, as a person or a script sees it.

mod account;
mod crash;
mod create;
mod delete;
mod faults;
mod guide;
pub(crate) mod harness;
mod help;
mod history;
mod json;
mod locks;
mod rollback;
mod secrets;
mod signals;
mod state;
mod terminal;
mod usage;
mod waive;
