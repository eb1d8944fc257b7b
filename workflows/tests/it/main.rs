//! The workflows on the simulated account, in virtual time: the steps'
//! contract, and failures and crashes at every point.

mod account_time;
mod adoption;
mod campaign;
mod clock;
mod contract;
mod create;
mod defects;
mod delete;
mod detached;
mod iam;
mod layout;
mod obstacles;
mod ocm;
mod peering;
mod reap;
mod refusals;
mod reset;
mod restore;
mod rollback;
mod rosa;
mod scale;
mod scripts;
mod simulation;
mod standin;
mod storms;
mod strikes;
mod support;
mod trial;
mod waking;
