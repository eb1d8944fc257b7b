//! The handle of a state file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;
use stepwell_engine::event::Actor;
use stepwell_engine::{BoxFuture, Event, Holder, Journal, JournalError, RunId, Timestamp};

use crate::chain::{self, Examined, Verdict};
use crate::combiner::{self, Append, Commit, Queue};
use crate::error::{FindError, LockError, OpenError, StoreError};
use crate::guard::Remark;
use crate::index::{Listing, Unreadable};
use crate::lock::{self, Lock};
use crate::row::{RunFilter, RunRow};
use crate::writer::{Committed, Writer, write_failed};
use crate::{decode, doubt, filesystem, index, open, prune};

/// What a [`Store`] is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading and writing; makes the file if there is none.
    ReadWrite,
    /// The same, also where the file, or the folder that it is to be made in,
    /// belongs to another user whom this one trusts.
    Trusted,
    /// Reading alone, also what belongs to another user; a file that does not exist reads as empty and is not made.
    ReadOnly,
}

/// A state file: journal, index of runs, and locks. Clones share it; they, and
/// other processes, may use it at the same time.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    path: PathBuf,
    access: Access,
    remarks: Vec<Remark>,
    /// Opened when first needed; `None` also while there is nothing to read.
    /// Stands, and so is closed, before the writer: only one that may write can
    /// bring the log into the file when it is the last.
    reader: Mutex<Option<Connection>>,
    /// `None` in a store that only reads.
    writer: Option<Mutex<Writer>>,
    queue: Queue,
    commits: AtomicU64,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the state file at `path`.
    ///
    /// For [`Access::ReadWrite`], a missing folder is made with mode 0700 and a
    /// missing file with mode 0600, and an older schema is upgraded.
    ///
    /// # Errors
    /// Each kind of trouble with the file is told apart; see [`StoreError`].
    pub fn open(path: &Path, access: Access) -> Result<Self, OpenError> {
        Self::open_on(path, access, filesystem::shared(open::folder(path)))
    }

    /// As [`open`](Self::open) does it on a file system of this kind, so that a
    /// test can do without one.
    #[doc(hidden)]
    pub fn open_on(
        path: &Path,
        access: Access,
        shared: Option<&'static str>,
    ) -> Result<Self, OpenError> {
        let (writer, reader, remarks) = match access {
            Access::ReadWrite | Access::Trusted => {
                let opened = open::writer(path, access, shared)?;
                let writer = Writer::new(opened.connection, path, opened.has_log)?;
                (Some(Mutex::new(writer)), None, opened.remarks)
            }
            Access::ReadOnly => {
                let (reader, remarks) = open::reader(path, access)?;
                (None, reader, remarks)
            }
        };
        Ok(Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                access,
                remarks,
                writer,
                reader: Mutex::new(reader),
                queue: Queue::default(),
                commits: AtomicU64::new(0),
            }),
        })
    }

    /// What a person should know of the file, one of each kind.
    pub fn remarks(&self) -> &[Remark] {
        &self.shared.remarks
    }

    /// How many bytes it has on the disk, with what lies beside it.
    pub fn size(&self) -> u64 {
        let sizes = ["", "-wal", "-journal"].map(|suffix| {
            let found = std::fs::symlink_metadata(open::beside(self.path(), suffix));
            found.map_or(0, |found| found.len())
        });
        sizes.iter().sum()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// The runs, newest first, from the index alone.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, StoreError> {
        self.shared
            .read(|connection, path| index::list(connection, path, filter))
    }

    /// The runs, newest first, and those that [`runs`](Self::runs) leaves out
    /// because they can't be read.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn listing(&self, filter: &RunFilter) -> Result<Listing, StoreError> {
        self.shared
            .read(|connection, path| index::listing(connection, path, filter))
    }

    /// The runs that can't be read.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn unreadable(&self) -> Result<Vec<Unreadable>, StoreError> {
        Ok(self.listing(&RunFilter::default())?.unreadable)
    }

    /// The run that `text` stands for: `latest`, an id, or the beginning of
    /// just one run's id.
    ///
    /// # Errors
    /// When it stands for no run or several, or the file can't be read.
    pub fn find(&self, text: &str) -> Result<RunRow, FindError> {
        let found = self
            .shared
            .read(|connection, path| index::with_prefix(connection, path, text))?;
        index::only(text, found)
    }

    /// The runs on a target of an account that have something left to do,
    /// newest first.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn unfinished(&self, account: &Value, target: &str) -> Result<Vec<RunRow>, StoreError> {
        let mut rows = self.runs(&RunFilter {
            target: Some(target.to_owned()),
            unfinished_only: true,
            ..RunFilter::default()
        })?;
        rows.retain(|row| row.account == *account);
        Ok(rows)
    }

    /// All events of a run in order; empty if there is no such run.
    ///
    /// # Errors
    /// When the file can't be read or an event not be understood.
    pub fn events(&self, run: RunId) -> Result<Vec<Event>, StoreError> {
        self.shared.events(run)
    }

    /// The first event of a run, which holds what it started from; nothing if
    /// there is no such run.
    ///
    /// # Errors
    /// When the file can't be read or the event not be understood.
    pub fn beginning(&self, run: RunId) -> Result<Option<Event>, StoreError> {
        self.shared
            .read(|connection, path| decode::beginning(connection, path, run))
    }

    /// Compares a run's history with the chain of hashes that was recorded with
    /// it; nothing if there is no such run.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn verify(&self, run: RunId) -> Result<Option<Verdict>, StoreError> {
        self.shared
            .read(|connection, path| chain::verify(connection, path, run))
    }

    /// A run's history together with what [`verify`](Self::verify) says of it,
    /// in one pass; nothing if there is no such run.
    ///
    /// # Errors
    /// When the file can't be read or an event not be understood.
    pub fn examine(&self, run: RunId) -> Result<Option<Examined>, StoreError> {
        self.shared
            .read(|connection, path| chain::examine(connection, path, run))
    }

    /// Why the history does not bear out what a run's row says, if so. It costs
    /// a few look-ups, where [`verify`](Self::verify) reads the whole history.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn doubt(&self, row: &RunRow) -> Result<Option<String>, StoreError> {
        self.shared
            .read(|connection, path| doubt::doubt(connection, path, row))
    }

    /// What is wrong with the file as a database, a complaint each. It reads all
    /// of it.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn damage(&self) -> Result<Vec<String>, StoreError> {
        self.shared.read(doubt::damage)
    }

    /// Takes the lock of a run: only who has it may write the run's history.
    /// `since` is told to others who ask for it.
    ///
    /// # Errors
    /// [`LockError::Held`] when another has it.
    pub fn lock_run(&self, run: RunId, by: &Actor, since: Timestamp) -> Result<Lock, LockError> {
        lock::acquire(&lock::run_path(self.path(), run), by, since)
    }

    /// Takes the lock of a target in an account: only who has it may create a
    /// run there.
    ///
    /// # Errors
    /// [`LockError::Held`] when another has it.
    pub fn lock_target(
        &self,
        account: &Value,
        target: &str,
        by: &Actor,
        since: Timestamp,
    ) -> Result<Lock, LockError> {
        lock::acquire(&lock::target_path(self.path(), account, target), by, since)
    }

    /// Who works on a run now, if anyone. By the time of the answer it may be
    /// another.
    ///
    /// # Errors
    /// [`LockError::Io`] when the lock file can't be read.
    pub fn run_holder(&self, run: RunId) -> Result<Option<Holder>, LockError> {
        lock::probe(&lock::run_path(self.path(), run))
    }

    /// The login of the person who started a run, where it is known.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn starter(&self, run: RunId) -> Result<Option<String>, StoreError> {
        self.shared
            .read(|connection, path| index::starter(connection, path, run))
    }

    /// The runs that succeeded, were rolled back or were abandoned, newest
    /// first, but for the newest `keep` of them and, if `before` is given, those
    /// that ended then or later.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn prunable(
        &self,
        keep: u32,
        before: Option<Timestamp>,
    ) -> Result<Vec<RunRow>, StoreError> {
        self.shared
            .read(|connection, path| index::prunable(connection, path, keep, before))
    }

    /// Deletes those of the runs that succeeded, were rolled back or were
    /// abandoned, each with its whole history, and says how many. Unfinished
    /// runs and those that a process has locked stay.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn prune(&self, runs: &[RunId]) -> Result<u64, StoreError> {
        let mut writer = self.shared.writer()?;
        writer.forget();
        prune::prune(&mut writer.connection, self.path(), runs)
    }

    /// Gives back the space of what was deleted, and removes the lock files of
    /// runs that are no more and of targets that nobody works on.
    ///
    /// # Errors
    /// When the file can't be written, or another process is at work in it; it
    /// is whole in any case.
    pub fn shrink(&self) -> Result<(), StoreError> {
        let kept = self.runs(&RunFilter::default())?;
        let kept: HashSet<String> = kept.iter().map(|row| row.id.to_string()).collect();
        lock::sweep(self.path(), |run| kept.contains(run))
            .map_err(|error| StoreError::io("remove lock files of", self.path(), error))?;
        // A connection that reads keeps what it has seen from being removed.
        let reader = self.shared.reader.lock();
        *reader.unwrap_or_else(PoisonError::into_inner) = None;
        let writer = self.shared.writer()?;
        prune::shrink(&writer.connection, self.path())
    }

    /// How many runs were removed since the file was made.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn removed(&self) -> Result<u64, StoreError> {
        self.shared.read(prune::removed)
    }

    /// How long an append waits, on its own thread, for a transaction of
    /// another process; at first some seconds.
    ///
    /// # Errors
    /// When the store only reads.
    pub fn wait_at_most(&self, patience: Duration) -> Result<(), StoreError> {
        let writer = self.shared.writer()?;
        writer
            .connection
            .busy_timeout(patience)
            .map_err(|error| StoreError::sqlite("open", self.path(), error))
    }

    /// How many transactions this store has committed for appends.
    pub fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Relaxed)
    }

    /// Limits the file to so many pages, so that a test can fill it up.
    #[doc(hidden)]
    pub fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        let writer = self.shared.writer()?;
        writer
            .connection
            .pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))
            .map_err(|error| StoreError::sqlite("limit", self.path(), error))
    }
}

