//! What a runner needs of a store of histories: locks, and which runs there are.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::clock::BoxFuture;
use crate::journal::{Journal, JournalError, MemoryJournal};
use crate::machine::{Machine, Status};
use crate::model::event::{Actor, End};
use crate::model::{Event, RunId, Timestamp};

/// A lock, held until it is dropped or the process ends, in whatever way.
pub type Guard = Box<dyn Send + Sync>;

/// Who has a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// The machine's name.
    pub host: String,
    /// The person's login.
    pub user: String,
    /// Since when.
    pub since: Timestamp,
}

impl Holder {
    /// Somebody, from now on.
    pub fn new(by: &Actor, since: Timestamp) -> Self {
        Self {
            pid: by.pid,
            host: by.host.clone(),
            user: by.user.clone(),
            since,
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid)?;
        if !self.user.is_empty() {
            write!(f, " of {}", self.user)?;
        }
        if !self.host.is_empty() {
            write!(f, " on {}", self.host)?;
        }
        Ok(())
    }
}

/// What is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Locked {
    /// A run: only who has it may write the run's history.
    Run(RunId),
    /// A target: only who has it may create a run there.
    Target(String),
}

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(run) => write!(f, "run {run}"),
            Self::Target(target) => f.write_str(target),
        }
    }
}

/// Why a lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process, or another part of this one, has it.
    #[error("{what} is locked by {}", match .holder {
        Some(holder) => holder.to_string(),
        None => "another process".to_owned(),
    })]
    Held {
        /// What is locked.
        what: Locked,
        /// Who has it, where that is known.
        holder: Option<Holder>,
    },
    /// The store could not lock.
    #[error("{what} can't be locked")]
    Failed {
        /// What was to be locked.
        what: Locked,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A journal with locks and an index of its runs.
///
/// A lock of a process that has died must count as free, and none may be
/// granted twice.
pub trait Store: Journal {
    /// Takes the lock of a run: only who has it may write the run's history.
    fn lock_run<'a>(
        &'a self,
        run: RunId,
        by: &'a Actor,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Guard, LockError>>;

    /// Takes the lock of a target in an account: only who has it may create a
    /// run there.
    fn lock_target<'a>(
        &'a self,
        account: &'a Value,
        target: &'a str,
        by: &'a Actor,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Guard, LockError>>;

    /// The runs on a target of an account that have something left to do, newest
    /// first.
    fn unfinished<'a>(
        &'a self,
        account: &'a Value,
        target: &'a str,
    ) -> BoxFuture<'a, Result<Vec<RunId>, JournalError>>;

    /// The history of a run, which is an error where it is not the one that was
    /// recorded. A store that can't tell gives what it has.
    fn history(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.load(run)
    }
}

/// A store in memory, for tests and for programs that need no history: journal
/// and locks end with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    journal: MemoryJournal,
    locks: Arc<Mutex<BTreeSet<String>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self, what: Locked, name: String) -> Result<Guard, LockError> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        if !locks.insert(name.clone()) {
            return Err(LockError::Held { what, holder: None });
        }
        Ok(Box::new(MemoryLock {
            locks: self.locks.clone(),
            name,
        }))
    }
}

struct MemoryLock {
    locks: Arc<Mutex<BTreeSet<String>>>,
    name: String,
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.remove(&self.name);
    }
}

impl Journal for MemoryStore {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        self.journal.append(events)
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.journal.load(run)
    }
}

impl Store for MemoryStore {
    fn lock_run<'a>(
        &'a self,
        run: RunId,
        _: &'a Actor,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Guard, LockError>> {
        let locked = self.lock(Locked::Run(run), format!("run {run}"));
        Box::pin(std::future::ready(locked))
    }

    fn lock_target<'a>(
        &'a self,
        account: &'a Value,
        target: &'a str,
        _: &'a Actor,
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Guard, LockError>> {
        let what = Locked::Target(target.to_owned());
        let locked = self.lock(what, format!("target {account} {target}"));
        Box::pin(std::future::ready(locked))
    }

    fn unfinished<'a>(
        &'a self,
        account: &'a Value,
        target: &'a str,
    ) -> BoxFuture<'a, Result<Vec<RunId>, JournalError>> {
        let mut unfinished = Vec::new();
        for events in self.journal.histories() {
            let Ok(machine) = Machine::replay(&events) else {
                continue;
            };
            let created = machine.created();
            let over = matches!(
                machine.status(),
                Status::Ended(End::Succeeded | End::RolledBack { .. } | End::Abandoned { .. })
            );
            if !over && created.target == target && created.account == *account {
                unfinished.push(machine.run());
            }
        }
        unfinished.reverse();
        Box::pin(std::future::ready(Ok(unfinished)))
    }
}
