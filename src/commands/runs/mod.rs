//! `stepwell runs …`.

pub mod events;
pub mod list;
pub mod prune;
pub mod show;
pub mod verify;