impl Shared {
    pub(crate) fn writer(&self) -> Result<std::sync::MutexGuard<'_, Writer>, StoreError> {
        let writer = self.writer.as_ref().ok_or_else(|| StoreError::ReadOnly {
            path: self.path.clone(),
        })?;
        Ok(writer.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads, if there is anything to read, or gives the empty answer.
    pub(crate) fn read<T: Default>(
        &self,
        query: impl FnOnce(&Connection, &Path) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.writer.is_some() {
            // Another file in its place, or none, would be another story.
            self.writer()?.in_place()?;
        }
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if reader.is_none() {
            (*reader, _) = open::reader(&self.path, self.access)?;
        }
        match reader.as_ref() {
            Some(connection) => query(connection, &self.path),
            None => Ok(T::default()),
        }
    }

    fn events(&self, run: RunId) -> Result<Vec<Event>, StoreError> {
        self.read(|connection, path| decode::events(connection, path, run))
    }
}

impl Commit for Shared {
    fn commit(&self, appends: &[Append]) -> Committed {
        match self.writer() {
            Ok(mut writer) => {
                let committed = writer.commit(appends.iter().map(|append| &append.events[..]));
                if committed.wrote {
                    self.commits.fetch_add(1, Ordering::Relaxed);
                }
                committed
            }
            Err(error) => Committed {
                results: appends
                    .iter()
                    .map(|_| Err(write_failed(error.clone())))
                    .collect(),
                wrote: false,
            },
        }
    }

    fn queue(&self) -> &Queue {
        &self.queue
    }
}

impl Journal for Store {
    fn append(&self, events: Vec<Event>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(combiner::append(self.shared.clone(), events))
    }

    fn load(&self, run: RunId) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            let failed = |source: Box<dyn std::error::Error + Send + Sync>| JournalError::Store {
                context: "the journal can't be read".to_owned(),
                source,
            };
            match tokio::task::spawn_blocking(move || shared.events(run)).await {
                Ok(Ok(events)) => Ok(events),
                Ok(Err(error)) => Err(failed(Box::new(error))),
                Err(error) => Err(failed(Box::new(error))),
            }
        })
    }
}
