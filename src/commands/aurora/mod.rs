//! `stepwell aurora …`.

pub mod create;
pub mod delete;
pub mod endpoint;
pub mod list;
pub mod psql;
pub mod reap;
pub mod reset;
pub mod scale;
