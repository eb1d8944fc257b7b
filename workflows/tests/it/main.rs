//! The workflows on the simulated account, in virtual time: the steps'
//! contract, and failures and crashes at every point.

mod campaign;
mod clock;
mod contract;
mod create;
mod delete;
mod iam;
mod reap;
mod scripts;
mod strikes;
mod support;
