//! What starts a run or takes one up: the account, the locks, the executor
//! under signals, and the report at the end.

pub mod abandon;
pub mod backend;
pub mod carry;
pub mod confirm;
pub mod deletion;
pub mod find;
pub mod hook;
pub mod journal;
pub mod limits;
pub mod locks;
pub mod many;
pub mod requests;
pub mod rosa;
pub mod sandbox;
pub mod serving;
pub mod signals;
pub mod start;
pub mod store;
pub mod survey;
pub mod takeup;
pub mod targets;
pub mod understood;
pub mod watch;
pub mod which;

pub use backend::{Backend, Connection};
