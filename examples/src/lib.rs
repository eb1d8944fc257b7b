//! A workflow of fifteen steps with effects on this machine: files, a table of
//! SQLite, child processes, a symbolic link. The command `publish` carries it out.
//! What it is and how to run it is in `examples/README.md`.

pub mod note;
mod release;
mod site;
pub mod steps;

pub use release::{Release, registry};
pub use site::Site;

/// The guide: its code is executed as documentation tests of this crate.
#[cfg(doctest)]
#[doc = include_str!("../../docs/engine.md")]
pub struct Guide;
