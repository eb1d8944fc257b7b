//! Tests of the machine: a simulated world, properties over random graphs and
//! mishaps, histories that must be refused, and graphs of 100,000 steps.

mod cases;
mod illegal;
mod properties;
mod scale;
mod sim;
mod table;
mod world;
