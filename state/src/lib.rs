//! Stepwell's state: the SQLite journal, the index of runs, and the locks.
//!
//! A [`Store`] is one database file. It implements the engine's
//! [`Journal`](stepwell_engine::Journal): an append returns once its events
//! are on the disk, and appends that arrive while a commit runs share the next
//! one. Beside the history it keeps one row per run, so that runs can be
//! listed without folding their events, and locks that die with their process.
//!
//! The crate knows no cloud and no terminal, and reads neither the environment
//! nor the clock.

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
pub use row::{RunFilter, RunRow, RunStatus};
pub use store::{Access, Store};
