//! The commands that work through `kubectl`, with a stand-in for it
//! (`bin/kubectl`) whose pods run the real `psql` on a real PostgreSQL; in
//! `real`, with the real one and a stand-in for the server.

mod crash;
mod database;
mod failures;
mod install;
mod psql;
mod real;
mod refusals;
mod reset;
pub(crate) mod stage;
mod verify;
