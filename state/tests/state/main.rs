//! The state file from outside: one contract for every journal, and what only
//! a file can suffer.

mod absurd;
mod chain;
mod contract;
mod crash;
mod damage;
mod denied;
mod exhausted;
mod fuzz;
mod group;
mod index;
mod locks;
mod others;
mod schema;
mod support;
