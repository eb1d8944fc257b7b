#![doc = include_str!("../README.md")]
//!
//! A [`Store`] implements the engine's [`Store`](stepwell_engine::Store) and
//! [`Journal`](stepwell_engine::Journal). It reads neither the environment nor the
//! clock.

mod chain;
mod combiner;
mod decode;
mod doubt;
mod error;
mod filesystem;
mod guard;
mod index;
mod lock;
mod open;
mod owner;
mod prune;
mod request;
mod room;
mod row;
mod rows;
mod runs;
mod schema;
mod store;
mod watch;
mod writer;

pub use chain::{Examined, Link, Verdict};
pub use error::{FindError, LockError, OpenError, StoreError};
pub use guard::{Danger, Remark};
pub use index::{Listing, Unreadable};
pub use lock::Lock;
pub use request::{Answer, Request, RequestId};
pub use row::{RunFilter, RunRow};
pub use stepwell_engine::summary::RunStatus;
pub use store::{Access, Store};
