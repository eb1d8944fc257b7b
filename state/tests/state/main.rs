//! The state file from outside: one contract for every journal, and what only
//! a file can suffer.

mod absurd;
mod chain;
mod clock;
mod contract;
mod crash;
mod damage;
mod denied;
mod exhausted;
mod flips;
mod fuzz;
mod group;
mod index;
mod locks;
mod log;
mod moved;
mod others;
mod owners;
mod prune;
mod requests;
mod room;
mod schema;
mod shared;
mod support;
mod trust;
mod upgrade;
