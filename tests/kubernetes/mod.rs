//! The commands that work through `kubectl`, with a stand-in for it
//! (`bin/kubectl`) whose pods run the real `psql` on a real PostgreSQL.

mod crash;
mod database;
mod failures;
mod install;
mod psql;
mod refusals;
mod reset;
pub(crate) mod stage;
mod verify;
