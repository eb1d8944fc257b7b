//! What can go wrong with the state, in words a person can act on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;
use rustix::io::Errno;
use stepwell_engine::{Holder, RunId};

use crate::guard::Danger;

/// Why a [`Store`](crate::Store) could not be opened; the same kinds of trouble
/// as with an open one.
pub type OpenError = StoreError;

/// A failure of the state file. Each names the file.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The path leads to a folder or a device.
    #[error("the state {} is not a file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Another user could decide what is read or overwritten there.
    #[error("the state {} is not safe to use: {danger}", path.display())]
    Unsafe {
        /// The file, one that belongs to it, or its folder.
        path: PathBuf,
        /// Why.
        danger: Danger,
    },
    /// The file, or one that belongs to it, is no longer where it was opened.
    #[error("the state file {} was removed or replaced while it was in use", path.display())]
    Moved {
        /// The file that is missing.
        path: PathBuf,
    },
    /// The operating system denies access.
    #[error("no permission to open the state file {}", path.display())]
    Permission {
        /// The path that was refused.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<io::Error>,
    },
    /// The file or its folder can be read but not written.
    #[error("the state file {} can't be written: it or its folder is read-only", path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a database, or its content is damaged.
    #[error("the state file {} is damaged or not a database", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The file is a database of ours, and not whole.
    #[error("the state file {} is damaged: {}", path.display(), complaints.join("; "))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says about it.
        complaints: Vec<String>,
    },
    /// A database of another program.
    #[error("the database {} belongs to another program", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a newer version of this program.
    #[error(
        "the state file {} has schema version {found}, but this program knows only up to {known}",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's schema version.
        found: u32,
        /// The newest schema version this program knows.
        known: u32,
    },
    /// Another process kept the database locked for longer than we wait.
    #[error("the state file {} is locked by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// No room for more.
    #[error("no space is left for the state file {}", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// The operating system failed to read or write.
    #[error("can't {doing} the state file {}", path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<io::Error>,
    },
    /// SQLite failed in some other way.
    #[error("can't {doing} the state file {}", path.display())]
    Database {
        /// What was being done, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// A run's history was changed after it was recorded.
    #[error("the history of run {run} is not as it was recorded: event {seq}: {why}")]
    Broken {
        /// The run.
        run: RunId,
        /// The first event that is not as it was recorded.
        seq: u32,
        /// What is wrong with it.
        why: String,
    },
    /// The events to be appended are not the next part of one run's history.
    #[error("the events can't be appended: {0}")]
    Events(&'static str),
}

impl StoreError {
    /// What a person can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotAFile { .. } => "name a file, or one that does not exist yet",
            Self::Unsafe { path, danger } => {
                let path = path.display();
                return Some(match danger {
                    Danger::Link => "name the path that the link leads to".to_owned(),
                    Danger::Foreign(_) => {
                        "use the account that it belongs to, or name another state file".to_owned()
                    }
                    Danger::Names(_) => {
                        format!("remove the other names, or name a copy (`cp {path} …`)")
                    }
                    Danger::Writable(_) => {
                        format!("if nobody else has written to it: chmod go-w {path}")
                    }
                    Danger::Mounted => {
                        "mount its folder: the history is in several files".to_owned()
                    }
                });
            }
            Self::Moved { .. } => {
                "put it back, with all that lay beside it; if it is lost, so is the history, \
                 and what was made is found by its name and tags"
            }
            Self::Permission { .. } => "use the account that made it, or name another state file",
            Self::ReadOnly { .. } => {
                "make the file and its folder writable, or name another state file"
            }
            Self::Corrupt { path, .. } | Self::Damaged { path, .. } => {
                return Some(format!(
                    "move it away or restore it from a backup; `sqlite3 {} .recover` may save its content",
                    path.display()
                ));
            }
            Self::Foreign { .. } => "name another state file",
            Self::Newer { .. } => "use the newer version of this program that wrote it",
            Self::Busy { .. } => {
                "end the program that holds it, for example a database shell with an open transaction"
            }
            Self::Full { .. } => "free some space on its disk, then go on",
            Self::Io { source, .. } if is_scarce(source) => "let it open more files (`ulimit -n`)",
            Self::Io { .. } => "check the disk and the folder",
            Self::Broken { .. } => {
                "something else wrote to the state file: restore it from a backup, or give the run up"
            }
            Self::Database { source, .. }
                if source.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) =>
            {
                "check the disk: whether it is whole, and has space and quota left"
            }
            Self::Database { source, .. }
                if source.sqlite_error_code() == Some(ErrorCode::CannotOpen) =>
            {
                "check the file and what lies beside it, and how many files may be open (`ulimit -n`)"
            }
            Self::Database { .. } | Self::Events(_) => return None,
        };
        Some(text.to_owned())
    }

    /// Sorts a failure of SQLite while `doing` something with the file.
    pub(crate) fn sqlite(doing: &'static str, path: &Path, error: rusqlite::Error) -> Self {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
        };
        let path = path.to_owned();
        // We write neither text that is not UTF-8 nor another type or a larger
        // number than we read.
        if let FromSqlConversionFailure(..)
        | InvalidColumnType(..)
        | IntegralValueOutOfRange(..)
        | Utf8Error(..) = error
        {
            return Self::Corrupt {
                path,
                source: Arc::new(error),
            };
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Corrupt {
                path,
                source: Arc::new(error),
            },
            Some(ErrorCode::ReadOnly) => Self::ReadOnly { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy {
                path,
                source: Arc::new(error),
            },
            Some(ErrorCode::DiskFull) => Self::Full {
                path,
                source: Arc::new(error),
            },
            _ => Self::Database {
                doing,
                path,
                source: Arc::new(error),
            },
        }
    }

    /// Sorts a failure of the operating system while `doing` something.
    pub(crate) fn io(doing: &'static str, path: &Path, error: io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::Permission {
                path,
                source: Arc::new(error),
            },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory => Self::NotAFile { path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full {
                path,
                source: Arc::new(error),
            },
            _ => Self::Io {
                doing,
                path,
                source: Arc::new(error),
            },
        }
    }

    /// Content that can't be understood.
    pub(crate) fn content(
        path: &Path,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            source: Arc::new(source),
        }
    }
}

