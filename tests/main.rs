//! Drives the real command in a hermetic environment, and holds the
//! architecture to its rules.

mod architecture;
mod campaign;
mod command;
mod defects;
mod kubernetes;
mod moto;
