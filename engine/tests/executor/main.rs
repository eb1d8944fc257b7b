//! Tests of the executor on virtual time: scripted steps in a simulated world,
//! a journal that can fail or be cut off at any append.

mod compat;
mod durability;
mod faults;
mod graphs;
mod hand;
mod lease;
mod parts;
mod plans;
mod resuming;
mod rollback;
mod rules;
mod runner;
mod stopping;
mod support;
mod waiting;
mod work;