/// Why a run could not be found.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FindError {
    /// No run has such an id.
    #[error("there is no run {text:?}")]
    NotFound {
        /// What was looked for.
        text: String,
    },
    /// More than one run's id begins like this.
    #[error("{text:?} fits {} runs", ids.len())]
    Ambiguous {
        /// What was looked for.
        text: String,
        /// The runs it fits, newest first.
        ids: Vec<RunId>,
    },
    /// There is no run at all.
    #[error("there is no run yet")]
    Empty,
    /// The state file failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FindError {
    /// What a person can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotFound { .. } => {
                Some("name `latest`, or the beginning of the id of a listed run".to_owned())
            }
            Self::Ambiguous { ids, .. } => {
                let ids: Vec<String> = ids.iter().map(RunId::to_string).collect();
                Some(format!("write more of the id: {}", ids.join(", ")))
            }
            Self::Empty => None,
            Self::Store(error) => error.hint(),
        }
    }
}

/// Why a lock could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process, or another part of this one, has it.
    #[error("{}", held(.0.as_ref()))]
    Held(
        /// Who, where it could be read.
        Option<Holder>,
    ),
    /// The lock file could not be used.
    #[error("can't lock {}", path.display())]
    Io {
        /// The lock file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

impl LockError {
    /// What a person can do about it, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Held(Some(holder)) => Some(format!(
                "wait for process {} on {} to end, or stop it; a dead process leaves no lock",
                holder.pid, holder.host
            )),
            Self::Held(None) => {
                Some("wait for the other process to end; a dead one leaves no lock".to_owned())
            }
            Self::Io { .. } => Some("check the folder of the state file".to_owned()),
        }
    }
}

/// Whether too many files are open, here or on the whole machine.
fn is_scarce(error: &io::Error) -> bool {
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE))
}

fn held(holder: Option<&Holder>) -> String {
    match holder {
        Some(holder) => format!(
            "locked by process {} of {} on {}",
            holder.pid, holder.user, holder.host
        ),
        None => "locked by another process".to_owned(),
    }
}
