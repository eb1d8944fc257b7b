//! The workflows on the simulated account, in virtual time: the steps'
//! contract, and failures and crashes at every point.

mod adoption;
mod campaign;
mod clock;
mod contract;
mod create;
mod defects;
mod delete;
mod restore;
mod strikes;
mod support;
