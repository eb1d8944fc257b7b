//! What every journal promises, held against each of them.

use std::sync::Arc;

use stepwell_engine::testing::keeps_the_journal_contract;
use stepwell_engine::{MemoryJournal, MemoryStore};
use stepwell_state::{Access, Store};

use crate::support::{block, open, place};

#[test]
fn memory() {
    block(keeps_the_journal_contract(Arc::new(MemoryJournal::new())));
    block(keeps_the_journal_contract(Arc::new(MemoryStore::new())));
}

#[test]
fn sqlite() {
    let (_dir, path) = place();
    block(keeps_the_journal_contract(Arc::new(open(&path))));
}

#[test]
fn sqlite_on_many_threads() {
    let (_dir, path) = place();
    let store = open(&path);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .build()
        .expect("a runtime")
        .block_on(keeps_the_journal_contract(Arc::new(store)));
}

#[test]
fn sqlite_without_a_log() {
    let (_dir, path) = place();
    let store = Store::open_on(&path, Access::ReadWrite, Some("NFS")).expect("opened");
    block(keeps_the_journal_contract(Arc::new(store)));
}
