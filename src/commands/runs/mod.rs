//! `stepwell runs …`.

pub mod events;
pub mod list;
pub mod show;
pub mod verify;
