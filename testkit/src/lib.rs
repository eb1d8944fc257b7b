//! What the tests of all packages share: random tests that count what came up,
//! and random numbers that a seed repeats.

mod chance;
mod fuzz;

pub use chance::{Chance, STEP, mix};
pub use fuzz::{Tally, cases, fuzz};
