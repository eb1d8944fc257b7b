//! The workflows on the simulated account, in virtual time: the steps'
//! contract, and failures and crashes at every point.

mod campaign;
mod contract;
mod create;
mod delete;
mod support;
