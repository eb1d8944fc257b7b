//! `stepwell aurora …`.

pub mod create;
pub mod delete;
pub mod endpoint;
pub mod list;
pub mod reap;
